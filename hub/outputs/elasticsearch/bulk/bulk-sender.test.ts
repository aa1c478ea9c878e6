import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { VolatileIndexError } from '../client/kept-indices.ts';
import { strangeTriesMax } from '../limits.ts';
import { BulkSender, type Trouble } from './bulk-sender.ts';
import { Pace } from './pace.ts';
import type { Piece } from './piece.ts';
import { pieceWith, PretendedServer } from './pretended-server.ts';

const waitMs = 1000;

class Bench implements AsyncDisposable {
  readonly clock = new ManualClock(1_000_000);
  readonly server = new PretendedServer();
  readonly troubles: (Trouble['kind'] | undefined)[] = [];
  readonly pace: Pace;
  readonly sender: BulkSender;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(rules: { bulkBytes?: number; concurrency?: number } = {}) {
    this.pace = new Pace({ bulkBytes: 1 << 20, concurrency: 2, ...rules });
    this.sender = new BulkSender({
      clock: this.clock,
      pace: this.pace,
      waitMs,
      server: this.server,
      events: {
        answered: () => undefined,
        took: () => undefined,
        again: () => undefined,
        trouble: (trouble) => this.troubles.push(trouble?.kind),
      },
    });
    this.#ended = this.sender.run(this.#stop.signal, new AbortController().signal);
  }

  /** Time passes until all of it is settled; what never is, fails. */
  async settled(...pieces: readonly Piece[]): Promise<void> {
    for (let second = 0; second < 600; second += 1) {
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      if (pieces.every(({ isSettled }) => isSettled)) return;
      this.clock.advance(1000);
    }
    assert.fail(`not settled after ten minutes; requests of ${this.server.requests.join(', ')}`);
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

function ids(count: number, prefix = 'd'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function itemsOf(statuses: readonly number[], ...errors: readonly object[]): { status: number; body: object } {
  const left = [...errors];
  const error = (): object | undefined => (left.length > 1 ? left.shift() : left[0]);
  const items = statuses.map((status) => ({ create: status < 300 ? { status } : { status, error: error() } }));
  return { status: 200, body: { errors: true, items } };
}

test('pieces of several topics go together, after the wait or when they are enough', async () => {
  await using bench = new Bench();
  const pieces = [pieceWith(ids(3, 'a')), pieceWith(ids(2, 'b'))];
  for (const piece of pieces) bench.sender.send(piece, 'none');
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  assert.deepEqual(bench.server.requests, [], 'more may come');
  await bench.settled(...pieces);
  assert.deepEqual(bench.server.requests, [5]);
  assert.equal(bench.server.lookedUp, 0);
  assert.deepEqual(bench.server.made, ['logs-app-acme']);
  const large = pieceWith(ids(40, 'c'), 60_000);
  bench.sender.send(large, 'none');
  await bench.settled(large);
  const [, ...parts] = bench.server.requests;
  assert.ok(parts.length > 2 && parts.every((count) => count <= 17), parts.join(', '));
});

test('an answer that was lost: what arrived is not sent into the next index', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(10));
  bench.server.replies.push(() => {
    queueMicrotask(() => bench.server.rollover());
    return 'lost';
  });
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids, ids(10));
  assert.equal(bench.server.lookedUp, 10);
  assert.deepEqual(bench.server.requests, [10], 'none is left to be sent');
  assert.deepEqual(bench.troubles, ['away']);
});

test('what never left need not be looked up', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(3));
  bench.server.replies.push(
    () => 'away',
    () => 'away',
  );
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.equal(bench.server.lookedUp, 0);
  assert.deepEqual(bench.server.requests, [3, 3, 3]);
  assert.deepEqual(bench.troubles, ['away', 'away', undefined]);
});

test('what may have been sent before is looked up, and the rest sent', async () => {
  await using bench = new Bench();
  bench.server.indices[0]?.set('d1', '');
  bench.server.rollover();
  bench.server.indices[1]?.set('d2', '');
  const piece = pieceWith(ids(4));
  bench.sender.send(piece, 'anywhere');
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids.toSorted(), ids(4));
  assert.deepEqual(bench.server.requests, [2]);
  assert.deepEqual(piece.refusals, []);
});

test('what was sent long ago, if at all, is left to the index that is written to', async () => {
  await using bench = new Bench();
  bench.server.indices[0]?.set('d1', '');
  bench.server.rollover();
  bench.server.indices[1]?.set('d2', '');
  const piece = pieceWith(ids(4));
  bench.sender.send(piece, 'elsewhere');
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids.toSorted(), ids(4));
  assert.deepEqual(bench.server.requests, [3], 'it refuses d2 itself');
});

