import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCanary } from '@tributary/protocol/platform/canary.ts';
import { eventually } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { createCanaryInput } from './canary-input.ts';

test('a numbered record goes out at once, in every interval, and when the input is stopped', async () => {
  const sink = new RecordingSink();
  const clock = new ManualClock();
  const input = createCanaryInput({
    name: 'canary-1',
    options: { interval: 60_000, labels: { rack: '7' } },
    sink,
    events: recordingEvents([]),
    clock,
    defaults: { tenant: 'shop', host: 'web1', labels: { site: 'one' } },
  });
  const abort = new AbortController();
  const done = input.run(abort.signal);
  for (let turn = 1; turn <= 3; turn += 1) {
    await eventually('it sleeps', () => clock.sleeping === 1 && sink.texts('canary-1').length === turn);
    if (turn < 3) clock.advance(60_000);
  }
  const [stream] = sink.streams();
  assert.partialDeepStrictEqual(stream?.attributes, {
    tenant: 'shop',
    type: 'canary',
    host: 'web1',
    labels: { site: 'one', rack: '7' },
  });
  abort.abort();
  await done;
  const records = sink.texts('canary-1').map((text) => parseCanary(text));
  assert.deepEqual(
    records.map((record) => [record?.sequence, record?.isLast, record?.intervalMs]),
    [
      [1, false, 60_000],
      [2, false, 60_000],
      [3, false, 60_000],
      [4, true, 60_000],
    ],
  );
  assert.equal(new Set(records.map((record) => record?.run)).size, 1);
  assert.equal((records[2]?.sentMs ?? 0) - (records[0]?.sentMs ?? 0), 120_000);
  assert.deepEqual(sink.streams(), []);
});
