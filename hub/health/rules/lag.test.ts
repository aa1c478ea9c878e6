import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../../options.ts';
import { archiveGroup, type GroupStatus } from '../../queue/queue.ts';
import { groupStatus, healthRules, queueStatus, ruleFacts } from '../../testing/rule-facts.ts';
import { Lag } from './lag.ts';

const rules = healthRules();
const nowMs = 1_000_000_000;
const output = { name: 'archive', kind: 'archive', group: archiveGroup, state: 'running', trouble: '', counts: {} } as const;

/** What is found at a moment where these groups are as told. */
function kindsAt(rule: Lag, monotonicMs: number, group: Partial<GroupStatus>, trouble = ''): string[] {
  const options = hubOptions.parse({ outputs: [{ kind: 'archive', roll_interval: '20s' }] });
  const queue = queueStatus({ groups: [groupStatus(group)] });
  const outputs = [{ ...output, trouble }];
  const facts = ruleFacts({ nowMs: nowMs + monotonicMs, monotonicMs, queue, outputs, options });
  return rule.look(facts, rules).map(({ kind, level, subject }) => `${kind} ${level} ${subject}`);
}

test('a reader that gets nowhere although something waits is stuck, and not while it gets on', () => {
  const rule = new Lag();
  const waiting = { entries: 3, oldestMs: nowMs, cursor: 7 };
  assert.deepEqual(kindsAt(rule, 0, waiting), []);
  assert.deepEqual(kindsAt(rule, 8000, waiting), []);
  assert.deepEqual(kindsAt(rule, 9000, { ...waiting, cursor: 8, oldestMs: nowMs + 5000 }), []);
  assert.deepEqual(kindsAt(rule, 14_000, { ...waiting, cursor: 8, oldestMs: nowMs + 5000 }), []);
  assert.deepEqual(kindsAt(rule, 19_000, { ...waiting, cursor: 8, oldestMs: nowMs + 9500 }), [
    'stuck red front/shop/web pipeline',
  ]);
  assert.deepEqual(kindsAt(rule, 20_000, { entries: 0, cursor: 11 }), []);
});

test('a reader that takes a step in a long while is stuck all the time, and one that goes on with what is old is not', () => {
  const rule = new Lag();
  const stuck = 'stuck yellow back/shop/web archive';
  const at = (ms: number, cursor: number, oldestMs: number, trouble = 'it answers late'): string[] => {
    const place = { topic: 'back/shop/web', group: archiveGroup, entries: 9, cursor, oldestMs };
    return kindsAt(rule, ms, place, trouble).filter((one) => one.startsWith('stuck'));
  };
  for (const ms of [0, 12_000, 24_000]) assert.deepEqual(at(ms, 1, nowMs), []);
  assert.deepEqual(at(30_000, 1, nowMs), [stuck]);
  assert.deepEqual(at(32_000, 2, nowMs + 1000), [stuck], 'a step');
  for (let ms = 34_000; ms < 60_000; ms += 2000) assert.deepEqual(at(ms, 2, nowMs + 1000), [stuck]);
  for (const ms of [60_000, 62_000]) assert.deepEqual(at(ms, ms, nowMs + 1000), [stuck]);
  assert.deepEqual(at(64_000, 64_000, nowMs + 1000), [], 'it goes on');
  assert.deepEqual(at(94_000, 64_000, nowMs + 1000), [stuck]);
  assert.deepEqual(at(96_000, 65_000, nowMs + 95_000), [], 'what waits came a moment ago');
  assert.deepEqual(at(126_000, 65_000, nowMs + 95_000), [stuck]);
  assert.deepEqual(at(128_000, 65_000, nowMs + 95_000, ''), [], 'its output has no trouble any more');
  assert.deepEqual(at(156_000, 65_000, nowMs + 95_000, ''), []);
  assert.deepEqual(at(158_000, 65_000, nowMs + 95_000, ''), ['stuck red back/shop/web archive']);
});

test('what is too old is behind, once that lasts: what a hub finds at its start is read first', () => {
  const rule = new Lag();
  const old = (cursor: number): Partial<GroupStatus> => ({ entries: 3, oldestMs: nowMs - 60_000, cursor });
  assert.deepEqual(kindsAt(rule, 0, old(1)), []);
  assert.deepEqual(kindsAt(rule, 2000, old(2)), []);
  assert.deepEqual(kindsAt(rule, 4000, old(3)), ['lag yellow front/shop/web pipeline']);
  assert.deepEqual(kindsAt(rule, 6000, { ...old(4), oldestMs: nowMs - 600_000 }), ['lag red front/shop/web pipeline']);
  assert.deepEqual(kindsAt(rule, 8000, { ...old(5), oldestMs: nowMs + 7000 }), []);
});

test('the archive may gather for its roll_interval; where its output tells why it waits, what depends on it is yellow', () => {
  const rule = new Lag();
  const archive = { topic: 'back/shop/web', group: archiveGroup, entries: 1, oldestMs: nowMs, cursor: 1 };
  for (const atMs of [0, 10_000, 20_000, 29_000]) assert.deepEqual(kindsAt(rule, atMs, archive), []);
  const stuck = 'stuck yellow back/shop/web archive';
  assert.deepEqual(kindsAt(rule, 30_000, archive, 'the disk is full'), [stuck]);
});

test('an output that gets nowhere and tells nothing is told itself, too', () => {
  const rule = new Lag();
  const archive = { topic: 'back/shop/web', group: archiveGroup, entries: 1, oldestMs: nowMs, cursor: 1 };
  assert.deepEqual(kindsAt(rule, 0, archive), []);
  assert.deepEqual(kindsAt(rule, 30_000, archive), ['stuck red back/shop/web archive', 'output-behind yellow archive']);
});

test('paused readers, expiring ones and those of an output that is gone are told otherwise', () => {
  for (const other of [{ paused: true }, { policy: 'expiring' as const }, { group: 'es:gone' }]) {
    const rule = new Lag();
    const waiting = { entries: 3, oldestMs: nowMs - 900_000, cursor: 7, ...other };
    for (const atMs of [0, 20_000, 40_000]) assert.deepEqual(kindsAt(rule, atMs, waiting), []);
  }
});
