/** On a real queue, with the real sender and a pretended cluster: what is committed when, what is set aside, and what a start in the middle finds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { deadLettersOf, deadLetterTopic } from '../../dead-letters/dead-letter.ts';
import { leaseMs } from '../../groups/limits.ts';
import { running } from '../../groups/running.ts';
import type { Commit, CommitResult, Entry, Queue } from '../../queue/queue.ts';
import { openSqliteFixture, type SqliteQueueFixture } from '../../queue/sqlite/sqlite-fixture.ts';
import { eventually } from '../../testing/eventually.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { AheadBudget } from './ahead-budget.ts';
import type { Lines } from './bulk/bulk-contract.ts';
import type { Doubt } from './bulk/bulk-server.ts';
import { BulkSender } from './bulk/bulk-sender.ts';
import { DocumentLines } from './bulk/document-lines.ts';
import { Pace } from './bulk/pace.ts';
import { pieceWith, PretendedServer } from './bulk/pretended-server.ts';
import type { LeftLease } from './doubts.ts';
import { ElasticsearchTelling } from './elasticsearch-telling.ts';
import { bundleBytesMax } from './limits.ts';
import { TopicIndexer, type TopicIndexerOptions } from './topic-indexer.ts';

const place = { topic: 'back/acme/app', partition: 0, channel: 'acme/app' };
const group = 'elasticsearch:main';
const rules = {
  output: 'main',
  original: false,
  indices: 'data_stream',
  platformNames: 'platform',
  dayPastMs: 0,
  dayFutureMs: 0,
} as const;
const budgetBytes = 64 * 2 ** 20;

/** One entry whose documents have these ids; no two of such entries go into one bundle. */
async function publish(queue: Queue, ...ids: readonly string[]): Promise<void> {
  const body = Buffer.from(ids.join(' '));
  const columns = { segments: [], trims: [], hops: [], records: ids.length, inflatedBytes: bundleBytesMax, checksum: 0 };
  assert.equal(await queue.publish(place.topic, 0, { ...columns, format: 'block', createdMs: 1, body }), 'stored');
}

/** Makes lines of what `publish` wrote, when it may. */
class HeldLines {
  takenOver(): void {}

  readonly asked: string[] = [];
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
  /** Entries that cannot be read. */
  readonly unreadable = new Set<string>();

  hold(ids: string): void {
    this.#held.set(ids, Promise.withResolvers());
  }

  release(ids: string): void {
    this.#held.get(ids)?.resolve();
  }

  async lines(_: string, entries: readonly Entry[]): Promise<Lines> {
    const [entry] = entries;
    assert.ok(entry !== undefined && entries.length === 1);
    const text = Buffer.from(entry.body).toString();
    this.asked.push(text);
    await this.#held.get(text)?.promise;
    const isReadable = !this.unreadable.has(text);
    const { bytes, documents, names } = pieceWith(isReadable ? text.split(' ') : []);
    const ends = Uint32Array.from({ length: documents }, (_place, document) => pieceWith(text.split(' ')).endOf(document));
    const rejected = isReadable ? [] : [{ sequence: entry.sequence, reason: 'not a block' }];
    const made = new DocumentLines(place.channel, rules, 0).finish({ rejected, isRestored: false });
    return { ...made, bytes, ends, names };
  }
}

interface Site extends AsyncDisposable {
  readonly fixture: SqliteQueueFixture;
  readonly server: PretendedServer;
  readonly made: HeldLines;
  readonly budget: AheadBudget;
  /** An owner that works until it is disposed of, at the latest with the site. */
  work(changes?: Partial<TopicIndexerOptions>): AsyncDisposable;
  cursor(): Promise<number | undefined>;
}

