import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { heartbeatMs } from '../../search/limits.ts';
import type { TailStep } from '../../search/tail.ts';
import { tailEvents } from './tail-events.ts';

const record: FoundRecord = {
  at: { agent: 'a', stream: 'b', position: 1, ordinal: 0 },
  tenant: 'shop',
  type: 'web',
  receivedMs: 0,
  host: 'web1',
  source: '',
  labels: {},
  line: 'one\ntwo',
  cut: false,
};

/** Half a heartbeat goes by with each step. */
async function told(
  steps: readonly TailStep[],
  isStill: () => boolean,
): Promise<{ readonly texts: string[]; readonly taken: number }> {
  const clock = { nowMs: 0, monotonic: () => clock.nowMs };
  let taken = 0;
  async function* given(): AsyncGenerator<TailStep> {
    for (const step of steps) {
      clock.nowMs += heartbeatMs / 2;
      taken += 1;
      yield step;
    }
  }
  const texts = await Array.fromAsync(tailEvents(given(), async () => isStill(), clock));
  return { texts: texts.slice(1), taken };
}

test('records, what was skipped and the end are events, each on lines of its own', async () => {
  const { texts } = await told([{ records: [record, record] }, { skipped: 3 }, { quiet: true }], () => true);
  const one = `event: record\ndata: ${JSON.stringify(record)}\n\n`;
  assert.deepEqual(texts, [one + one, 'event: skipped\ndata: {"count":3}\n\n', ': nothing new\n\n', 'event: end\ndata: {}\n\n']);
});

test('a tail ends when who asked may not see it any more', async () => {
  const steps: readonly TailStep[] = Array.from({ length: 10 }, () => ({ quiet: true }));
  let looks = 0;
  const { texts, taken } = await told(steps, () => ++looks < 3);
  assert.equal(looks, 3);
  assert.equal(taken, 6);
  assert.equal(texts.at(-1), 'event: end\ndata: {}\n\n');
});
