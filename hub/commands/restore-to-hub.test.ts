/** Restoring with the hub's part in the same process: what is done twice, in parts, or was broken off is there once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../channels/operation-error.ts';
import { FrameCiphers } from '../outputs/archive/frame-cipher.ts';
import { LineProcessor, type RestorePipeline } from '../outputs/archive/restore/line-processor.ts';
import { beginRequest, linesRequest, objectRequest, restorePaths } from '../outputs/archive/restore/requests.ts';
import { RestoreOperations } from '../outputs/archive/restore/restore-operations.ts';
import { RestoreRun, type RestoreRunParts, type RestoreSums } from '../outputs/archive/restore/restore-run.ts';
import { decodeBlock } from '../processing/block.ts';
import { documentsOf } from '../processing/block-documents.ts';
import { backTopic, type Queue } from '../queue/queue.ts';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { type AskHub, HubRefusal } from './ask-running-hub.ts';
import { HubTarget } from './restore-to-hub.ts';

const text = 'fields: { n: long }\nsteps:\n  - json:\n  - drop:\n    when: n == 3\n';
const pipeline: RestorePipeline = {
  source: { name: 'parsed', file: 'parsed.yaml', text },
  facts: { name: 'parsed', steps: ['json', 'drop'], keepsState: false, redaction: undefined, runsScripts: false },
};
const lines = [...[1, 2, 3, 4, 5].map((n) => `{"n":${n}}\n`), 'no json\n'];

interface SeenDocument {
  readonly host: string;
  readonly position: number;
  readonly raw: string;
  readonly fields: unknown;
  readonly isArchived: boolean | undefined;
}

class RestoreFixture implements AsyncDisposable {
  readonly line: ProcessingLine;
  /** How many answers to requests for lines are lost. */
  answersLost = 0;
  /** Publishing to this topic fails. */
  broken: string | undefined;
  /** No output reads this channel. */
  unread: string | undefined;
  #operations: RestoreOperations;

  private constructor(line: ProcessingLine) {
    this.line = line;
    this.#operations = this.#made();
  }

  /** The lines of two machines, archived as they came. */
  static async open(): Promise<RestoreFixture> {
    const line = await ProcessingLine.open();
    for (const [index, host] of ['web1', 'web2'].entries()) {
      await new StreamWriter(line.queue, streamInfo(index + 1, { host })).append(Buffer.from(lines.join('')));
    }
    line.startPipelines();
    line.startArchive();
    const fixture = new RestoreFixture(line);
    await fixture.archived('app', 2 * lines.length);
    return fixture;
  }

  async archived(type: string, records: number): Promise<void> {
    await eventually(`${records} records of ${type} are archived`, async () => {
      this.line.queue.requestArchive(`acme/${type}`);
      const objects = (await this.line.queue.archiveObjects()).filter(({ channel }) => channel === `acme/${type}`);
      return objects.reduce((sum, object) => sum + object.records, 0) === records;
    });
  }

  /** Another hub process. */
  restart(): void {
    this.#operations = this.#made();
  }

  async restore(into: string, query: RestoreRunParts['query'] = {}): Promise<Readonly<RestoreSums>> {
    await using processor = new LineProcessor({ pipeline, channel: `acme/${into}`, from: 'acme/app', threads: 1, limits: {} });
    const request = { tenant: 'acme', type: 'app', into, pipeline: 'parsed', sha256: 'ab'.repeat(32) };
    const target = await HubTarget.open({ ask: (question) => this.#ask(question), request, onWaiting: () => undefined });
    const objects = (await this.line.queue.archiveObjects()).filter(({ channel }) => channel === 'acme/app');
    const archive = { store: this.line.archive.store, ciphers: new FrameCiphers(undefined) };
    return await new RestoreRun({ archive, objects, query, processor, target, ahead: 2, onProgress: () => undefined }).run();
  }

  /** What lies in a back topic and was restored. */
  async restored(type: string): Promise<SeenDocument[]> {
    const from = { topic: backTopic(`acme/${type}`), partition: 0, afterSequence: 0 };
    const entries = await this.line.queue.read(from, { entries: 1000, bytes: 1 << 20 });
    return entries.flatMap(({ body, inflatedBytes }) => {
      const block = decodeBlock(body, inflatedBytes);
      if (block.restored === undefined) return [];
      return [...documentsOf(block)].map(({ stream, position, raw, fields }) => ({
        host: stream.attributes.host,
        position,
        raw: Buffer.from(raw).toString(),
        fields: fields === undefined ? undefined : JSON.parse(Buffer.from(fields).toString()),
        isArchived: block.restored?.isArchived,
      }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
  }

  #made(): RestoreOperations {
    const { queue, archive } = this.line;
    const prepare = async (channel: string): Promise<boolean> => {
      if (channel === this.unread) return false;
      await archive.prepare(channel);
      return true;
    };
    const publish: Queue['publish'] = async (topic, ...entry) => {
      if (topic === this.broken) throw new HubRefusal('failed', 'killed');
      return queue.publish(topic, ...entry);
    };
    const registry = { record: async () => undefined };
    const outputs = { archive, prepare };
    return new RestoreOperations({ queue: { publish, partitions: 1 }, registry, clock: { now: () => 1 }, outputs });
  }

  async #ask({ path, body }: Parameters<AskHub>[0]): ReturnType<AskHub> {
    const operations = this.#operations;
    const by = { actor: 'console:test', address: '' };
    if (path === restorePaths.begin) return { ...(await operations.begin(beginRequest.parse(body), by)) };
    if (path === restorePaths.object) return { ...(await operations.object(objectRequest.parse(body))) };
    const answer = await operations.lines(linesRequest.parse(body)).catch((error: unknown) => {
      throw error instanceof OperationError ? new HubRefusal(error.code, error.message) : error;
    });
    this.answersLost -= 1;
    if (this.answersLost >= 0) throw new Error('the answer was lost');
    return { ...answer };
  }
}

function places(documents: readonly SeenDocument[]): string[] {
  return documents.map(({ host, position }) => `${host} ${position}`).toSorted();
}

const [good, bad] = [
  ['web1 0', 'web1 24', 'web1 32', 'web1 8', 'web2 0', 'web2 24', 'web2 32', 'web2 8'],
  ['web1 40', 'web2 40'],
];

test('a part first, then all, with an answer that was lost, then all again: each record once', async () => {
  await using fixture = await RestoreFixture.open();
  fixture.answersLost = 1;
  const part = await fixture.restore('parsed', { host: 'web2' });
  assert.deepEqual([part.lines, part.documents, part.problems], [6, { parsed: 4, errors: 1 }, []]);
  assert.deepEqual([(await fixture.restore('parsed')).lines, (await fixture.restore('parsed')).lines], [6, 0]);
  const parsed = await fixture.restored('parsed');
  assert.deepEqual([places(parsed), places(await fixture.restored('errors'))], [good, bad]);
  for (const { raw, fields, isArchived } of parsed) assert.deepEqual([fields, isArchived], [JSON.parse(raw), false]);
  await fixture.archived('parsed', 8);
  await fixture.archived('errors', 2);
});

test('documents for a log type that nobody reads are refused before anything is published, and not lost', async () => {
  await using fixture = await RestoreFixture.open();
  fixture.unread = 'acme/errors';
  await assert.rejects(fixture.restore('parsed'), /acme\/errors, which no output reads/);
  assert.deepEqual(await fixture.restored('parsed'), []);
  fixture.unread = undefined;
  await fixture.restore('parsed');
  assert.deepEqual([places(await fixture.restored('parsed')), places(await fixture.restored('errors'))], [good, bad]);
});

test('what was broken off is done first, as it was, whatever is asked for', async () => {
  await using fixture = await RestoreFixture.open();
  fixture.broken = backTopic('acme/errors');
  await assert.rejects(fixture.restore('parsed'), /killed/);
  assert.equal((await fixture.restored('parsed')).length, 8, 'the first of two blocks was published');
  fixture.broken = undefined;
  fixture.restart();
  assert.equal((await fixture.restore('parsed', { host: 'web1' })).lines, 12);
  assert.deepEqual([places(await fixture.restored('parsed')), places(await fixture.restored('errors'))], [good, bad]);
});

test('into the log type that is read the archive passes over it, and it may go again; what goes elsewhere goes once', async () => {
  await using fixture = await RestoreFixture.open();
  assert.equal((await fixture.restore('app')).lines, 12);
  assert.equal((await fixture.restore('app')).lines, 12);
  const own = await fixture.restored('app');
  assert.ok(own.every(({ isArchived }) => isArchived === true));
  assert.deepEqual(places(own), [...good, ...good].toSorted());
  assert.deepEqual(places(await fixture.restored('errors')), bad);
  await fixture.archived('errors', 2);
  await fixture.archived('app', 12);
});
