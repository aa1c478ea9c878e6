/** What the writer does on a full disk: here a database that may not have more pages than it has. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import type { Overflow, StreamState } from '../inputs/input.ts';
import { reserveBytesMin } from './limits.ts';
import { openStore } from './open-store.ts';
import { LossReader } from './sql/loss-rows.ts';
import { readStreams } from './sql/stream-rows.ts';
import type { WriterCalls } from './writer-contract.ts';
import { BufferWriter } from './writer.ts';

class WriterUnderTest implements Disposable {
  readonly db: DatabaseSync;
  readonly events: string[] = [];
  /** Names of the calls that are durable, in their order; failed ones with a mark. */
  readonly answered: string[] = [];
  freeBytes = Number.MAX_SAFE_INTEGER;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tributary-writer-'));
  readonly #writer: BufferWriter;
  #lastId = 0;
  #ended = false;

  constructor() {
    const reserve = { file: new ReserveFile(join(this.#folder, 'reserve'), reserveBytesMin), bytes: reserveBytesMin };
    const { db } = openStore(this.#folder, reserve);
    this.db = db;
    this.#writer = new BufferWriter(db, reserve, {
      emit: ({ kind }) => void this.events.push(kind),
      wake: () => undefined,
      freeBytes: () => this.freeBytes,
    });
    this.#writer.start();
  }

  ask<Name extends keyof WriterCalls>(name: Name, argument: WriterCalls[Name]['argument'], as: string = name): void {
    const call = {
      name,
      argument,
      reply: () => void this.answered.push(as),
      fail: (error: unknown) =>
        void this.answered.push(`${as} failed: ${error instanceof Error ? error.message : String(error)}`),
    };
    // @ts-expect-error TypeScript does not see that name and argument belong together.
    this.#writer.group([call]);
  }

  open(streamId: Id, position = 0): StreamState {
    const identity = { path: `/${streamId}`, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
    const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: true, labels: {} };
    const stream = { streamId, identity, attributes, start: position, position, mark: '', ended: false };
    this.ask('putStream', stream, `open ${streamId}`);
    return stream;
  }

  append(streamId: Id, [from, to]: readonly [number, number], bodyBytes = 100_000, token?: string): void {
    this.store(streamId, [from, to], { bodyBytes, token, channel: 'acme/app', overflow: 'drop_newest' });
  }

  store(
    streamId: Id,
    [from, to]: readonly [number, number],
    {
      bodyBytes,
      token,
      channel,
      overflow,
    }: { bodyBytes: number; token?: string | undefined; channel: ChannelName; overflow: Overflow },
  ): void {
    this.#lastId += 1;
    const body = new Uint8Array(randomBytes(bodyBytes));
    const own = { streamId, from, to, fromMark: '', toMark: `m${to}`, records: to - from, bytes: bodyBytes };
    const segments = [{ ...own, cuts: [], lengths: [], drops: [] }];
    const sizes = { records: to - from, inflatedBytes: bodyBytes, bodyBytes, checksum: checksumOf(body) };
    const batch = { id: this.#lastId, channel, segments, ...sizes, envelope: { createdMs: 0, hops: [], trims: [] } };
    const tokens = new Map(token === undefined ? [] : [[streamId, token]]);
    this.ask('append', { batch, overflow, body, tokens }, `append ${streamId} ${from}-${to}`);
  }

  drop(streamId: Id, [from, to]: readonly [number, number]): void {
    const move = { streamId, position: to, mark: `m${to}` };
    this.ask('drop', { move, range: { streamId, from, to, certain: true, atMs: 0 } }, `drop ${streamId} ${from}-${to}`);
  }

  /** But for so many pages. */
  setFull(full: boolean, free = 0): void {
    const pages = full ? free + Number(this.db.prepare('PRAGMA page_count').get()?.['page_count']) : 2 ** 30;
    this.db.exec(`PRAGMA max_page_count = ${pages}`);
  }

  position(streamId: Id): number | undefined {
    return [...readStreams(this.db)].find((stream) => stream.streamId === streamId)?.position;
  }

  get lost(): number {
    return new LossReader(this.db).byCause().dropped?.positions ?? 0;
  }

  /** `look` is called while the database is still open. */
  end(look: () => void = () => undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const { db } = this;
    const close = db.close.bind(db);
    db.close = () => {
      look();
      close();
    };
    this.#writer.end();
  }

  [Symbol.dispose](): void {
    this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('on a full disk drops are recorded, and none of them before what its stream still waits with', () => {
  using unit = new WriterUnderTest();
  unit.open('kept');
  unit.open('other');
  unit.setFull(true);
  unit.append('kept', [0, 10]);
  assert.deepEqual(unit.events, ['no-space']);
  unit.drop('other', [0, 7]);
  unit.drop('kept', [10, 15]);
  assert.deepEqual(unit.answered, ['open kept', 'open other', 'drop other 0-7']);
  assert.deepEqual([unit.position('kept'), unit.position('other'), unit.lost], [0, 7, 7]);
  unit.setFull(false);
  unit.ask('retry', undefined);
  assert.deepEqual(unit.answered.slice(3), ['append kept 0-10', 'drop kept 10-15', 'retry']);
  assert.deepEqual([unit.position('kept'), unit.lost, unit.events.at(-1)], [15, 12, 'space']);
});

test('on a full disk platform events are stored before what waits, and none of them before what its channel waits with', () => {
  using unit = new WriterUnderTest();
  const events = { bodyBytes: 1000, channel: 'acme/platform', overflow: 'reserve' } as const;
  for (const streamId of ['app', 'events', 'other events', 'metrics']) unit.open(streamId);
  // What is freed of the log is little, and enough for them.
  unit.setFull(true, 4);
  unit.append('app', [0, 10]);
  assert.deepEqual(unit.events, ['no-space']);
  unit.store('events', [0, 5], events);
  assert.deepEqual(unit.answered.slice(4), ['append events 0-5']);
  unit.store('metrics', [0, 5], { ...events, bodyBytes: 100_000, overflow: 'block' });
  unit.freeBytes = reserveBytesMin / 2 - 1;
  unit.store('other events', [0, 5], { ...events, channel: 'acme/audit' });
  assert.deepEqual(unit.answered.slice(5), [], 'half of the reserve is for what frees room');
  unit.store('events', [5, 8], events);
  unit.open('late');
  unit.store('late', [0, 3], { ...events, channel: 'acme/other' });
  assert.deepEqual(unit.answered.slice(5), []);
  unit.setFull(false);
  unit.freeBytes = Number.MAX_SAFE_INTEGER;
  unit.ask('retry', undefined);
  const rest = [
    'append other events 0-5',
    'append app 0-10',
    'append metrics 0-5',
    'append events 5-8',
    'open late',
    'append late 0-3',
    'retry',
  ];
  assert.deepEqual(unit.answered.slice(5), rest);
  assert.deepEqual([unit.position('events'), unit.position('late'), unit.events.at(-1)], [8, 3, 'space']);
});

test('on a full disk a stream may take the place of another, and of the new one something be dropped', () => {
  using unit = new WriterUnderTest();
  const old = unit.open('old');
  unit.append('old', [0, 10]);
  unit.setFull(true);
  unit.append('old', [10, 20]);
  unit.ask('replaceStream', { replaced: 'old', stream: { ...old, streamId: 'new', start: 10, position: 20 }, rewritten: [] });
  unit.open('late', 5);
  unit.drop('new', [20, 30]);
  unit.drop('late', [5, 6]);
  assert.deepEqual(unit.answered, ['open old', 'append old 0-10'], 'what is not there cannot be moved, and nothing failed');
  unit.setFull(false);
  unit.ask('retry', undefined);
  assert.deepEqual(unit.answered.slice(2), [
    'append old 10-20',
    'replaceStream',
    'open late',
    'drop new 20-30',
    'drop late 5-6',
    'retry',
  ]);
  assert.deepEqual([unit.position('new'), unit.position('late'), unit.lost], [30, 6, 11]);
});

test('what waits for room when the buffer is closed is recorded as lost where it cannot be read again', () => {
  using unit = new WriterUnderTest();
  unit.open('socket');
  unit.open('journal');
  unit.setFull(true);
  unit.append('socket', [0, 10]);
  unit.append('journal', [0, 5], 1000, 'cursor 5');
  unit.drop('socket', [10, 12]);
  unit.append('socket', [12, 20]);
  unit.end(() => {
    assert.deepEqual([unit.position('socket'), unit.position('journal'), unit.lost], [20, 0, 20]);
  });
  assert.ok(unit.answered.slice(2).every((answer) => answer.includes('failed: the buffer was closed')));
});