async function openSite(budget = new AheadBudget(budgetBytes)): Promise<Site> {
  const owned = new AsyncDisposableStack();
  const fixture = owned.use(await openSqliteFixture());
  const server = new PretendedServer();
  const made = new HeldLines();
  const logger = createLogger({ level: 'error', sink: () => undefined });
  const telling = new ElasticsearchTelling({ name: 'main', logger, findings: new RecordingFindings() });
  const pace = new Pace({ bulkBytes: 1 << 20, concurrency: 2 });
  const sender = new BulkSender({ clock: systemClock, pace, waitMs: 1, events: telling, server });
  owned.use(running((signal) => sender.run(signal, signal), rethrow));
  const work = (changes: Partial<TopicIndexerOptions> = {}): AsyncDisposable => {
    const shared = {
      clock: systemClock,
      owner: 'a',
      output: 'main',
      group,
      place,
      lines: made,
      sender,
      telling,
      budget,
      left: new Map(),
    };
    const indexer = new TopicIndexer({ ...shared, queue: fixture.queue, dispatched: { add: () => undefined }, ...changes });
    return owned.use(running((signal) => indexer.run(signal), rethrow));
  };
  const cursor = async (): Promise<number | undefined> =>
    (await fixture.queue.status()).groups.find((one) => one.group === group && one.topic === place.topic)?.cursor;
  return { fixture, server, made, budget, work, cursor, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function rethrow(error: unknown): void {
  throw error;
}

test('entries are committed in their order, whichever is done first', async () => {
  await using site = await openSite();
  const { fixture, server, made } = site;
  for (const id of ['a1', 'b1', 'c1']) await publish(fixture.queue, id);
  made.hold('a1');
  site.work();
  await eventually('the later ones are there', () => server.ids.length === 2);
  assert.equal(await site.cursor(), 0, 'the first is not');
  made.release('a1');
  await eventually('all are committed', async () => (await site.cursor()) === 3);
  assert.deepEqual(server.ids.toSorted(), ['a1', 'b1', 'c1']);
  await eventually('nothing is held', () => site.budget.bytes === 0);
});

test('what is refused, and what cannot be read, is kept in the step that passes it', async () => {
  await using site = await openSite();
  const { fixture, server, made } = site;
  const { queue } = fixture;
  await publish(queue, 'a1', 'a2');
  await publish(queue, 'torn');
  made.unreadable.add('torn');
  const error = { type: 'document_parsing_exception', reason: 'no number' };
  server.replies.push((documents) => {
    const items = documents.map(({ id }) => ({ create: id === 'a2' ? { status: 400, error } : { status: 201 } }));
    return { status: 200, body: { errors: true, items } };
  });
  const commits: Commit[] = [];
  const commit = async (one: Commit): Promise<CommitResult> => {
    commits.push(one);
    return await queue.commit(one);
  };
  const noting = {
    ensureGroup: queue.ensureGroup.bind(queue),
    read: queue.read.bind(queue),
    renew: queue.renew.bind(queue),
    release: queue.release.bind(queue),
    acquire: queue.acquire.bind(queue),
    commit,
  };
  site.work({ queue: noting });
  await eventually('both are passed', async () => (await site.cursor()) === 2);
  for (const { to, publish: letters = [], deadLetters = [] } of commits) {
    assert.equal(letters.length > 0, to >= 1 && commits[0]?.to === to);
    assert.equal(deadLetters.length > 0, to === 2);
  }
  const limits = { entries: 10, bytes: 1 << 20 };
  const [entry] = await queue.read({ topic: deadLetterTopic(place.channel), partition: 0, afterSequence: 0 }, limits);
  assert.ok(entry !== undefined);
  assert.partialDeepStrictEqual(deadLettersOf(entry), [{ id: 'a2', index: 'logs-app-acme', document: '{"message":"a2"}' }]);
  const [dead, ...more] = await queue.deadEntries({ after: 0 }, { entries: 10 });
  assert.partialDeepStrictEqual(dead, { topic: place.topic, group, sequence: 2, reason: 'not a block' });
  assert.deepEqual(more, []);
});

/** The hub dies with documents there and not committed; the index is rolled over before the next one begins. */
test('a start in the middle sends nothing twice', async () => {
  await using site = await openSite();
  const { fixture, server } = site;
  for (const id of ['a1', 'b1', 'c1']) await publish(fixture.queue, id);
  const { queue } = fixture;
  const never = Promise.withResolvers<CommitResult>();
  const dying = {
    ensureGroup: queue.ensureGroup.bind(queue),
    read: queue.read.bind(queue),
    renew: queue.renew.bind(queue),
    release: async () => undefined,
    acquire: queue.acquire.bind(queue),
    commit: () => never.promise,
  };
  const owner = site.work({ queue: dying });
  await eventually('all are sent', () => server.ids.length === 3);
  never.resolve('fenced');
  await owner[Symbol.asyncDispose]();
  assert.equal(await site.cursor(), 0);
  await fixture.reopen();
  fixture.advance(leaseMs + 1);
  const lookUp = server.lookUp.bind(server);
  server.lookUp = async (documents) => {
    const there = await lookUp(documents);
    server.rollover();
    return there;
  };
  await publish(fixture.queue, 'd1');
  site.work({ owner: 'b' });
  await eventually('all are committed', async () => (await site.cursor()) === 4);
  assert.deepEqual(server.ids.toSorted(), ['a1', 'b1', 'c1', 'd1']);
});

test('no more is made into lines than there is room for, and one entry always is', async () => {
  await using site = await openSite(new AheadBudget(1));
  const { fixture, server, made } = site;
  for (const id of ['a1', 'b1', 'c1']) await publish(fixture.queue, id);
  for (const id of ['a1', 'b1']) made.hold(id);
  site.work();
  await eventually('the first is begun', () => made.asked.length === 1);
  assert.ok(site.budget.bytes >= bundleBytesMax);
  await publish(fixture.queue, 'd1');
  made.release('a1');
  await eventually('the second is begun when the first is done', () => made.asked.length === 2);
  assert.deepEqual(server.ids, ['a1']);
  made.release('b1');
  await eventually('all are committed', async () => (await site.cursor()) === 4);
  assert.deepEqual(made.asked, ['a1', 'b1', 'c1', 'd1']);
  await eventually('nothing is held', () => site.budget.bytes === 0);
});

/** Seen as documents sent by a hub whose lease was gone: their lines were being made when it ended. */
test('what is made into lines when the owner ends is not sent', async () => {
  await using site = await openSite();
  const { fixture, server, made } = site;
  await publish(fixture.queue, 'a1');
  made.hold('a1');
  const owner = site.work();
  await eventually('it is begun', () => made.asked.length === 1);
  await owner[Symbol.asyncDispose]();
  made.release('a1');
  await publish(fixture.queue, 'b1');
  made.hold('b1');
  site.work();
  await eventually('the next owner has sent the first', async () => (await site.cursor()) === 1);
  assert.deepEqual(server.ids, ['a1']);
  assert.deepEqual(server.requests, [1], 'once');
  made.release('b1');
  await eventually('all are committed', async () => (await site.cursor()) === 2);
  await eventually('nothing is held', () => site.budget.bytes === 0);
});

test('a topic at rest gives its lease back, and what comes then was sent by nobody', async () => {
  await using site = await openSite();
  const { fixture, server } = site;
  const doubts: Doubt[] = [];
  const lookUp = server.lookUp.bind(server);
  server.lookUp = async (documents) => {
    doubts.push(...documents.map(({ doubt }) => doubt));
    return await lookUp(documents);
  };
  const left = new Map<string, LeftLease>();
  const clock = new ManualClock();
  for (const id of ['a1', 'b1']) {
    await publish(fixture.queue, id);
    const owner = site.work({ left, clock });
    await eventually('it is there', () => server.ids.includes(id));
    await eventually('the topic is at rest', () => {
      clock.advance(1000);
      return left.size === 1;
    });
    await owner[Symbol.asyncDispose]();
  }
  assert.deepEqual(doubts, ['elsewhere', 'elsewhere']);
  await publish(fixture.queue, 'c1');
  site.work({ left: new Map() });
  await eventually('it is there', () => server.ids.length === 3);
  assert.deepEqual(doubts.slice(2), ['anywhere'], 'another hub does not know that');
});
