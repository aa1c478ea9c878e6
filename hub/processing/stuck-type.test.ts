/** A type whose batches never end, or are slow, beside another one: with real threads. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { PipelinePool, type Processor } from './pipeline-pool.ts';

const hangingWorker = { asset: 'none', url: new URL('../testing/hanging-pipeline-thread.ts', import.meta.url) };
const batches = 50;

/** Until all batches of one type are processed. */
async function processed(line: ProcessingLine, writer: StreamWriter): Promise<void> {
  const before = line.pipelines.counts.records;
  for (let index = 0; index < batches; index += 1) await writer.append(Buffer.from(`line ${index}\n`));
  await eventually('the other type is processed', () => line.pipelines.counts.records === before + batches);
}

suite('a type that is stuck', () => {
  test('leaves the others their work', async () => {
    // Nothing ends it until then.
    const endless = { size: 2, endMs: 300, limits: { processMs: 3_600_000 } };
    const pool = new PipelinePool(hangingWorker, endless);
    await using owned = new AsyncDisposableStack();
    const line = owned.use(await ProcessingLine.open({ processor: pool }));
    // First, as the line waits for what the pool works on.
    owned.use(pool);
    const other = new StreamWriter(line.queue, streamInfo(2, { type: 'other' }));
    const stuck = new StreamWriter(line.queue, streamInfo(1));
    line.startPipelines();
    await processed(line, other);
    const all = line.pipelines.counts.records;
    await stuck.append(Buffer.from('before\n'));
    await eventually('what is before it is processed', () => line.pipelines.counts.records === all + 1);
    for (const text of ['hang\n', 'after\n']) await stuck.append(Buffer.from(text));
    for (let round = 0; round < 3; round += 1) await processed(line, other);
    assert.equal(line.pipelines.counts.records, all + 1 + 3 * batches);
  });

  test('has its batch as a dead letter, and what waits behind it in its thread is worked on again', async () => {
    await using pool = new PipelinePool(hangingWorker, { size: 2, limits: { processMs: 1000 } });
    await using line = await ProcessingLine.open({ processor: pool });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (const text of ['hang\n', 'one\n', 'two\n', 'three\n']) await writer.append(Buffer.from(text));
    line.startPipelines();
    await eventually('the rest is processed', () => line.pipelines.counts.records === 3);
    await eventually('it is a dead letter', async () => (await line.queue.status()).deadLetters === 1);
    assert.deepEqual([line.pipelines.counts.stuck, line.pipelines.counts.rejected], [2, 1]);
    const told = line.logged.findLast(({ message }) => message.includes('kept as a dead letter'));
    assert.match(String(told?.fields['reason']), /^twice processing it took longer than 1s/);
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
    await pool[Symbol.asyncDispose]();
  });
});
