import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { NameTrouble } from '../setup/daily-index.ts';
import { BulkSender, type Trouble } from './bulk-sender.ts';
import { namedApart, namesNotAllowed } from './named-apart.ts';
import { Pace } from './pace.ts';
import type { Range } from './piece.ts';
import { pieceWith, PretendedServer } from './pretended-server.ts';

const refused = { kind: 'refused', status: 400, type: 'invalid_alias_name_exception', reason: 'it is an index' } as const;
const noRoom = 'this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open';

function rangeOf(names: readonly string[], count: number): Range {
  const ids = Array.from({ length: count }, (_, index) => `d${index}`);
  return { piece: pieceWith(ids, 0, names), from: 0, to: count, doubt: 'none', tries: 0 };
}

test('documents of a name in trouble are told from the others by their own lines', () => {
  const mixed = rangeOf(['good', 'bad'], 5);
  const good = rangeOf(['good'], 2);
  const { free, troubled, troubles } = namedApart([mixed, good], new Map([['bad', refused]]));
  const placesOf = (ranges: readonly Range[]): unknown[] =>
    ranges.map(({ piece, from, to }) => [piece === mixed.piece, from, to]);
  assert.deepEqual(placesOf(free), [
    [true, 0, 1],
    [true, 2, 3],
    [true, 4, 5],
    [false, 0, 2],
  ]);
  assert.deepEqual(placesOf(troubled), [
    [true, 1, 2],
    [true, 3, 4],
  ]);
  assert.deepEqual(troubles, [refused, refused]);
});

test('a name that this hub may not write to is not asked about', () => {
  const items = [{ status: 201 }, { status: 403, error: { type: 'security_exception' } }];
  assert.deepEqual([...namesNotAllowed([rangeOf(['good', 'bad'], 2)], { kind: 'items', items })], ['bad']);
  assert.equal(namesNotAllowed([rangeOf(['good'], 2)], { kind: 'done' }).size, 0);
});

test('a name that cannot be made holds up no other: its documents are refused, or wait and are sent when it can', async () => {
  const clock = new ManualClock(1_000_000);
  const server = new PretendedServer();
  const troubles: (Trouble['kind'] | undefined)[] = [];
  const again: string[] = [];
  const sender = new BulkSender({
    clock,
    pace: new Pace({ bulkBytes: 1 << 20, concurrency: 2 }),
    waitMs: 1000,
    server,
    events: {
      answered: () => undefined,
      took: () => undefined,
      again: (documents, { type }) => again.push(`${documents} ${type}`),
      trouble: (trouble) => troubles.push(trouble?.kind),
    },
  });
  const stop = new AbortController();
  const ended = sender.run(stop.signal, new AbortController().signal);
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      clock.advance(1000);
    }
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  };
  server.unmade = new Map<string, NameTrouble>([
    ['concrete-2026.11.22', refused],
    ['logs-app-acme-2026.11.22', { kind: 'again', status: 400, type: 'validation_exception', reason: noRoom }],
  ]);
  const { piece } = rangeOf(['fine', 'concrete-2026.11.22', 'logs-app-acme-2026.11.22'], 9);
  const other = rangeOf(['fine'], 2).piece;
  sender.send(piece, 'none');
  sender.send(other, 'none');
  await pass(2);
  assert.ok(other.isSettled, 'others go on');
  assert.deepEqual(server.requests, [5]);
  assert.deepEqual(
    piece.refusals.map(({ document, type, reason }) => [document, type, reason]),
    [1, 4, 7].map((document) => [document, refused.type, refused.reason]),
  );
  assert.equal(piece.isSettled, false);
  assert.deepEqual([again[0], sender.trouble?.kind, troubles[0]], ['3 validation_exception', 'shards', 'shards']);
  server.unmade = new Map();
  await pass(60);
  assert.ok(piece.isSettled);
  assert.equal(sender.trouble, undefined);
  assert.equal(troubles.at(-1), undefined);
  stop.abort();
  await ended;
});
