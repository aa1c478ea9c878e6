/** With a queue and a sender that only note what they are asked for; test/e2e has real ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { leaseMs } from '../../groups/limits.ts';
import type { Entry, Lease, Queue } from '../../queue/queue.ts';
import { compress } from '../../testing/records.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { AheadBudget } from './ahead-budget.ts';
import type { Lines } from './bulk/bulk-contract.ts';
import type { Doubt } from './bulk/bulk-server.ts';
import type { Piece } from './bulk/piece.ts';
import { ElasticsearchTelling } from './elasticsearch-telling.ts';
import { clockSlackMs, suspectEntriesMax } from './limits.ts';
import { TopicIndexer } from './topic-indexer.ts';

const place = { topic: 'back/acme/app', partition: 0, channel: 'acme/app' };
const nowMs = Date.UTC(2026, 10, 22, 12);
const lateMs = nowMs + clockSlackMs + 1;
/** In doubt are those that were there when the lease began. */
const last = suspectEntriesMax + 64;
const body = compress(Buffer.from('a block'));

function entryOf(sequence: number): Entry {
  const columns = { segments: [], trims: [], hops: [], records: 1, inflatedBytes: 7, checksum: 0 };
  return { ...place, ...columns, format: 'block', sequence, receivedMs: lateMs, createdMs: lateMs, body, bodyBytes: body.length };
}

test('documents that were made again of archived lines are looked up, however late they come', async () => {
  const stop = new AbortController();
  const lease: Lease = {
    ...place,
    group: 'elasticsearch:main',
    epoch: 2,
    cursor: 0,
    expiresMs: nowMs + leaseMs,
    isAfterUnclean: false,
    triesOfNext: 0,
    generation: 0,
  };
  const queue: Pick<Queue, 'ensureGroup' | 'acquire' | 'renew' | 'release' | 'read' | 'commit'> = {
    ensureGroup: async () => undefined,
    acquire: async () => lease,
    renew: async () => lease,
    release: async () => undefined,
    read: async ({ afterSequence }) =>
      Array.from({ length: Math.min(64, last - afterSequence) }, (_, index) => entryOf(afterSequence + 1 + index)),
    commit: async ({ to }) => {
      if (to === last) stop.abort();
      return 'done';
    },
  };
  let restored = 0;
  const lines = async (_: string, [first]: readonly Entry[]): Promise<Lines> => {
    const isRestored = first?.sequence === last - 63;
    if (isRestored) restored += 1;
    const counts = { refused: [], passedOver: 0, wild: 0, newSets: [], otherSets: 0, kinds: {}, rejected: [], isRestored };
    return { bytes: Buffer.from('{}\n{}\n'), ends: Uint32Array.of(6), names: ['logs-app-acme'], ...counts };
  };
  const sent: { readonly doubt: Doubt; readonly sinceMs: number }[] = [];
  const sender = {
    send: (piece: Piece, doubt: Doubt): void => {
      sent.push({ doubt, sinceMs: piece.sinceMs });
      piece.done(0);
    },
    abandon: (): void => undefined,
  };
  const logger = createLogger({ level: 'error', sink: () => undefined });
  const indexer = new TopicIndexer({
    queue,
    clock: systemClock,
    owner: 'a',
    output: 'main',
    group: lease.group,
    place,
    lines: { lines, takenOver: () => undefined },
    sender,
    telling: new ElasticsearchTelling({ name: 'main', logger, findings: new RecordingFindings() }),
    budget: new AheadBudget(2 ** 20),
    dispatched: { add: () => undefined },
    left: new Map(),
  });
  await indexer.run(stop.signal);
  assert.equal(restored, 1);
  const [before, ...tail] = sent.slice(-2);
  assert.equal(sent.length, last / 64);
  assert.deepEqual(tail, [{ doubt: 'anywhere', sinceMs: 0 }]);
  assert.deepEqual(before, { doubt: 'anywhere', sinceMs: lateMs }, 'those before are in doubt as all are at first');
});
