import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backTopic, frontTopic, type Entry, type Lease, type TopicName } from '../queue/queue.ts';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { compress, StreamWriter, streamInfo } from '../testing/records.ts';
import type { BatchEntry, Processed } from './batch-entry.ts';
import { decodeBlock } from './block.ts';
import { retrialMsMin } from './limits.ts';
import { passThrough } from './pass-through.ts';
import { PipelinePool, type ProcessOptions, type Processor } from './pipeline-pool.ts';
import { pipelineWorker } from '../workers.ts';

/** A timer may end so much early. */
const timerStepMs = 2;
const channel = 'acme/app';
const front = frontTopic(channel);
const back = backTopic(channel);

async function backEntries(line: ProcessingLine): Promise<readonly Entry[]> {
  return await line.queue.read({ topic: back, partition: 0, afterSequence: 0 }, { entries: 1000, bytes: 1 << 30 });
}

async function backText(line: ProcessingLine): Promise<string> {
  const blocks = (await backEntries(line)).map((entry) => decodeBlock(entry.body, entry.inflatedBytes));
  return Buffer.concat(blocks.map((block) => block.raw)).toString();
}

/** Work that ends when the test says so, in the order it chooses. */
class HeldProcessor {
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
  readonly started: string[] = [];

  async process(entries: readonly BatchEntry[]): Promise<Processed> {
    const result = passThrough(entries);
    const { block } = result;
    if (entries.length === 0) return result;
    const name = block === undefined ? '' : Buffer.from(decodeBlock(block.body, block.inflatedBytes).raw).toString().trim();
    this.started.push(name);
    await this.#gate(name).promise;
    return result;
  }

  finish(...names: string[]): void {
    for (const name of names) this.#gate(name).resolve();
  }

  fail(name: string): void {
    this.#gate(name).reject(new Error('the thread died'));
    this.#held.delete(name);
  }

  #gate(name: string): PromiseWithResolvers<void> {
    return this.#held.getOrInsertComputed(name, () => Promise.withResolvers<void>());
  }
}

/** Sends all that it is given to the errors, too. */
class RoutingProcessor implements Processor {
  readonly alone: (boolean | undefined)[] = [];
  /** Called within its work, with how many there were. */
  onWork: (count: number) => Promise<unknown> = () => Promise.resolve();

  async process(entries: readonly BatchEntry[], { isAlone }: ProcessOptions): Promise<Processed> {
    if (entries.length > 0) await this.onWork(this.alone.push(isAlone));
    const { block, rejected } = passThrough(entries);
    return { block, rejected, routed: block === undefined ? [] : [{ type: 'errors', block }] };
  }
}

/** How many channels' entries are in work at a time. */
class CountingProcessor implements Processor {
  atATime = 0;
  #now = 0;

  async process(entries: readonly BatchEntry[]): Promise<Processed> {
    if (entries.length === 0) return { block: undefined, rejected: [] };
    this.#now += 1;
    this.atATime = Math.max(this.atATime, this.#now);
    await sleep(5);
    this.#now -= 1;
    return passThrough(entries);
  }
}

/** As if a hub had died that worked on the channel. */
async function leaveBehind({ queue }: ProcessingLine, topic: TopicName): Promise<Lease> {
  const place = { topic, group: 'pipeline', partition: 0 };
  await queue.ensureGroup({ ...place, policy: { kind: 'blocking' }, from: 'beginning' });
  const lease = await queue.acquire(place, 'a hub that is dead', 1);
  assert.ok(lease !== undefined);
  return lease;
}

suite('pipeline', () => {
  test('batches are worked on side by side and committed in order, through a real thread', async () => {
    await using pool = new PipelinePool(pipelineWorker, { size: 2 });
    await using line = await ProcessingLine.open({ processor: pool });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('before the pipeline\n'));
    line.startPipelines();
    for (let index = 0; index < 30; index += 1) await writer.append(Buffer.from(`line ${index}\n`));
    await eventually('all is processed', () => line.pipelines.counts.records === 31);
    const expected = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join('');
    assert.equal(await backText(line), `before the pipeline\n${expected}`);
  });

  test('what is done early waits for what comes before it', async () => {
    const held = new HeldProcessor();
    await using line = await ProcessingLine.open({ processor: held, bundleEntriesMax: 1 });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (const name of ['a', 'b', 'c']) await writer.append(Buffer.from(`${name}\n`));
    line.startPipelines();
    await eventually('all were begun', () => held.started.length === 3);
    held.finish('b', 'c');
    assert.equal(await backText(line), '');
    held.finish('a');
    await eventually('all is processed', () => line.pipelines.counts.records === 3);
    assert.equal(await backText(line), 'a\nb\nc\n');
  });

  test('a batch that cannot be processed is kept as a dead letter, and the next go on', async () => {
    await using line = await ProcessingLine.open();
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('good\n'));
    await writer.append(Buffer.from('bad\n'), { body: compress(Buffer.from('something else\n')) });
    await writer.append(Buffer.from('good again\n'));
    line.startPipelines();
    await eventually('the rest is processed', () => line.pipelines.counts.records === 2);
    assert.equal(await backText(line), 'good\ngood again\n');
    assert.equal((await line.queue.status()).deadLetters, 1);
    assert.equal(line.pipelines.counts.rejected, 1);
    const told = line.logged.find(({ level }) => level === 'error');
    assert.match(String(told?.fields['reason']), /inflates to more/);
  });

