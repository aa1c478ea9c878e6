import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { silentAfterMs } from '../../sites/limits.ts';
import { eventually } from '../../testing/eventually.ts';
import { SnapshotSender } from './snapshot-sender.ts';

const lookMs = 2500;

suite('the health that a site tells its upstream', { timeout: 120_000 }, () => {
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
    const running = sender.run(stop.signal, lookMs);
    sender.connected();
    await eventually('it is told', () => told.length === 1);
    for (let passedMs = 0; passedMs < silentAfterMs / 3; passedMs += lookMs) {
      await eventually('it waits', () => clock.sleeping > 0);
      clock.advance(lookMs);
    }
    await eventually('it is told again', () => told.length === 2);
    stop.abort();
    await running;
    assert.deepEqual(told, ['{"site":"quiet"}', '{"site":"quiet"}']);
  });

  test('is told at once where a colour changed, and with figures that change all the time now and then', async () => {
    const clock = new ManualClock();
    let [figure, colour] = [0, 'green'];
    let told = 0;
    const sender = new SnapshotSender({
      snapshot: () => Promise.resolve({ figure: (figure += 1), health: colour }),
      send: () => void (told += 1),
      clock,
      onFailed: (error) => assert.fail(String(error)),
    });
    const stop = new AbortController();
    const running = sender.run(stop.signal, 2500);
    sender.connected();
    await eventually('it is told', () => told === 1);
    const pass = async (): Promise<void> => {
      const before = figure;
      await eventually('it waits', () => clock.sleeping > 0);
      clock.advance(2500);
      await eventually('it looked', () => figure > before);
    };
    await pass();
    assert.equal(told, 1);
    colour = 'red';
    await pass();
    await eventually('it is told at once', () => told === 2);
    for (let times = 0; times < 2; times += 1) await pass();
    await eventually('it is told after a while', () => told === 3);
    stop.abort();
    await running;
  });
});
