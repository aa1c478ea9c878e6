import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentA, healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { ClockSkew } from './clock-skew.ts';

class Line {
  readonly rule = new ClockSkew();
  nowMs = 1_000_000_000;

  /** A document that was made `delayMs` ago by a clock that is `behindMs` behind. */
  take({ behindMs = 0, delayMs = 100, action = '' }: { behindMs?: number; delayMs?: number; action?: string }): void {
    const about = { siteId: '5e'.repeat(16), agentId: agentA, tenant: 'shop', kind: 'event', dataset: 'tributary.agent', action };
    const fields = { agent: { type: 'tributary' } };
    this.rule.take({ ...about, receivedMs: this.nowMs, atMs: this.nowMs - delayMs - behindMs, fields });
  }

  found(): string[] {
    const facts = ruleFacts({ nowMs: this.nowMs, agents: [seenAgent()] });
    return this.rule.look(facts, healthRules()).map(({ level, reason }) => `${level} ${/is (.*) the hub/.exec(reason)?.[1]}`);
  }
}

test('a clock that was always behind is found by the third document', () => {
  const line = new Line();
  for (const expected of [[], [], ['yellow 60 s behind']]) {
    line.take({ behindMs: 60_000 });
    assert.deepEqual(line.found(), expected);
    line.nowMs += 10_000;
  }
});

test('a clock that is set back or forward is found by the event that tells it, and is right by the next one', () => {
  const line = new Line();
  for (let times = 0; times < 5; times += 1) {
    line.take({});
    line.nowMs += 10_000;
  }
  assert.deepEqual(line.found(), []);
  line.take({ behindMs: 3_600_000, action: 'clock-set-back' });
  assert.deepEqual(line.found(), ['red 3600 s behind']);
  line.nowMs += 5000;
  line.take({ action: 'clock-set-forward' });
  assert.deepEqual(line.found(), []);
  line.nowMs += 5000;
  line.take({ behindMs: -60_000, action: 'clock-set-forward' });
  assert.deepEqual(line.found(), ['yellow 60 s ahead of']);
});

test('one from the future can have no other reason', () => {
  const line = new Line();
  line.take({ behindMs: -30_000 });
  assert.deepEqual(line.found(), ['yellow 30 s ahead of']);
});

test('what waited while the link was cut says nothing of a clock', () => {
  const line = new Line();
  for (let delayMs = 600_000; delayMs > 1000; delayMs -= 10_000) {
    line.take({ delayMs });
    line.nowMs += 20;
    assert.deepEqual(line.found(), [], `${delayMs}`);
  }
});
