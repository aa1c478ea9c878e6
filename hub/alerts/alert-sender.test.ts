import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { alertOptions } from '../config/alert-options.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import type { Alert, AlertMessage } from './alert.ts';
import { AlertSender } from './alert-sender.ts';
import { RefusedError } from './channels/refused-error.ts';
import { refusalsMax } from './limits.ts';

const held = { isSilenced: () => false, isAcknowledged: () => false, isUnknown: () => false };
const never = new AbortController().signal;
const hourMs = 3_600_000;

function alert(name: string, owners: Alert['owners'] = ['shop'], sinceMs = 0): Alert {
  const place = { node: `agent/${name}`, nodeKind: 'agent' as const, name, owners };
  return { ...place, kind: 'agent-silent', subject: name, level: 'red', reason: `${name} is silent`, sinceMs };
}

class Fixture {
  readonly clock = new ManualClock(10 * hourMs);
  readonly meta = new MemoryMeta();
  readonly tried: AlertMessage[] = [];
  readonly warnings: string[] = [];
  refusal: string | Error | undefined;
  isHeld = true;
  sender: AlertSender;

  constructor() {
    this.sender = this.make();
  }

  /** As another hub goes on. */
  make(more: object = {}): AlertSender {
    const { meta } = this;
    const receivers = [{ kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:1/', routes: [{ tenants: ['shop'], ...more }] }];
    const options = alertOptions.parse({ group_wait: '0s', interval: '0s', resolve_after: '1s', retry_for: '1h', receivers });
    const [receiver] = options.receivers;
    assert.ok(receiver);
    return new AlertSender({
      site: { name: 'main', siteId: 'ab'.repeat(16) },
      options,
      receiver,
      channel: {
        send: async (message) => {
          const stored = meta.meta('alerts/ops/beside') ?? meta.meta('alerts/ops');
          assert.ok(stored?.includes(message.id) === true, 'it is stored before it is sent');
          this.tried.push(message);
          if (this.refusal !== undefined) throw typeof this.refusal === 'string' ? new Error(this.refusal) : this.refusal;
        },
      },
      registry: { meta: (key) => meta.meta(key), setMeta: (values, how) => meta.setMeta(values, how) },
      lock: { name: 'alerts', token: 1, isHeld: async () => this.isHeld },
      clock: this.clock,
      logger: createLogger({ level: 'warn', sink: ({ message: told }) => void this.warnings.push(told) }),
    });
  }

  async tick(ms: number, standing: readonly Alert[]): Promise<void> {
    this.clock.advance(ms);
    await this.sender.tick(standing, held, never);
  }

  get names(): string[] {
    return this.tried.map(({ items }) => items.map(({ change, name }) => `${change} ${name}`).join(', '));
  }
}

test('a message that was not taken is sent again under its id, ever more seldom; what changes meanwhile goes with the next one', async () => {
  const fixture = new Fixture();
  fixture.refusal = 'it answered 503';
  const all = [alert('web1'), alert('db1', ['bank'])];
  await fixture.tick(0, all);
  assert.deepEqual(fixture.names, ['raised web1'], 'what is of another tenant is not told');
  assert.deepEqual(fixture.sender.status, { receiver: 'ops', kind: 'webhook', trouble: 'it answered 503' });
  for (let second = 0; second < 60; second += 1) await fixture.tick(1000, [...all, alert('web2')]);
  assert.deepEqual(fixture.names, ['raised web1', 'raised web1', 'raised web1', 'raised web1'], 'after 5, 15 and 35 s');
  assert.equal(new Set(fixture.tried.map(({ id }) => id)).size, 1);
  fixture.refusal = undefined;
  await fixture.tick(20_000, [...all, alert('web2')]);
  await fixture.tick(1000, [...all, alert('web2')]);
  assert.deepEqual(fixture.names.slice(4), ['raised web1', 'raised web2']);
  assert.equal(fixture.sender.status.trouble, '');
});

test('a message is given up in the end, and what comes is told', async () => {
  const fixture = new Fixture();
  fixture.refusal = 'nobody is there';
  for (let minutes = 0; minutes <= 70; minutes += 1) await fixture.tick(60_000, [alert('web1')]);
  const tries = fixture.tried.length;
  assert.ok(tries > 10 && tries < 20, String(tries));
  for (let minutes = 0; minutes <= 70; minutes += 1) await fixture.tick(60_000, [alert('web1')]);
  assert.equal(fixture.tried.length, tries, 'it is not sent for ever');
  fixture.refusal = undefined;
  await fixture.tick(1000, [alert('web1'), alert('web2')]);
  assert.equal(fixture.names.at(-1), 'raised web2');
});

test('a message that is refused for what it says keeps what comes after it waiting for minutes only', async () => {
  const fixture = new Fixture();
  fixture.refusal = new RefusedError('it answered 413: too large');
  for (let second = 0; second < 300; second += 1) await fixture.tick(1000, [alert('web1')]);
  assert.equal(fixture.tried.length, refusalsMax);
  assert.equal(fixture.sender.status.trouble, 'it answered 413: too large');
  fixture.refusal = undefined;
  await fixture.tick(1000, [alert('web1'), alert('web2')]);
  assert.equal(fixture.names.at(-1), 'raised web2');
  assert.equal(fixture.sender.status.trouble, '');
});

test('a route has its hours', async () => {
  const fixture = new Fixture();
  // The clock of the test begins at ten.
  fixture.sender = fixture.make({ hours: { from: '12:00', zone: 'UTC' } });
  await fixture.tick(0, [alert('web1')]);
  await fixture.tick(2 * hourMs - 1, [alert('web1'), alert('web2')]);
  assert.deepEqual(fixture.names, []);
  await fixture.tick(1, [alert('web2')]);
  assert.deepEqual(fixture.names, ['raised web2']);
});

test('what was told by a route that is not there any more is told as resolved, whatever the hours of the others', async () => {
  const fixture = new Fixture();
  await fixture.tick(0, [alert('web1')]);
  // The clock of the test begins at ten.
  fixture.sender = fixture.make({ tenants: ['bank'], hours: { from: '12:00', zone: 'UTC' } });
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names, ['raised web1', 'resolved web1']);
  assert.deepEqual(fixture.tried.at(-1)?.standing, { red: 0, yellow: 0 });
});

test('nothing is sent that is not stored, nor by who lost the lock; another one goes on with the same message', async () => {
  const fixture = new Fixture();
  fixture.meta.failing = true;
  await assert.rejects(fixture.tick(0, [alert('web1')]), /disk is full/);
  assert.deepEqual(fixture.names, []);
  fixture.meta.failing = false;
  fixture.isHeld = false;
  await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names, []);
  fixture.isHeld = true;
  fixture.sender = fixture.make();
  await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names, ['raised web1']);
  fixture.sender = fixture.make();
  for (let second = 0; second < 5; second += 1) await fixture.tick(1000, []);
  assert.deepEqual(fixture.names, ['raised web1', 'resolved web1']);
});

