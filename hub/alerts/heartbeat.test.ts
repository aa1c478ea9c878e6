import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { alertOptions } from '../config/alert-options.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { Heartbeat } from './heartbeat.ts';

/** What listens for signs of life. */
class Listener implements AsyncDisposable {
  readonly server: Server;
  status = 200;
  answers = true;
  heard: string[] = [];

  constructor() {
    this.server = createServer(({ method, url, headers }, response) => {
      this.heard.push(`${method} ${url} ${headers.authorization ?? ''}`.trim());
      if (!this.answers) return;
      response.statusCode = this.status;
      response.end(this.status === 200 ? 'OK' : 'nobody knows this address\n');
    });
  }

  async url(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `http://127.0.0.1:${address.port}/ping`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** The locks of a site: who has one keeps it until it ends. */
class Locks {
  #isTaken = false;

  underLock: Cluster['underLock'] = async (name, signal, work) => {
    while (!signal.aborted) {
      if (this.#isTaken) {
        await turn();
        continue;
      }
      this.#isTaken = true;
      try {
        await work({ name, token: 1, isHeld: async () => true, keptUntilMs: () => Number.POSITIVE_INFINITY }, signal);
      } finally {
        this.#isTaken = false;
      }
    }
  };
}

class Hub {
  readonly findings = new RecordingFindings();
  readonly logged: string[] = [];
  options = alertOptions.parse({});
  why = '';
  looksAtHealth = true;
  readonly #clock: ManualClock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #lookedMs: number;

  constructor({ clock, locks }: { readonly clock: ManualClock; readonly locks: Locks }, heartbeat?: object) {
    this.#clock = clock;
    this.#lookedMs = clock.monotonic();
    if (heartbeat !== undefined) this.configure(heartbeat);
    const alive = new Heartbeat({
      options: () => this.options,
      readiness: async () => ({ ready: this.why === '', why: this.why }),
      lookedMs: () => this.#lookedMs,
      cluster: locks,
      findings: this.findings,
      clock,
      logger: createLogger({ level: 'info', sink: ({ level, message }) => this.logged.push(`${level} ${message}`) }),
    });
    this.#running = alive.run(this.#stop.signal);
  }

  configure(heartbeat: object, others: object = {}): void {
    this.options = alertOptions.parse({ ...others, heartbeat });
  }

  look(): void {
    if (this.looksAtHealth) this.#lookedMs = this.#clock.monotonic();
  }

  get found(): string[] {
    return this.findings.all().map(({ reason }) => reason);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

class Site {
  readonly clock = new ManualClock(10_000_000);
  readonly locks = new Locks();
  readonly hubs: Hub[] = [];

  hub(heartbeat?: object): Hub {
    const hub = new Hub(this, heartbeat);
    this.hubs.push(hub);
    return hub;
  }

  /** By the second, with what is asked over the network in between. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      for (const hub of this.hubs) hub.look();
      this.clock.advance(1000);
      do await turn();
      while (this.clock.sleeping < 1);
    }
  }
}

const timeout = { timeout: 20_000 };
const arrives = 'info the sign of life arrives again';
const fails = 'warn the sign of life does not arrive';
const ends = 'info this hub gives no sign of life now';

test('a sign of life goes as often as it is configured, and at once when that changes', timeout, async () => {
  await using listener = new Listener();
  const url = await listener.url();
  const site = new Site();
  const hub = site.hub();
  await site.pass(100);
  const first = { url, headers: { authorization: 'Bearer x' } };
  hub.configure(first);
  await site.pass(100);
  hub.configure(first, { interval: '5m' });
  await site.pass(21);
  assert.deepEqual(listener.heard, Array(3).fill('GET /ping Bearer x'), 'other options of alerts change nothing');
  hub.configure({ url: `${url}/2`, every: '10s' });
  await site.pass(21);
  assert.deepEqual(listener.heard.slice(3), Array(3).fill('GET /ping/2'));
  assert.deepEqual([hub.found, hub.logged], [[], []]);
  await hub.end();
});

test('none goes while the hub takes nothing in, or does not look at its health', timeout, async () => {
  await using listener = new Listener();
  const site = new Site();
  const hub = site.hub();
  hub.why = 'the hub is starting';
  hub.configure({ url: await listener.url(), every: '10s' });
  await site.pass(30);
  assert.deepEqual([listener.heard, hub.logged], [[], []], 'a start is no trouble');
  hub.why = '';
  await site.pass(2);
  assert.equal(listener.heard.length, 1, 'as soon as it is ready');
  hub.looksAtHealth = false;
  await site.pass(40);
  const last = listener.heard.length;
  assert.ok(last <= 4, `${last} while its last look was young`);
  await site.pass(100);
  assert.equal(listener.heard.length, last);
  hub.looksAtHealth = true;
  await site.pass(2);
  assert.equal(listener.heard.length, last + 1);
  // What it waits for is told by others: no finding says so again.
  assert.deepEqual([hub.found, hub.logged], [[], [ends]]);
  await hub.end();
});

test('a hub that cannot give it, or is not to, keeps no other from it', timeout, async () => {
  await using listener = new Listener();
  const heartbeat = { url: await listener.url(), every: '10s' };
  const site = new Site();
  const one = site.hub({ ...heartbeat, headers: { authorization: 'one' } });
  await site.pass(5);
  const [two] = [site.hub({ ...heartbeat, headers: { authorization: 'two' } }), site.hub()];
  await site.pass(20);
  assert.deepEqual(listener.heard, Array(3).fill('GET /ping one'), 'one of them gives it');
  one.why = 'its listener is closed';
  await site.pass(20);
  assert.deepEqual(listener.heard.slice(3), Array(2).fill('GET /ping two'));
  one.why = '';
  two.options = alertOptions.parse({});
  await site.pass(15);
  assert.equal(listener.heard.at(-1), 'GET /ping one');
  await Promise.all(site.hubs.map((hub) => hub.end()));
});

test('one that does not arrive is a finding with the reason, and is tried again every ten seconds', timeout, async () => {
  await using listener = new Listener();
  const site = new Site();
  const hub = site.hub({ url: await listener.url(), every: '5m' });
  listener.status = 404;
  await site.pass(31);
  const asked = listener.heard.length;
  assert.ok(asked === 3 || asked === 4, `${asked}`);
  assert.deepEqual(hub.found, [
    'the sign of life of this site (alerts.heartbeat) does not arrive: it answered 404: nobody knows this address',
  ]);
  listener.status = 200;
  await site.pass(11);
  assert.deepEqual(hub.found, []);
  assert.deepEqual(hub.logged, [fails, arrives], 'the log has it once');
  await site.pass(280);
  assert.equal(listener.heard.length, asked + 1);
  listener.status = 500;
  await site.pass(30);
  assert.equal(hub.found.length, 1);
  await hub.end();
  assert.deepEqual(hub.found, []);
});

test('one that is under way when the hub stops is no trouble', timeout, async () => {
  await using listener = new Listener();
  listener.answers = false;
  const site = new Site();
  const hub = site.hub({ url: await listener.url() });
  site.clock.advance(1000);
  while (listener.heard.length === 0) await turn();
  await hub.end();
  assert.deepEqual([hub.found, hub.logged], [[], []]);
});

test('one that nobody answers is given up after the timeout', timeout, async () => {
  await using listener = new Listener();
  listener.answers = false;
  const site = new Site();
  const hub = site.hub();
  hub.configure({ url: await listener.url() }, { timeout: '100ms' });
  await site.pass(3);
  assert.match(hub.found.join(), /does not arrive: no answer within 0\.1 s$/);
  await hub.end();
});

test('where it goes is an address with TLS, unless that is said', () => {
  const problems = (heartbeat: object): string[] =>
    alertOptions.safeParse({ heartbeat }).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  const plain = 'heartbeat.url is not https, and plaintext: true is not said';
  assert.deepEqual(problems({ url: 'http://hc.example.com/1' }), [plain]);
  assert.deepEqual(problems({ url: 'http://hc.example.com/1', plaintext: true }), []);
  assert.deepEqual(problems({ url: 'https://hc.example.com/1' }), []);
  assert.deepEqual(problems({ url: 'secret' }), ['heartbeat.url is no address that begins with https://']);
});
