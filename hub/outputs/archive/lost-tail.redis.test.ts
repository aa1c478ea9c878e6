/**
 * The master dies, and its replica had not heard of the last it acked and archived. Agents send that again; what the archive has of it is
 * found by the manifests, whatever sequences it gets now, and every line is in the archive once: also those that a pipeline routed to the
 * errors, of which each log type's manifests tell what they hold of the same streams.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { type ArchivedStream, readArchive } from '../../../test/harness/read-archive.ts';
import { RedisProxy } from '../../../test/harness/redis/redis-proxy.ts';
import { RedisServer } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import { until } from '../../../test/harness/until.ts';
import { Burst } from '../../groups/burst.ts';
import { running } from '../../groups/running.ts';
import { type ProcessingTerms, processBatches } from '../../processing/engine/process-batches.ts';
import { Pipelines } from '../../processing/pipelines.ts';
import type { Step } from '../../processing/steps/step.ts';
import { progressBuffer, ProgressWriter } from '../../processing/thread-progress.ts';
import type { Queue } from '../../queue/queue.ts';
import { queueLibrary } from '../../queue/redis/functions/library.ts';
import { openMasters } from '../../queue/redis/masters/open-masters.ts';
import { testRedisOptions } from '../../queue/redis/masters/redis-fixture.ts';
import { openRedisQueue } from '../../queue/redis/open-redis-queue.ts';
import { booksOf } from '../../status/books.ts';
import { StreamWriter, streamInfo } from '../../testing/records.ts';
import { archiveWorker } from '../../workers.ts';
import { Archive } from './archive.ts';
import { folderArchive } from './store/archive-spec.ts';

const channel = 'acme/app';
const errors = 'acme/errors';
const partitions = 4;
const skip = (await requireTool('redis')) ?? (await requireTool('python3')) ?? (await requireTool('zstd'));

/** Every third line goes to the errors. */
const step: Step = {
  run(record) {
    if (Number(/\d+/.exec(record.text)) % 3 === 0) record.destination = { type: 'errors' };
  },
};

const terms: Omit<ProcessingTerms, 'channel'> = {
  pipeline: {
    name: 'test',
    source: { name: 'test', file: 'test.yaml', text: '' },
    steps: [{ index: 0, name: 'thirds', kind: 'test', step, when: undefined, onError: 'route' }],
    keepsState: false,
    [Symbol.dispose]: () => undefined,
  },
  failing: [],
  switchedOff: [],
  progress: new ProgressWriter(progressBuffer()),
  problems: () => [],
};

/** Pipelines and archive of one hub. */
class TestHub implements AsyncDisposable {
  readonly queue: Queue;
  readonly archive: Archive;
  readonly logged: readonly LogEntry[];
  /** What uses another one ends before it. */
  readonly #owned: AsyncDisposableStack;

