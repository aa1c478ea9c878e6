import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { alertOptions } from '../config/alert-options.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { Heartbeat } from './heartbeat.ts';

/** What listens for signs of life. */
class Listener implements AsyncDisposable {
  readonly server: Server;
  status = 200;
  heard: string[] = [];

  constructor() {
    this.server = createServer(({ method, url, headers }, response) => {
      this.heard.push(`${method} ${url} ${headers.authorization ?? ''}`.trim());
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

class Site {
  readonly clock = new ManualClock(10_000_000);
  readonly findings = new RecordingFindings();
  readonly logged: string[] = [];
  options = alertOptions.parse({});
  why = '';
  looksAtHealth = true;
  isHeld = true;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #lookedMs = this.clock.now();

  constructor() {
    const lock = { name: 'heartbeat', token: 1, isHeld: async () => this.isHeld, keptUntilMs: () => Number.POSITIVE_INFINITY };
    const heartbeat = new Heartbeat({
      options: () => this.options,
      readiness: async () => ({ ready: this.why === '', why: this.why }),
      lookedMs: () => this.#lookedMs,
      cluster: { underLock: (_, signal, work) => work(lock, signal) },
      findings: this.findings,
      clock: this.clock,
      logger: createLogger({ level: 'info', sink: ({ level, message }) => this.logged.push(`${level} ${message}`) }),
    });
    this.#running = heartbeat.run(this.#stop.signal);
  }

  configure(heartbeat: object): void {
    this.options = alertOptions.parse({ heartbeat });
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      if (this.looksAtHealth) this.#lookedMs = this.clock.now();
      this.clock.advance(1000);
      do await turn();
      while (this.clock.sleeping < 1);
    }
  }

  get found(): string[] {
    return this.findings.all().map(({ reason }) => reason);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

const timeout = { timeout: 20_000 };

test('a sign of life goes as often as it is configured, and at once when that changes', timeout, async () => {
  await using listener = new Listener();
  const url = await listener.url();
  const site = new Site();
  await site.pass(100);
  site.configure({ url, headers: { authorization: 'Bearer x' } });
  await site.pass(121);
  assert.deepEqual(listener.heard, Array(3).fill('GET /ping Bearer x'));
  site.configure({ url: `${url}/2`, every: '10s' });
  await site.pass(21);
  assert.deepEqual(listener.heard.slice(3), Array(3).fill('GET /ping/2'));
  assert.deepEqual([site.found, site.logged], [[], []]);
  await site.end();
});

test('none goes while the hub takes nothing in, does not look at its health, or another one gives it', timeout, async () => {
  await using listener = new Listener();
  const site = new Site();
  site.configure({ url: await listener.url(), every: '10s' });
  site.why = 'the store is away';
  await site.pass(60);
  site.why = '';
  site.looksAtHealth = false;
  await site.pass(1);
  const before = listener.heard.length;
  await site.pass(40);
  const whileFresh = listener.heard.length - before;
  await site.pass(100);
  assert.ok(whileFresh <= 3, `${whileFresh} while its last look was young`);
  assert.equal(listener.heard.length, before + whileFresh);
  site.looksAtHealth = true;
  await site.pass(20);
  assert.ok(listener.heard.length > before + whileFresh);
  site.isHeld = false;
  const last = listener.heard.length;
  await site.pass(60);
  assert.equal(listener.heard.length, last);
  // The hub is told of what it waits for by others: no finding says so again.
  assert.deepEqual(site.found, []);
  const [held, goes] = ['info the sign of life is held back', 'info the sign of life goes again'];
  assert.deepEqual(site.logged, [held, goes, held, goes]);
  await site.end();
});

test('one that does not arrive is a finding with the reason, and is tried again every ten seconds', timeout, async () => {
  await using listener = new Listener();
  const site = new Site();
  site.configure({ url: await listener.url(), every: '5m' });
  listener.status = 404;
  await site.pass(31);
  assert.equal(listener.heard.length, 4);
  const reason = 'the sign of life of this site (alerts.heartbeat) does not arrive: it answered 404: nobody knows this address';
  assert.deepEqual(site.found, [reason]);
  listener.status = 200;
  await site.pass(10);
  assert.deepEqual(site.found, []);
  assert.deepEqual(site.logged, ['warn the sign of life does not arrive', 'info the sign of life goes again']);
  await site.pass(290);
  assert.equal(listener.heard.length, 5);
  listener.status = 500;
  await site.pass(20);
  assert.equal(site.found.length, 1);
  await site.end();
  assert.deepEqual(site.found, []);
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
