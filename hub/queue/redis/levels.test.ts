import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueLimits } from '../limits.ts';
import { RedisLevels } from './levels.ts';
import { memoryFull, memoryShort } from './limits.ts';

test("as Redis' memory nears its end less may come in, in steps, and nothing before Redis refuses", () => {
  let used = 0;
  const levels = new RedisLevels({ limits: queueLimits(), memoryUsed: () => used });
  const all = levels.creditOf('shop/web');
  assert.ok(all > 0);
  const credits = Array.from({ length: 101 }, (_, percent) => {
    used = percent / 100;
    return { used, credit: levels.creditOf('shop/web'), state: levels.state };
  });
  for (const { used: part, credit, state } of credits) {
    if (part <= memoryShort) assert.equal(credit, all, `all at ${part}`);
    if (part >= memoryFull) assert.deepEqual([credit, state], [0, 'no-space'], `nothing at ${part}`);
  }
  const between = credits.flatMap(({ used: part, credit }) => (part > memoryShort && part < memoryFull ? [credit] : []));
  assert.deepEqual(
    between,
    between.toSorted((one, other) => other - one),
    'less and less',
  );
  assert.ok(new Set(between).size > 3 && between.every((credit) => credit < all), 'in steps, not at once');
});
