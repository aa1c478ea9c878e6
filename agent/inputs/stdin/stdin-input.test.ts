import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { eventually } from '../testing/input-under-test.ts';
import { type RecordedEvent, recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { StdinInput } from './stdin-input.ts';

function stdin(pipe: PassThrough): { input: StdinInput; sink: RecordingSink; events: RecordedEvent[] } {
  const sink = new RecordingSink();
  const events: RecordedEvent[] = [];
  const options = { type: 'app', labels: {}, overflow: 'block', encoding: 'utf-8', max_line_bytes: 1000 } as const;
  const defaults = { tenant: 'acme', host: 'here', labels: {} };
  const parts = { name: 'test', options, sink, events: recordingEvents(events), clock: systemClock, defaults };
  return { input: new StdinInput(parts, () => pipe), sink, events };
}

suite('stdin', () => {
  test('is read to its end, and that ends the input', async () => {
    const pipe = new PassThrough();
    const { input, sink, events } = stdin(pipe);
    const run = input.run(new AbortController().signal);
    pipe.write('one\ntw');
    await eventually('the first line', () => sink.texts('stdin').length === 1);
    assert.equal(input.sources()[0]?.position, 1);
    pipe.end('o\nend');
    await run;
    await input.drained(AbortSignal.timeout(120_000));
    assert.deepEqual(sink.texts('stdin'), ['one\n', 'two\n', 'end']);
    assert.deepEqual(sink.streams(), []);
    assert.deepEqual(
      events.map(([name]) => name),
      ['sourceStarted', 'sourceEnded'],
    );
  });

  test('a stop keeps what was read', async () => {
    const pipe = new PassThrough();
    const { input, sink } = stdin(pipe);
    const abort = new AbortController();
    const run = input.run(abort.signal);
    pipe.write('one\nunfinished');
    await eventually('the first line', () => sink.texts('stdin').length === 1);
    abort.abort();
    await run;
    assert.deepEqual(sink.texts('stdin'), ['one\n', 'unfinished']);
  });

  test('the next one goes on where it was stopped', async () => {
    const pipe = new PassThrough();
    const first = stdin(pipe);
    const abort = new AbortController();
    const run = first.input.run(abort.signal);
    pipe.write('one\n');
    await eventually('the first line', () => first.sink.texts('stdin').length === 1);
    abort.abort();
    await run;
    pipe.write('two\n');
    const second = stdin(pipe);
    const rest = second.input.run(new AbortController().signal);
    await eventually('the second line', () => second.sink.texts('stdin').length === 1);
    pipe.end('three\n');
    await rest;
    assert.deepEqual(first.sink.texts('stdin'), ['one\n']);
    assert.deepEqual(second.sink.texts('stdin'), ['two\n', 'three\n']);
  });
});
