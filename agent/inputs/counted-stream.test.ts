import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountedStream, endAbandonedStreams } from './counted-stream.ts';
import type { Sink } from './input.ts';
import { RecordingSink } from './testing/recording-sink.ts';

function open(sink: Sink, path: string): Promise<CountedStream> {
  const attributes = { tenant: 'acme', type: 'syslog', host: 'here', encoding: 'utf-8', labels: {} };
  return CountedStream.open({ sink, path, attributes, overflow: 'block' });
}

test('records are pushed in order, each with its length, and may be cut', async () => {
  const sink = new RecordingSink();
  const stream = await open(sink, 'x');
  stream.push({ bytes: Buffer.from('onetwo'), lengths: [3, 3] });
  stream.push({ bytes: Buffer.from('three'), lengths: [4, 1], cuts: [{ offset: 4, cause: 'too-long' }] });
  assert.equal(stream.position, 4);
  assert.deepEqual(sink.texts('x'), ['one', 'two', 'thre', 'e']);
  assert.equal(stream.isStoredTo(4), true);
  sink.stored.set(stream.streamId, 3);
  assert.deepEqual([stream.isStoredTo(3), stream.isStoredTo(4)], [true, false]);
});

test('it goes on as its replacement', async () => {
  const sink = new RecordingSink();
  const stream = await open(sink, 'x');
  sink.onReplaced((_, replacement) => stream.replaced(replacement));
  stream.push({ bytes: Buffer.from('one'), lengths: [3] });
  await sink.replace(stream.streamId);
  stream.push({ bytes: Buffer.from('two'), lengths: [3] });
  assert.deepEqual(
    sink.of('x').map(({ start, ended, texts }) => [start, ended, texts]),
    [
      [0, true, ['one']],
      [1, false, ['two']],
    ],
  );
});

test('streams that a killed process left open are ended, those of this one and those with a token are not', async () => {
  const sink = new RecordingSink();
  const before = await open(sink, 'before');
  const token = await open(sink, 'journal');
  token.push({ bytes: Buffer.from('x'), lengths: [1] }, 'cursor');
  const left = sink.snapshot();

  const restarted = new RecordingSink();
  restarted.restore(left);
  const live = await open(restarted, 'live');
  endAbandonedStreams(restarted);
  assert.deepEqual(
    restarted.streams().map(({ identity }) => identity.path),
    ['journal', 'live'],
  );
  assert.equal(restarted.recorded.get(before.streamId)?.ended, true);
  live.end();
  endAbandonedStreams(restarted);
  assert.deepEqual(
    restarted.streams().map(({ identity }) => identity.path),
    ['journal'],
  );
});
