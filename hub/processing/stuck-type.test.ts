/** A type whose batches never end, or are slow, beside another one: with real threads. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { PipelinePool, type Processor } from './pipeline-pool.ts';

const hangingWorker = { asset: 'none', url: new URL('../testing/hanging-pipeline-thread.ts', import.meta.url) };
const batches = 50;

/** Batches a second of one type, from the first appended to the last committed. */
async function rateOf(line: ProcessingLine, writer: StreamWriter): Promise<number> {
  const before = line.pipelines.counts.records;
  const startedMs = performance.now();
  for (let index = 0; index < batches; index += 1) await writer.append(Buffer.from(`line ${index}\n`));
  await eventually('the other type is processed', () => line.pipelines.counts.records === before + batches);
  return Math.round((batches * 1000) / (performance.now() - startedMs));
}

suite('a type that is stuck', () => {
  test('leaves the others their rate, and its batch becomes a dead letter', async (t: TestContext) => {
    const processMs = 2000;
    await using pool = new PipelinePool(hangingWorker, { size: 2, limits: { processMs } });
    await using line = await ProcessingLine.open({ processor: pool });
    const other = new StreamWriter(line.queue, streamInfo(2, { type: 'other' }));
    const stuck = new StreamWriter(line.queue, streamInfo(1));
    line.startPipelines();
    await rateOf(line, other);
    const alone = await rateOf(line, other);
    const all = line.pipelines.counts.records;
    for (const text of ['before\n', 'hang\n', 'after\n']) await stuck.append(Buffer.from(text));
    await eventually('what is before it is processed', () => line.pipelines.counts.records === all + 1);
    const beside = await rateOf(line, other);
    // Until it is a dead letter, it holds up its thread all the time.
    assert.equal((await line.queue.status()).deadLetters, 0);
    t.diagnostic(`${alone} batches/s alone, ${beside} beside a type that hangs`);
    assert.ok(beside > alone / 5, `${alone} batches/s alone, ${beside} beside a type that hangs`);
    const before = line.pipelines.counts.records;
    await eventually('what is around it is processed', () => line.pipelines.counts.records >= before + 1, 15_000);
    await eventually('it is a dead letter', async () => (await line.queue.status()).deadLetters === 1, 15_000);
    assert.deepEqual([line.pipelines.counts.stuck, line.pipelines.counts.rejected], [2, 1]);
    const told = line.logged.findLast(({ message }) => message.includes('kept as a dead letter'));
    assert.match(String(told?.fields['reason']), /^twice processing it took longer than 2s/);
  });

  test('what waits behind a stuck batch in its thread is worked on again', async () => {
    await using pool = new PipelinePool(hangingWorker, { size: 2, limits: { processMs: 1000 } });
    await using line = await ProcessingLine.open({ processor: pool });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (const text of ['hang\n', 'one\n', 'two\n', 'three\n']) await writer.append(Buffer.from(text));
    line.startPipelines();
    await eventually('the rest is processed', () => line.pipelines.counts.records === 3, 15_000);
    assert.equal((await line.queue.status()).deadLetters, 1);
  });

  test('a stop waits for none that never ends', async () => {
    const pool = new PipelinePool(hangingWorker, { size: 2, endMs: 300 });
    let begun = 0;
    const processor: Processor = {
      process: (entries, options) => {
        begun += 1;
        return pool.process(entries, options);
      },
    };
    await using line = await ProcessingLine.open({ processor });
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('hang\n'));
    line.startPipelines();
    await eventually('it was begun', () => begun === 1);
    const startedMs = performance.now();
    await pool[Symbol.asyncDispose]();
    assert.ok(performance.now() - startedMs < 10_000);
  });
});