/** Seen as a document that was there twice: its answer was lost, and the index rolled over when it had been looked up. */
test('a rollover between the look and the request doubles nothing', async () => {
  await using bench = new Bench();
  bench.server.indices[0]?.set('d1', '');
  const lookUp = bench.server.lookUp.bind(bench.server);
  bench.server.lookUp = async (documents) => {
    const there = await lookUp(documents);
    bench.server.rollover();
    return there;
  };
  const piece = pieceWith(ids(3));
  bench.sender.send(piece, 'anywhere');
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids.toSorted(), ids(3));
  assert.equal(piece.isAnyThere, true);
});

test('what may go into data streams only goes apart from the rest', async () => {
  await using bench = new Bench();
  bench.server.streams = new Set(['logs-app-acme']);
  const pieces = [
    pieceWith(ids(3, 'a')),
    pieceWith(ids(4, 'b'), 0, ['logs-app-acme', 'orders']),
    pieceWith(ids(2, 'c'), 0, ['orders']),
  ];
  for (const piece of pieces) bench.sender.send(piece, 'none');
  await bench.settled(...pieces);
  assert.deepEqual(bench.server.ids.toSorted(), [...ids(3, 'a'), ...ids(4, 'b'), ...ids(2, 'c')]);
  const sent = bench.server.ofStreams.map((isOfStreams, request) => `${isOfStreams} ${bench.server.requests[request]}`);
  assert.deepEqual(sent.toSorted(), ['false 4', 'true 5']);
});

test('document by document: done, again, refused', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(4));
  const busy = { type: 'es_rejected_execution_exception', reason: 'full' };
  const wrong = {
    type: 'document_parsing_exception',
    reason: 'failed to parse',
    caused_by: { type: 'x', reason: 'not a number' },
  };
  bench.server.replies.push(() => itemsOf([201, 429, 409, 400], busy, {}, wrong));
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(bench.server.requests, [4, 1], 'only the one that may pass is sent again');
  assert.deepEqual(bench.server.ids, ['d1']);
  assert.equal(bench.server.lookedUp, 0, 'what was rejected was not done');
  assert.deepEqual(piece.refusals, [
    { document: 3, status: 400, type: 'document_parsing_exception', reason: 'failed to parse: not a number' },
  ]);
  const [letter] = piece.letters('main', 5);
  assert.deepEqual(letter, {
    output: 'main',
    id: 'd3',
    index: 'logs-app-acme',
    status: 400,
    type: 'document_parsing_exception',
    reason: 'failed to parse: not a number',
    atMs: 5,
    tries: 1,
    document: '{"message":"d3"}',
  });
});

test('an index that is blocked is waited for, and others are not held up', async () => {
  await using bench = new Bench();
  const blocked = { type: 'cluster_block_exception', reason: 'index [a] blocked by: [FORBIDDEN/5/index read-only (api)]' };
  const held = pieceWith(ids(2, 'held'));
  const holds = 40;
  for (let times = 0; times < holds; times += 1) {
    bench.server.replies.push((documents) =>
      documents.some(({ id }) => id.startsWith('held'))
        ? itemsOf(
            documents.map(({ id }) => (id.startsWith('held') ? 403 : 201)),
            blocked,
          )
        : 'usual',
    );
  }
  bench.sender.send(held, 'none');
  for (let second = 0; second < 60; second += 1) {
    bench.clock.advance(1000);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  }
  assert.equal(bench.sender.trouble?.kind, 'blocked');
  const free = pieceWith(ids(2, 'free'));
  bench.sender.send(free, 'none');
  await bench.settled(free);
  assert.equal(held.isSettled, false);
  bench.server.replies.length = 0;
  await bench.settled(held);
  assert.deepEqual(held.refusals, []);
  assert.equal(bench.sender.trouble, undefined);
});

test('a request that is too large is halved, and a document that is too large alone is refused', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(8));
  for (let times = 0; times < 20; times += 1) {
    bench.server.replies.push((documents) =>
      documents.length > 4 || documents.some(({ id }) => id === 'd5')
        ? { status: 413, body: 'Request Entity Too Large' }
        : 'usual',
    );
  }
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(
    piece.refusals.map(({ document, status, type }) => [document, status, type]),
    [[5, 413, 'content_too_large']],
  );
  assert.deepEqual(
    bench.server.ids.toSorted(),
    ids(8).filter((id) => id !== 'd5'),
  );
});

