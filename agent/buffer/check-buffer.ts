/** Looks at a buffer without changing it: of a stopped agent, or beside a running one. */
import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '@tributary/protocol/messages.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import type { LossesByCause } from './buffer.ts';
import { migrations } from './schema.ts';
import { BodyReader, readBatches } from './sql/batch-rows.ts';
import { LossReader } from './sql/loss-rows.ts';
import { readStreams } from './sql/stream-rows.ts';

export interface BufferReport {
  readonly file: string;
  readonly streams: { readonly open: number; readonly ended: number; readonly remembered: number };
  readonly batches: { readonly unacked: number; readonly acked: number; readonly rejected: number };
  readonly unacked: { readonly records: number; readonly bytes: number; readonly inflatedBytes: number };
  readonly lostByCause: LossesByCause;
  /** What is wrong, a sentence each; empty: nothing is. */
  readonly problems: readonly string[];
}

const problemsMax = 100;

/** Throws when the file is no database at all. */
export function checkBuffer(file: string): BufferReport {
  using owned = new DisposableStack();
  const db = openDatabase(file, { readOnly: true });
  owned.defer(() => db.close());
  const problems: string[] = [];
  for (const row of db.prepare(`PRAGMA integrity_check(${problemsMax})`).all()) {
    const found = String(Object.values(row)[0]);
    if (found !== 'ok') problems.push(found);
  }
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version !== migrations.length) {
    problems.push(`it has schema version ${version} and not ${migrations.length}: start the agent of this release once`);
    return { ...nothing, file, problems };
  }
  // One moment of it, while an agent goes on writing.
  db.exec('BEGIN');
  try {
    return { file, ...figuresOf(db, problems), problems };
  } catch (error) {
    problems.push(`it cannot be read to its end: ${error instanceof Error ? error.message : String(error)}`);
    return { ...nothing, file, problems };
  }
}

const nothing: Omit<BufferReport, 'file' | 'problems'> = {
  streams: { open: 0, ended: 0, remembered: 0 },
  batches: { unacked: 0, acked: 0, rejected: 0 },
  unacked: { records: 0, bytes: 0, inflatedBytes: 0 },
  lostByCause: {},
};

function figuresOf(db: DatabaseSync, problems: string[]): Omit<BufferReport, 'file' | 'problems'> {
  const positions = new Map<Id, number>();
  const streams = { open: 0, ended: 0, remembered: count(db, 'SELECT count(*) AS n FROM finished') };
  for (const { streamId, position, ended } of readStreams(db)) {
    positions.set(streamId, position);
    streams[ended ? 'ended' : 'open'] += 1;
  }
  const batches = { unacked: 0, acked: 0, rejected: count(db, 'SELECT count(*) AS n FROM batches WHERE rejected IS NOT NULL') };
  const unacked = { records: 0, bytes: 0, inflatedBytes: 0 };
  const bodies = new BodyReader(db);
  for (const { batch, ackedMs } of readBatches(db)) {
    batches[ackedMs === undefined ? 'unacked' : 'acked'] += 1;
    if (bodies.read(batch) === undefined) problems.push(`the body of batch ${batch.id} is not what was written`);
    for (const { streamId, to } of batch.segments) {
      const position = positions.get(streamId);
      if (position === undefined) problems.push(`batch ${batch.id} is of stream ${streamId}, which is not there`);
      else if (to > position) problems.push(`batch ${batch.id} goes beyond the position ${position} of stream ${streamId}`);
    }
    if (ackedMs !== undefined) continue;
    unacked.records += batch.records;
    unacked.bytes += batch.bodyBytes;
    unacked.inflatedBytes += batch.inflatedBytes;
  }
  problems.splice(problemsMax);
  return { streams, batches, unacked, lostByCause: new LossReader(db).byCause() };
}

function count(db: DatabaseSync, sql: string): number {
  return Number(db.prepare(sql).get()?.['n']);
}
