/**
 * Makes a buffer that of another agent: one that was copied with its machine, and is to go on under an identity of its own.
 *
 * Every stream gets another id, and begins at its first position that no hub has: what was acknowledged is the copy's past, which the
 * site knows under the old identity, so its batches go. What is not acknowledged stays and is sent under the new ids. Losses that no
 * site was told of go with their streams, and are told under the new ones.
 *
 * All of it is one transaction, with the name of the new owner: interrupted, nothing happened; done again, nothing is left to do.
 */
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { reserveBytesMin } from './limits.ts';
import { openStore } from './open-store.ts';
import { newId } from './replacement.ts';
import { metaKeys } from './schema.ts';
import { readMeta, writeMeta } from './sql/meta-rows.ts';

export interface NewOwner {
  readonly agentId: Id;
  /** Owner of everything it sends, as its certificate says. */
  readonly tenant: string;
}

/** Nobody else uses the buffer meanwhile: the folder is locked. */
export function rekeyBuffer(folder: string, owner: NewOwner): void {
  const reserve = { file: new ReserveFile(join(folder, 'reserve'), reserveBytesMin), bytes: reserveBytesMin };
  const { db } = openStore(folder, reserve);
  try {
    if (readMeta(db, metaKeys.agent) === owner.agentId) return;
    db.exec('BEGIN IMMEDIATE');
    rekeyAll(db, owner);
    crashPoint('agent.buffer.before-rekeyed');
    db.exec('COMMIT');
    crashPoint('agent.buffer.after-rekeyed');
  } finally {
    db.close();
  }
}

function rekeyAll(db: DatabaseSync, { agentId, tenant }: NewOwner): void {
  deleteAcked(db);
  const ids = rekeyStreams(db, firstUnacked(db));
  rekeyFinished(db, ids);
  rekeyBatches(db, ids);
  for (const [before, after] of ids) db.prepare('UPDATE losses SET stream_id = ? WHERE stream_id = ?').run(after, before);
  db.prepare("UPDATE streams SET attributes = json_set(attributes, '$.tenant', ?)").run(tenant);
  db.prepare("UPDATE finished SET attributes = json_set(attributes, '$.tenant', ?)").run(tenant);
  db.prepare("UPDATE batches SET channel = ? || substr(channel, instr(channel, '/'))").run(tenant);
  writeMeta(db, metaKeys.agent, agentId);
}

function deleteAcked(db: DatabaseSync): void {
  db.exec(`
    DELETE FROM bodies WHERE batch_id IN (SELECT id FROM batches WHERE acked_ms IS NOT NULL);
    DELETE FROM batches WHERE acked_ms IS NOT NULL`);
}

/** Per stream the first position that a hub is still to get, or to be told of as lost. */
function firstUnacked(db: DatabaseSync): Map<Id, number> {
  const first = new Map<Id, number>();
  const note = (streamId: Id, from: number): void => {
    first.set(streamId, Math.min(from, first.get(streamId) ?? from));
  };
  for (const row of db.prepare('SELECT segments FROM batches WHERE rejected IS NULL').iterate()) {
    for (const [streamId, from] of segmentsOf(row['segments'])) note(streamId, from);
  }
  for (const row of db.prepare('SELECT stream_id, from_position FROM losses WHERE declared = 0').iterate()) {
    note(String(row['stream_id']), Number(row['from_position']));
  }
  return first;
}

function rekeyStreams(db: DatabaseSync, first: ReadonlyMap<Id, number>): Map<Id, Id> {
  const ids = new Map<Id, Id>();
  const update = db.prepare('UPDATE streams SET stream_id = ?, start = ? WHERE number = ?');
  for (const row of db.prepare('SELECT number, stream_id, position FROM streams').all()) {
    const before = String(row['stream_id']);
    const after = newId();
    ids.set(before, after);
    update.run(after, first.get(before) ?? Number(row['position']), Number(row['number']));
  }
  return ids;
}

/** Their files are known for what they are when they come back; no hub is asked about them. */
function rekeyFinished(db: DatabaseSync, ids: Map<Id, Id>): void {
  const update = db.prepare('UPDATE finished SET stream_id = ?, start = position WHERE number = ?');
  for (const row of db.prepare('SELECT number, stream_id FROM finished').all()) {
    const after = newId();
    ids.set(String(row['stream_id']), after);
    update.run(after, Number(row['number']));
  }
}

function rekeyBatches(db: DatabaseSync, ids: ReadonlyMap<Id, Id>): void {
  const update = db.prepare('UPDATE batches SET segments = ? WHERE id = ?');
  for (const row of db.prepare('SELECT id, segments, rejected FROM batches').all()) {
    const segments = segmentsOf(row['segments']).map(([before, ...rest]) => {
      const after = ids.get(before);
      // Of what no hub would take the stream may be forgotten: it keeps the name that nobody uses any more.
      assert(after !== undefined || row['rejected'] !== null, 'a batch that waits is of streams that are known');
      return [after ?? before, ...rest];
    });
    update.run(JSON.stringify(segments), Number(row['id']));
  }
}

/** As sql/batch-rows.ts writes them: the stream's id and the first position come first. */
function segmentsOf(text: unknown): [Id, number, ...unknown[]][] {
  const segments: [Id, number, ...unknown[]][] = JSON.parse(String(text));
  return segments;
}