test('who takes over before it has seen what the one before it stored last tells nothing a second time', async () => {
  const fixture = new Fixture();
  await fixture.tick(0, []);
  const before = fixture.sender;
  // It has read what is stored, and will not look again by itself.
  const next = fixture.make();
  await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names, ['raised web1']);
  fixture.sender = next;
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names, ['raised web1']);
  await fixture.tick(1000, [alert('web1'), alert('web2')]);
  assert.deepEqual(fixture.names, ['raised web1', 'raised web2']);
  fixture.sender = before;
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, [alert('web1'), alert('web2')]);
  assert.equal(fixture.tried.length, 2);
});

/** An older hub that told for a while in a rolling upgrade began anew: everybody was told everything again, under other ids, and the newer one's book was gone. */
test('what a newer hub stored is kept as it is: what it had the time to tell is not told again, and nothing that comes is lost', async () => {
  const fixture = new Fixture();
  const nowMs = fixture.clock.now();
  const newer = JSON.stringify({ version: 2, ledger: ['web1'] });
  fixture.meta.values.set('alerts/ops', newer);
  fixture.sender = fixture.make();
  // It began a moment before the newer hub ended, which may have told it or not.
  const young = alert('web2', ['shop'], nowMs - 30_000);
  await fixture.tick(0, [alert('web1'), young]);
  assert.deepEqual(fixture.names, ['raised web2']);
  fixture.refusal = 'it answered 503';
  const come = alert('web3', ['shop'], nowMs + 1000);
  await fixture.tick(1000, [alert('web1'), young, come]);
  fixture.refusal = undefined;
  // It is killed, and another older one goes on with its book, and with the same message.
  fixture.sender = fixture.make();
  await fixture.tick(1000, [alert('web1'), young, come]);
  assert.deepEqual(fixture.names, ['raised web2', 'raised web3', 'raised web3']);
  assert.equal(fixture.tried[2]?.id, fixture.tried[1]?.id);
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, [alert('web1')]);
  assert.deepEqual(fixture.names.slice(3), ['resolved web2, resolved web3']);
  // What it may have been wrong about is told in the end, and so is that it is over.
  await fixture.tick(4 * hourMs, [alert('web1')]);
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, []);
  assert.deepEqual(fixture.names.slice(4), ['lasts web1', 'resolved web1']);
  assert.equal(fixture.meta.values.get('alerts/ops'), newer);
  assert.equal(fixture.warnings.filter((text) => text.includes('newer hub')).length, 1);
});

test('what was kept beside what a newer hub stored is of no use once that one told again', async () => {
  const fixture = new Fixture();
  fixture.meta.values.set('alerts/ops', '{"version":2}');
  fixture.sender = fixture.make();
  await fixture.tick(0, [alert('web1'), alert('web2')]);
  const newer = '{"version":2,"told":1}';
  fixture.meta.values.set('alerts/ops', newer);
  // This one has not seen yet that it is another one.
  const come = alert('web3', ['shop'], fixture.clock.now());
  for (let second = 0; second < 3; second += 1) await fixture.tick(1000, [alert('web1'), come]);
  assert.deepEqual(fixture.names, ['raised web3'], 'that web2 is over the newer one has told');
  assert.equal(fixture.meta.values.get('alerts/ops'), newer);
});

test('what is for later, or silenced, was not told by a newer hub either', async () => {
  const fixture = new Fixture();
  fixture.meta.values.set('alerts/ops', '{"version":2}');
  // The clock of the test begins at ten.
  fixture.sender = fixture.make({ hours: { from: '12:00', zone: 'UTC' } });
  await fixture.tick(0, [alert('web1')]);
  await fixture.tick(2 * hourMs, [alert('web1')]);
  assert.deepEqual(fixture.names, ['raised web1']);
});
