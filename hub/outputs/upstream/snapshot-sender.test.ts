import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { unknownAfterMs } from '../../sites/limits.ts';
import { eventually } from '../../testing/eventually.ts';
import { SnapshotSender } from './snapshot-sender.ts';

suite('the health that a site tells its upstream', { timeout: 10_000 }, () => {
  test('is told again before it counts as unknown, also where nothing changes', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const sender = new SnapshotSender({
      snapshot: () => Promise.resolve({ site: 'quiet' }),
      send: (json) => void told.push(Buffer.from(json).toString()),
      clock,
      onFailed: (error) => assert.fail(String(error)),
    });
    const stop = new AbortController();
    const running = sender.run(stop.signal, 10_000);
    sender.connected();
    await eventually('it is told', () => told.length === 1);
    for (let passedMs = 0; passedMs < unknownAfterMs - 10_000; passedMs += 10_000) {
      await eventually('it waits', () => clock.sleeping > 0);
      clock.advance(10_000);
    }
    await eventually('it is told again', () => told.length === 2);
    stop.abort();
    await running;
    assert.deepEqual(told, ['{"site":"quiet"}', '{"site":"quiet"}']);
  });
});