  test('a full back topic makes its pipeline wait, and no other', async () => {
    await using line = await ProcessingLine.open({ limits: { topicBytesMax: 3000 } });
    const random = (size: number): Buffer =>
      Buffer.concat([Buffer.from(Array.from({ length: size }, () => 33 + Math.random() * 90)), Buffer.from('\n')]);
    const writer = new StreamWriter(line.queue, streamInfo(1));
    const other = new StreamWriter(line.queue, streamInfo(2, { type: 'other' }));
    line.startPipelines();
    for (let records = 1; line.pipelines.counts.waits === 0; records += 1) {
      await writer.append(random(1000));
      await eventually(
        'it is processed, or waits',
        () => line.pipelines.counts.records === records || line.pipelines.counts.waits > 0,
      );
    }
    const before = line.pipelines.counts.records;
    await other.append(Buffer.from('elsewhere\n'));
    await eventually('the other goes on', () => line.pipelines.counts.records === before + 1);
    line.startArchive();
    line.queue.requestArchive(channel);
    await eventually('there is room again', () => line.pipelines.counts.records === before + 2);
  });

  test('work that failed, or whose lease went to another, is done again and passed on once', async () => {
    const held = new HeldProcessor();
    await using line = await ProcessingLine.open({ processor: held, bundleEntriesMax: 1 });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (const name of ['a', 'b']) await writer.append(Buffer.from(`${name}\n`));
    line.startPipelines();
    await eventually('both were begun', () => held.started.length === 2);
    held.fail('a');
    await eventually('both were begun again', () => held.started.length === 4);
    await line.queue.acquire({ topic: front, group: 'pipeline', partition: 0 }, line.queue.hubId, 30_000);
    held.finish('a', 'b');
    await eventually('all is processed', () => line.pipelines.counts.records === 2);
    assert.equal(await backText(line), 'a\nb\n');
    assert.ok(line.logged.some(({ message }) => message.includes('another owner')));
  });

