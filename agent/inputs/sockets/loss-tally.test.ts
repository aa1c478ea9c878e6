import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InputEvents } from '../input.ts';
import { eventually } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { LossTally } from './loss-tally.ts';

test('the first loss is told at once, what follows as sums, and the rest at the end', async () => {
  const told: Parameters<InputEvents['lost']>[0][] = [];
  const clock = new ManualClock();
  {
    await using tally = new LossTally({ lost: (loss) => void told.push(loss) }, clock);
    for (let count = 0; count < 100; count += 1) tally.add({ path: 'a', cause: 'connection-ended', bytes: 3 });
    tally.add({ path: 'b', cause: 'socket-full', bytes: 0, records: 7 });
    assert.deepEqual(told, [{ path: 'a', cause: 'connection-ended', bytes: 3, records: 0 }]);
    await eventually('it waits', () => clock.sleeping === 1);
    clock.advance(1000);
    await eventually('the sums are told', () => told.length === 3);
    assert.deepEqual(told.slice(1), [
      { path: 'a', cause: 'connection-ended', bytes: 297, records: 0 },
      { path: 'b', cause: 'socket-full', bytes: 0, records: 7 },
    ]);
    await eventually('it waits again', () => clock.sleeping === 1);
    clock.advance(1000);
    await eventually('it waits no more', () => clock.sleeping === 0);
    tally.add({ path: 'a', cause: 'connection-ended', bytes: 1 });
    assert.equal(told.length, 4, 'at once again');
    tally.add({ path: 'a', cause: 'connection-ended', bytes: 2 });
  }
  assert.deepEqual(
    told.slice(3).map(({ bytes }) => bytes),
    [1, 2],
  );
});
