import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentA, healthRules, ownHubId, queueStatus, ruleFacts, seenAgent, topicStatus } from '../../testing/rule-facts.ts';
import type { RuleFacts } from './rule.ts';
import { generalName, Silence } from './silence.ts';

const rules = healthRules({ silence: { least: '10s', learn: '1m', factor: 3 } });
const siteId = '5e'.repeat(16);
const key = { siteId, agentId: agentA, streamId: '77'.repeat(16) };

class Line {
  nowMs = 1_000_000_000;
  readonly silence = new Silence({
    siteId,
    now: () => this.nowMs,
    rules: () => rules.silence,
    inputOf: (_, source) => (source === generalName('/var/log/app-2026-11-22.log') ? 'app' : undefined),
  });

  found(changes: Partial<RuleFacts> = {}): string[] {
    const facts = ruleFacts({ nowMs: this.nowMs, agents: [seenAgent()], ...changes });
    return this.silence.look(facts, rules).map(({ kind, subject }) => `${kind} ${subject}`);
  }

  /** `each` happens every second. */
  pass(seconds: number, each: (second: number) => void = () => undefined): void {
    for (let second = 1; second <= seconds; second += 1) {
      this.nowMs += 1000;
      each(second);
    }
  }
}

test('a channel and a listener of which nothing more is counted are missed, and are not when something comes', () => {
  const line = new Line();
  const facts = (records: number): Partial<RuleFacts> => ({
    queue: queueStatus({ topics: [topicStatus({ receivedRecords: records })] }),
    listeners: [{ name: 'http', counters: { records, bytes: 0 }, refused: 0 }],
  });
  let count = 0;
  line.pass(120, () => assert.deepEqual(line.found(facts((count += 1))), []));
  line.pass(9);
  assert.deepEqual(line.found(facts(count)), []);
  line.pass(1);
  assert.deepEqual(line.found(facts(count)), ['channel-silent shop/web', `listener-silent ${ownHubId} http`]);
  assert.deepEqual(line.found(facts(count + 1)), []);
});

test('a source of an agent is missed at its input, as long as the agent is connected here', () => {
  const line = new Line();
  line.silence.opened(key, 'shop/web', '/var/log/app-2026-11-22.log');
  line.pass(120, () => line.silence.brought(key));
  line.pass(11);
  assert.deepEqual(line.found(), [`source-silent ${agentA} app: shop/web /var/log/app-#-#-#.log`]);
  assert.deepEqual(line.found({ agents: [seenAgent({ connectedHere: false })] }), []);
  line.silence.brought(key);
  assert.deepEqual(line.found(), []);
});

test('a file that is closed for good is not missed, and the next one of its name goes on with what is usual', () => {
  const line = new Line();
  const next = { ...key, streamId: '88'.repeat(16) };
  line.silence.opened(key, 'shop/web', '/var/log/app-2026-11-22.log');
  line.pass(120, () => line.silence.brought(key));
  line.silence.closed(key);
  line.pass(600);
  assert.deepEqual(line.found(), []);
  line.silence.opened(next, 'shop/web', '/var/log/app-2026-11-23.log');
  line.silence.brought(next);
  line.pass(11);
  assert.equal(line.found().length, 1);
});

test('what a site below brings is its own matter, and what was silent for a week is expected no more', () => {
  const line = new Line();
  const below = { ...key, siteId: '99'.repeat(16) };
  line.silence.opened(below, 'shop/web', 'a');
  line.silence.opened(key, 'shop/web', 'b');
  line.pass(120, () => {
    line.silence.brought(below);
    line.silence.brought(key);
  });
  line.pass(20);
  assert.deepEqual(line.found(), [`source-silent ${agentA} shop/web b`]);
  line.nowMs += 8 * 86_400_000;
  line.found();
  assert.deepEqual(line.found(), []);
});

test('what is usual is known again after a start', () => {
  const before = new Line();
  before.silence.opened(key, 'shop/web', 'a');
  before.pass(120, () => before.silence.brought(key));
  const line = new Line();
  line.nowMs = before.nowMs + 3_600_000;
  line.silence.restore(before.silence.state);
  assert.deepEqual(line.found(), []);
  line.pass(11);
  assert.equal(line.found().length, 1);
});