test('one document makes a request unreadable: it alone is refused', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(8));
  for (let times = 0; times < 20; times += 1) {
    bench.server.replies.push((documents) =>
      documents.some(({ id }) => id === 'd2')
        ? { status: 400, body: { error: { type: 'parse', reason: 'malformed' } } }
        : 'usual',
    );
  }
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(
    piece.refusals.map(({ document }) => document),
    [2],
  );
});

test('a server that reads no request at all loses nothing', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(2));
  for (let times = 0; times < 9; times += 1) bench.server.replies.push(() => ({ status: 400, body: 'what is this' }));
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(piece.refusals, []);
  assert.deepEqual(bench.server.ids.toSorted(), ids(2));
  assert.ok(bench.troubles.includes('wrong'));
});

test('a key that is not allowed waits, and goes on when it is', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(2));
  for (let times = 0; times < 5; times += 1)
    bench.server.replies.push(() => ({ status: 401, body: { error: { reason: 'no' } } }));
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(bench.troubles, [...Array.from({ length: 5 }, () => 'not-allowed'), undefined]);
  assert.equal(bench.server.lookedUp, 0);
});

test('a fault of the server that it does not name is tried some times, looked up before each', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(1));
  const fault = { type: 'null_pointer_exception', reason: 'null' };
  for (let times = 0; times < 20; times += 1) bench.server.replies.push(() => itemsOf([500], fault));
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.equal(bench.server.requests.length, strangeTriesMax + 1);
  assert.equal(bench.server.lookedUp, strangeTriesMax);
  assert.equal(piece.refusals[0]?.type, 'null_pointer_exception');
});

test('what an index does not keep is not done', async () => {
  await using bench = new Bench();
  bench.server.checkFails = new VolatileIndexError('async');
  const piece = pieceWith(ids(2));
  bench.sender.send(piece, 'none');
  for (let second = 0; second < 20; second += 1) {
    bench.clock.advance(1000);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  }
  assert.equal(piece.isSettled, false);
  assert.equal(bench.sender.trouble?.kind, 'volatile');
  bench.server.checkFails = undefined;
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids, ids(2));
});

test('a cluster that is away is asked seldom, by one request at a time', async () => {
  await using bench = new Bench({ bulkBytes: 16 * 1024, concurrency: 8 });
  for (let times = 0; times < 1000; times += 1) bench.server.replies.push(() => 'away');
  for (let count = 0; count < 20; count += 1) bench.sender.send(pieceWith(ids(10, `p${count}-`), 3000), 'none');
  for (let second = 0; second < 600; second += 1) {
    bench.clock.advance(1000);
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  }
  assert.ok(bench.server.requests.length < 160, `${bench.server.requests.length} requests in ten minutes`);
  assert.ok(bench.server.requests.length > 100);
});

test('a cluster that is back is found soon, however long it was away', async () => {
  await using bench = new Bench();
  for (let times = 0; times < 1000; times += 1) bench.server.replies.push(() => 'away');
  const piece = pieceWith(ids(2));
  bench.sender.send(piece, 'none');
  await bench.pass(600);
  bench.server.replies.length = 0;
  await bench.pass(4);
  assert.equal(piece.isSettled, true);
});

test('few documents that are not taken are tried often, many seldom', async () => {
  const blocked = { type: 'cluster_block_exception', reason: 'index [a] blocked' };
  const triesOf = async (fill: number): Promise<number> => {
    await using bench = new Bench({ bulkBytes: 1 << 25 });
    for (let times = 0; times < 1000; times += 1)
      bench.server.replies.push((documents) =>
        itemsOf(
          documents.map(() => 403),
          blocked,
        ),
      );
    bench.sender.send(pieceWith(ids(32), fill), 'none');
    await bench.pass(120);
    return bench.server.requests.length;
  };
  assert.ok((await triesOf(10)) > 25);
  assert.ok((await triesOf(500_000)) < 20);
});