  test('what a pipeline routes is published with what it keeps, and each block tells of all positions', async () => {
    const processor = new RoutingProcessor();
    await using line = await ProcessingLine.open({ processor });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('one\n'));
    line.startPipelines();
    await eventually('it is processed', () => line.pipelines.counts.records === 2);
    assert.equal(await backText(line), 'one\n');
    const [routed, ...none] = await line.queue.read(
      { topic: backTopic('acme/errors'), partition: 0, afterSequence: 0 },
      { entries: 9, bytes: 1 << 20 },
    );
    assert.deepEqual(none, []);
    assert.partialDeepStrictEqual(routed, { format: 'block', segments: [{ from: 0, to: 4, stream: { key: writer.info.key } }] });
  });

  test('what a pipeline routes to a log type that nobody reads stays in its own, before what tells its positions', async () => {
    await using line = await ProcessingLine.open({ processor: new RoutingProcessor(), unread: ['acme/errors'] });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('one\n'));
    line.startPipelines();
    line.startArchive();
    await eventually('it is processed', () => line.pipelines.counts.records === 2);
    assert.equal(await backText(line), 'one\none\n');
    const entries = await backEntries(line);
    assert.deepEqual(
      entries.flatMap(({ segments }) => segments.map(({ from, to, stream }) => [from, to, stream.key])),
      [
        [0, 0, writer.info.key],
        [0, 4, writer.info.key],
      ],
    );
    line.queue.requestArchive(channel);
    await eventually('both are archived', async () => (await line.queue.archiveObjects())[0]?.records === 2);
    const manifest: unknown = JSON.parse(readFileSync(join(line.archiveFolder, line.files('.json')[0] ?? ''), 'utf8'));
    assert.partialDeepStrictEqual(manifest, { segments: [{ from: 0, to: 4 }] });
    assert.equal(line.logged.filter(({ message }) => message.includes('no output reads')).length, 1);
  });

  test('behind a hub that did not end as it should each entry is tried alone, and one that five hubs did not survive is set aside', async () => {
    const processor = new RoutingProcessor();
    await using line = await ProcessingLine.open({ processor });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (const text of ['killer\n', 'two\n', 'three\n']) await writer.append(Buffer.from(text));
    const lease = await leaveBehind(line, front);
    for (let tries = 1; tries <= 5; tries += 1) assert.equal(await line.queue.attempt(lease, 1), tries);
    line.startPipelines();
    await eventually('the others are processed', () => line.pipelines.counts.records === 4);
    assert.equal(await backText(line), 'two\nthree\n');
    assert.equal((await line.queue.status()).deadLetters, 1);
    assert.deepEqual(processor.alone, [true, true]);
  });

  test('what one hub did not survive is tried again when the next is up for a while, so that who ends soon has not got it in hand', async () => {
    const processor = new RoutingProcessor();
    await using line = await ProcessingLine.open({ processor });
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\n'));
    const lease = await leaveBehind(line, front);
    assert.equal(await line.queue.attempt(lease, 1), 1);
    const startMs = performance.now();
    line.startPipelines();
    await eventually('it is processed', () => line.pipelines.counts.records === 2);
    assert.ok(performance.now() - startMs >= retrialMsMin - timerStepMs);
    assert.deepEqual(processor.alone, [true]);
  });

  test('what this hub has survived is not set aside, however often its lease goes to another', async () => {
    const processor = new RoutingProcessor();
    await using line = await ProcessingLine.open({ processor });
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\n'));
    await leaveBehind(line, front);
    const fencedMax = 4;
    const place = { topic: front, group: 'pipeline', partition: 0 };
    processor.onWork = async (count) => count <= fencedMax && (await line.queue.acquire(place, line.queue.hubId, 30_000));
    line.startPipelines();
    await eventually('it is processed', () => line.pipelines.counts.records === 2);
    assert.equal(await backText(line), 'one\n');
    assert.deepEqual(
      processor.alone,
      Array.from({ length: fencedMax + 1 }, () => true),
    );
    assert.equal((await line.queue.status()).deadLetters, 0);
  });

  test('what comes after the hub has ended is not tried alone', async () => {
    const processor = new RoutingProcessor();
    await using line = await ProcessingLine.open({ processor, bundleEntriesMax: 1 });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('before\n'));
    await leaveBehind(line, front);
    processor.onWork = async (count) => count === 1 && (await writer.append(Buffer.from('after\n')));
    line.startPipelines();
    await eventually('both are processed', () => line.pipelines.counts.records === 4);
    assert.deepEqual(processor.alone, [true, false]);
  });

  test('what one hub may not have survived is in work by itself, so that another death counts for no other channel', async () => {
    const processor = new CountingProcessor();
    await using line = await ProcessingLine.open({ processor });
    const types = ['a', 'b', 'c', 'd', 'e'];
    for (const [index, type] of types.entries()) {
      await new StreamWriter(line.queue, streamInfo(index + 1, { type })).append(Buffer.from(`${type}\n`));
      await leaveBehind(line, frontTopic(`acme/${type}`));
    }
    line.startPipelines();
    await eventually('all are processed', () => line.pipelines.counts.records === types.length);
    assert.equal(processor.atATime, 1);
  });

  test('the back topic keeps what the archive must know of positions', async () => {
    await using line = await ProcessingLine.open();
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('one\n'));
    await writer.append(Buffer.from('two\nthree\n'));
    line.startPipelines();
    await eventually('all is processed', () => line.pipelines.counts.records === 3);
    const entries = await backEntries(line);
    assert.deepEqual(
      entries.flatMap((entry) => entry.segments.map(({ from, to, records, stream }) => [from, to, records, stream.key])),
      [
        [0, 4, 1, writer.info.key],
        [4, 14, 2, writer.info.key],
      ],
    );
    assert.ok(entries.every(({ format }) => format === 'block'));
  });
});