  private constructor(
    owned: AsyncDisposableStack,
    { queue, folder, owner, logged }: { queue: Queue; folder: string; owner: string; logged: LogEntry[] },
  ) {
    this.#owned = owned;
    this.queue = queue;
    this.logged = logged;
    const logger = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    const cluster = {
      partitions: () => new Set([0, 1, 2, 3]),
      onChanged: () => () => undefined,
      onAnnounced: () => () => undefined,
    };
    const common = { queue, cluster, clock: systemClock, logger, owner };
    const rules = { objectBytes: 4000, rollIntervalMs: 60_000, compression: 'zstd' } as const;
    this.archive = this.#owned.use(
      new Archive({ ...common, ...rules, archive: folderArchive(folder), worker: archiveWorker, crashPoint: undefined }),
    );
    const pipelines = new Pipelines({
      ...common,
      processor: { process: async (entries, { channel: of }) => processBatches(entries, { ...terms, channel: of }) },
      burst: new Burst(systemClock, Infinity),
      prepare: async (name) => {
        await this.archive.prepare(name);
        return true;
      },
    });
    this.#owned.use(running((signal) => pipelines.run(signal), rethrow));
    this.#owned.use(running((signal) => this.archive.run(signal), rethrow));
  }

  static async open(url: string, folder: string, owner: string): Promise<TestHub> {
    const logged: LogEntry[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    const masters = await openMasters({
      options: testRedisOptions({ url, partitions }),
      logger: log,
      clock: systemClock,
      durability: 'full',
      libraries: [queueLibrary],
    });
    const owned = new AsyncDisposableStack();
    owned.use(masters);
    const queue = owned.use(await openRedisQueue({ masters, log, partitions }));
    return new TestHub(owned, { queue, folder, owner, logged });
  }

  async archived(records: number): Promise<void> {
    await until(`${records} records are archived`, async () => {
      for (const each of [channel, errors]) this.queue.requestArchive(each);
      const objects = await this.queue.archiveObjects().catch(() => []);
      return objects.reduce((sum, object) => sum + object.records, 0) === records;
    });
  }

  async rowsOf(name: string): Promise<number> {
    const objects = (await this.queue.archiveObjects()).filter((object) => object.channel === name);
    return objects.reduce((sum, { records }) => sum + records, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function linesOf(name: string, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => `${name} ${index} ${'x'.repeat(index % 50)}\n`).join(''));
}

/** What the archive has of a stream in all of its log types, by position; asserts that each position is there once. */
function inOrder({ pieces, raw }: ArchivedStream): Buffer {
  let offset = 0;
  const found = pieces.map(({ position, bytes }) => ({ position, bytes: raw.subarray(offset, (offset += bytes)) }));
  const parts = found.toSorted((a, b) => a.position - b.position);
  let end = 0;
  for (const { position, bytes } of parts) {
    assert.equal(position, end, 'nothing is missing, and nothing there twice');
    end += bytes.length;
  }
  return Buffer.concat(parts.map(({ bytes }) => bytes));
}

suite('a lost tail', { skip }, () => {
  test('each line is archived once, and every object has its row', async () => {
    await using scratch = await Scratch.make();
    const folder = await scratch.folder('archive');
    await using master = await RedisServer.start({ folder: scratch.file('master') });
    await using replication = await RedisProxy.start(master);
    await using replica = await RedisServer.start({
      folder: scratch.file('replica'),
      settings: { replicaof: `127.0.0.1 ${replication.port}` },
    });
    await until('the replica follows', async () => (await replica.info('master_link_status')) === 'up');
    await using address = await RedisProxy.start(master);
    await using hub = await TestHub.open(address.url, folder, 'one');
    const changed: (number | undefined)[] = [];
    hub.queue.onStoreChanged((partition) => changed.push(partition));
    const streams = [streamInfo(1), streamInfo(2)];
    const batches = ['first', 'second', 'third', 'fourth'].map((name) => linesOf(name, 60));
    // As agents do that have all of it in their replay window.
    const send = async (names: number): Promise<void> => {
      for (const info of streams) {
        const writer = new StreamWriter(hub.queue, info);
        for (const batch of batches.slice(0, names)) await writer.append(batch);
      }
    };
    await send(1);
    await hub.archived(120);
    const offset = await master.info('master_repl_offset');
    await until('the replica has it', async () => (await replica.info('slave_repl_offset')) >= offset);
    replication.silence();
    await send(2);
    await hub.archived(240);
    await send(3);
    await master.kill();
    await replica.command('REPLICAOF', 'NO', 'ONE');
    const rowsBefore = Number(await replica.command('EVAL', countRows, 0));
    assert.ok(rowsBefore > 0, 'the replica knows of some objects');
    address.retarget(replica);
    await until('the lost tail is noticed', () => changed.length > 0);
    await send(4);
    await hub.archived(480);
    const found = await readArchive(folder);
    assert.equal(found.length, 2);
    for (const stream of found) assert.ok(inOrder(stream).equals(Buffer.concat(batches)), `${stream.stream} has every line once`);
    assert.equal(await hub.rowsOf(errors), 160, 'a third of all lines are errors');
    const names = (await hub.queue.archiveObjects()).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.endsWith('.csv.zst'))
      .map((file) => join(file.parentPath, file.name).slice(folder.length + 1));
    assert.deepEqual(files.toSorted(), names.toSorted(), 'every object has its row');
    const [books] = booksOf(await hub.queue.status(), true);
    assert.ok(books !== undefined && books.restored > 0 && books.leftOut > 0, 'rows were put back, and what they hold left out');
    assert.partialDeepStrictEqual(books, { archivePending: 0, missing: 0 }, 'the books balance all the same');
    assert.ok(hub.logged.some(({ message }) => message.includes('put back from their manifests')));
    // Another owner, later, leaves out the same.
    await using other = await TestHub.open(address.url, folder, 'two');
    assert.equal((await other.queue.archiveObjects()).length, names.length);
  });
});

const countRows =
  "local sum = 0 for _, key in ipairs(redis.call('KEYS', '*}:objects')) do sum = sum + redis.call('LLEN', key) end return sum";

function rethrow(error: unknown): void {
  throw error;
}
