import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentA, healthRules, ownHubId, queueStatus, ruleFacts, seenAgent, topicStatus } from '../../testing/rule-facts.ts';
import { streamsKnownMax } from './limits.ts';
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

test('an agent to which nothing happens any more is not missed for that', () => {
  const line = new Line();
  line.silence.opened(key, 'shop/platform', 'agent');
  line.pass(120, () => line.silence.brought(key));
  line.pass(60);
  assert.deepEqual(line.found(), []);
});

test('a source of an agent is missed at its input, as long as the agent is connected here', () => {
  const line = new Line();
  line.silence.opened(key, 'shop/web', '/var/log/app-2026-11-22.log');
  line.pass(120, () => line.silence.brought(key));
  line.pass(11);
  assert.deepEqual(line.found(), [`source-silent ${agentA} app: shop/web /var/log/app-#-#-#.log`]);
  const [found] = line.silence.look(ruleFacts({ nowMs: line.nowMs, agents: [seenAgent()] }), rules);
  assert.match(
    found?.reason ?? '',
    /^\/var\/log\/app-#-#-#\.log of agent a1\w+ on web1: nothing came since .*; see whether what writes it runs$/,
  );
  assert.deepEqual(line.found({ agents: [seenAgent({ connectedHere: false })] }), []);
  line.silence.brought(key);
  assert.deepEqual(line.found(), []);
});

/** Many agents behind a switch that breaks: for each source all agents were gone through. */
test('agents are gone through as often for many silent sources as for one', () => {
  const line = new Line();
  const count = 200;
  let reads = 0;
  const agents = Array.from({ length: count }, (_, number) => {
    const agentId = number.toString(16).padStart(32, '0');
    return Object.defineProperty(seenAgent({ host: `web${number}` }), 'agentId', { get: () => ((reads += 1), agentId) });
  });
  const keys = agents.map(({ agentId }) => ({ siteId, agentId, streamId: agentId }));
  for (const one of keys) line.silence.opened(one, 'shop/web', '/var/log/app.log');
  line.pass(120, () => keys.forEach((one) => line.silence.brought(one)));
  line.pass(11);
  reads = 0;
  const found = line.silence.look(ruleFacts({ nowMs: line.nowMs, agents }), rules);
  assert.equal(found.length, count);
  assert.match(found.at(-1)?.reason ?? '', /on web199: nothing/);
  assert.ok(reads < 10 * count, `${reads} reads`);
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

/** It was green until the silence was too long once more: people were told that it is over, and half an hour later that it is not. */
test('what was missed when the hub stopped is missed at once after its start, a source as soon as its agent is here', () => {
  const before = new Line();
  const facts = (records: number, connectedHere = true): Partial<RuleFacts> => ({
    queue: queueStatus({ topics: [topicStatus({ receivedRecords: records })] }),
    agents: [seenAgent({ connected: connectedHere, connectedHere })],
  });
  before.silence.opened(key, 'shop/web', 'a');
  before.pass(120, (second) => {
    before.silence.brought(key);
    before.found(facts(second));
  });
  before.pass(11);
  const missed = ['channel-silent shop/web', `source-silent ${agentA} shop/web a`];
  assert.deepEqual(before.found(facts(120)).toSorted(), missed);
  const line = new Line();
  line.nowMs = before.nowMs + 60_000;
  line.silence.restore(before.silence.state);
  assert.deepEqual(line.found(facts(120, false)), missed.slice(0, 1));
  assert.deepEqual(line.found(facts(120)).toSorted(), missed);
  line.silence.opened(key, 'shop/web', 'a');
  line.silence.brought(key);
  assert.deepEqual(line.found(facts(121)), []);
});

test('what is closed for good is not missed after a start of the hub either', () => {
  const before = new Line();
  before.silence.opened(key, 'shop/web', 'a');
  before.pass(120, () => before.silence.brought(key));
  before.silence.closed(key);
  const line = new Line();
  line.nowMs = before.nowMs;
  line.silence.restore(before.silence.state);
  line.pass(11);
  assert.deepEqual(line.found(), []);
  line.silence.opened(key, 'shop/web', 'a');
  line.silence.brought(key);
  line.pass(11);
  assert.equal(line.found().length, 1);
});

const away = { agents: [seenAgent({ connected: false, connectedHere: false })] };
const elsewhere = { agents: [seenAgent({ connectedHere: false })] };

/** Its sources were missed in the moment in which it came back. */
test('while an agent is away nobody is silent: it is counted from when it is back', () => {
  const line = new Line();
  line.silence.opened(key, 'shop/web', 'a');
  line.pass(120, () => line.silence.brought(key));
  line.found();
  line.pass(600, () => assert.deepEqual(line.found(away), []));
  assert.deepEqual(line.found(), []);
  line.pass(10);
  assert.equal(line.found().length, 1);
  // How long it was away is not learned as usual.
  line.found(away);
  line.pass(600);
  line.silence.opened(key, 'shop/web', 'a');
  line.silence.brought(key);
  line.pass(11);
  assert.equal(line.found().length, 1);
});

/** It was missed for a week where the agent was before. */
test('what another hub may have closed is expected when it brought something here again', () => {
  const line = new Line();
  const next = { ...key, streamId: '88'.repeat(16) };
  line.silence.opened(key, 'shop/web', 'log.1');
  line.pass(120, () => line.silence.brought(key));
  line.found();
  line.found(elsewhere);
  line.pass(60);
  assert.deepEqual(line.found(), []);
  line.silence.opened(next, 'shop/web', 'log.2');
  line.silence.brought(next);
  line.pass(11);
  assert.equal(line.found().length, 1);
  // The first one is not open here any more: this was the last.
  line.silence.closed(next);
  assert.deepEqual(line.found(), []);
});

test('of too many streams the one that was opened longest ago is forgotten, and not missed', () => {
  const line = new Line();
  line.silence.opened(key, 'shop/web', 'a');
  line.pass(120, () => line.silence.brought(key));
  for (let number = 0; number < streamsKnownMax; number += 1)
    line.silence.opened({ ...key, streamId: `${number}` }, 'shop/web', 'b');
  const last = { ...key, streamId: `${streamsKnownMax - 1}` };
  line.pass(120, () => line.silence.brought(last));
  line.pass(11);
  assert.deepEqual(line.found(), [`source-silent ${agentA} shop/web b`]);
});
