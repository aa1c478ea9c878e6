import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HubMember } from '../cluster/cluster.ts';
import { rebalanceLimits } from './limits.ts';
import { Rebalance } from './rebalance.ts';

function member(letter: string, connections: number, changes: Partial<HubMember> = {}): HubMember {
  const facts = { host: 'h', version: '1', startedMs: 0, state: 'ready', works: true, beatMs: 0 } as const;
  return { hubId: letter.repeat(32), address: `wss://${letter}:7701`, ...facts, connections, ...changes };
}

function rebalance(connectionsMax = 10_000): Rebalance {
  return new Rebalance({ hubId: 'a'.repeat(32), connectionsMax });
}

/** As if every agent that is asked went to the first hub named, second by second. */
function settle(
  counts: Record<string, number>,
  connectionsMax?: number,
): { readonly counts: Record<string, number>; readonly ticks: number } {
  const hubs = Object.keys(counts).map(
    (letter) => new Rebalance({ hubId: letter.repeat(32), connectionsMax: connectionsMax ?? 10_000 }),
  );
  const letters = Object.keys(counts);
  const now = { ...counts };
  let quiet = 0;
  let ticks = 0;
  for (; quiet < 3 && ticks < 5000; ticks += 1) {
    const members = letters.map((letter) => member(letter, now[letter] ?? 0));
    let moved = 0;
    for (const [index, letter] of letters.entries()) {
      const { count, hubs: targets } = hubs[index]?.surplus(members, now[letter] ?? 0) ?? { count: 0, hubs: [] };
      for (let one = 0; one < count; one += 1) {
        const target = targets[one % targets.length]?.slice('wss://'.length, 'wss://'.length + 1) ?? letter;
        now[letter] = (now[letter] ?? 0) - 1;
        now[target] = (now[target] ?? 0) + 1;
        moved += 1;
      }
    }
    quiet = moved === 0 ? quiet + 1 : 0;
  }
  return { counts: now, ticks };
}

suite('agents of a hub that has too many', () => {
  test('stay where hubs are alike, or have few', () => {
    assert.equal(rebalance().surplus([member('a', 40), member('b', 25)], 40).count, 0);
    assert.equal(rebalance().surplus([member('a', 1100), member('b', 900)], 1100).count, 0);
    assert.equal(rebalance().surplus([member('a', 19), member('b', 0)], 19).count, 0);
  });

  test('go a few at a time to those with the fewest, towards the mean', () => {
    const { count, hubs } = rebalance().surplus([member('a', 900), member('b', 50), member('c', 20)], 900);
    assert.ok(count > 0 && count <= rebalanceLimits.perTickMax);
    assert.deepEqual(hubs, ['wss://c:7701', 'wss://b:7701']);
  });

  test('have nowhere to go where the others are not ready', () => {
    const others = [
      member('b', 0, { state: 'draining' }),
      member('c', 0, { state: 'starting' }),
      member('d', 0, { address: '' }),
    ];
    assert.equal(rebalance().surplus([member('a', 900), ...others], 900).count, 0);
  });

  test('spread until nothing moves any more, and never to and fro', () => {
    const even = settle({ a: 900, b: 0, c: 0 });
    assert.ok(even.ticks < 1000, `${even.ticks}`);
    const counts = Object.values(even.counts);
    assert.ok(Math.max(...counts) <= 300 * rebalanceLimits.stopOverMean + 1, counts.join(' '));
    assert.deepEqual(settle(even.counts).counts, even.counts);
  });

  test('go from a hub that is full, as long as others are not', () => {
    const { counts } = settle({ a: 60, b: 45 }, 50);
    assert.ok((counts['a'] ?? 0) <= 58, JSON.stringify(counts));
    assert.deepEqual(settle({ a: 60, b: 60 }, 50).counts, { a: 60, b: 60 });
  });

  test('are asked once in a while only', () => {
    const known = rebalance();
    assert.equal(known.mayAsk('x', 0), true);
    known.asked('x', 0);
    assert.equal(known.mayAsk('x', rebalanceLimits.askAgainMs - 1), false);
    assert.equal(known.mayAsk('x', rebalanceLimits.askAgainMs), true);
  });
});