test('a request without an answer is told, until one is answered soon: a slow cluster is late all the time', async () => {
  await using bench = new Bench({ concurrency: 1 });
  let answerMs = 12_000;
  bench.server.answers = () => bench.clock.sleep(answerMs);
  const pieces = Array.from({ length: 60 }, (_, number) => pieceWith(ids(1, `p${number}-`)));
  for (const piece of pieces.slice(0, 50)) {
    bench.sender.send(piece, 'none');
    await bench.pass(1);
  }
  assert.deepEqual(bench.troubles, ['late']);
  assert.match(bench.sender.trouble?.reason ?? '', /^what was sent at \S+ had no answer for 8 s$/);
  answerMs = 0;
  for (const piece of pieces.slice(50)) bench.sender.send(piece, 'none');
  await bench.settled(...pieces);
  assert.deepEqual(bench.troubles, ['late', undefined]);
  assert.equal(bench.sender.trouble, undefined);
});

test('an answer that was late is the end of the trouble where nothing else is to be sent', async () => {
  await using bench = new Bench();
  bench.server.answers = () => bench.clock.sleep(12_000);
  const piece = pieceWith(ids(1));
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  await bench.pass(1);
  assert.deepEqual(bench.troubles, ['late', undefined]);
});

test('what nobody waits for is not sent again', async () => {
  await using bench = new Bench();
  const [gone, stays] = [pieceWith(ids(2, 'gone')), pieceWith(ids(2, 'stays'))];
  bench.server.replies.push(() => 'away');
  bench.sender.send(gone, 'none');
  bench.sender.send(stays, 'none');
  bench.clock.advance(waitMs);
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  bench.sender.abandon(gone);
  await bench.settled(stays);
  assert.deepEqual(bench.server.ids, ids(2, 'stays'));
});

test('of a request that turned out unreadable in its middle the beginning may be there: it is looked up', async () => {
  await using bench = new Bench();
  const piece = pieceWith(ids(10));
  bench.server.replies.push((documents) => {
    for (const { id, text } of documents.slice(0, 3)) bench.server.indices[0]?.set(id, text);
    bench.server.rollover();
    return { status: 400, body: { error: { type: 'illegal_argument_exception', reason: 'Malformed action/metadata line' } } };
  });
  bench.sender.send(piece, 'none');
  await bench.settled(piece);
  assert.deepEqual(bench.server.ids.toSorted(), ids(10));
});

test('what is given up meanwhile is not sent: after it was looked up, nor in two halves', async () => {
  for (const isUnsure of [true, false]) {
    await using bench = new Bench();
    const [piece, other] = [pieceWith(ids(4)), pieceWith(ids(2, 'other'))];
    const lookUp = bench.server.lookUp.bind(bench.server);
    bench.server.lookUp = async (documents) => {
      bench.sender.abandon(piece);
      return lookUp(documents);
    };
    if (!isUnsure)
      bench.server.replies.push(() => {
        bench.sender.abandon(piece);
        return { status: 413, body: {} };
      });
    bench.sender.send(piece, isUnsure ? 'anywhere' : 'none');
    bench.sender.send(other, isUnsure ? 'anywhere' : 'none');
    await bench.settled(other);
    assert.deepEqual(bench.server.ids, ids(2, 'other'));
  }
});

test('a document that is more than the server has room for when it does nothing else is refused, and holds nobody up', async () => {
  const busy = (operation: number): object => ({
    type: 'es_rejected_execution_exception',
    reason: `rejected execution of primary operation [coordinating_and_primary_bytes=9, replica_bytes=0, all_bytes=9, primary_operation_bytes=${operation}, max_primary_bytes=1000]`,
  });
  for (const isWhole of [false, true]) {
    await using bench = new Bench({ concurrency: 1 });
    const piece = pieceWith(ids(5));
    const answer = (documents: readonly { readonly id: string }[]): ReturnType<typeof itemsOf> | 'usual' => {
      if (!documents.some(({ id }) => id === 'd3')) return 'usual';
      const error = busy(1000 + documents.length);
      return isWhole
        ? { status: 429, body: { error } }
        : itemsOf(
            documents.map(() => 429),
            error,
          );
    };
    bench.server.replies.push(...Array.from({ length: 20 }, () => answer));
    bench.sender.send(piece, 'none');
    await bench.settled(piece);
    assert.deepEqual(
      piece.refusals.map(({ document }) => document),
      [3],
    );
    assert.deepEqual(bench.server.ids.toSorted(), ['d0', 'd1', 'd2', 'd4']);
    assert.ok(bench.server.requests.length < 10, bench.server.requests.join());
  }
  await using bench = new Bench();
  const patient = pieceWith(ids(1));
  bench.server.replies.push(() => itemsOf([429], busy(1000)));
  bench.sender.send(patient, 'none');
  await bench.settled(patient);
  assert.deepEqual(patient.refusals, [], 'one that has room at another time is tried again');
});
