/**
 * Streams of files that ended and have nothing retained any more: kept for a while, so that a file that comes back under another
 * name, or compressed, is known for what it is. They are looked up here and not held in memory.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Id } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../../inputs/input.ts';
import { finishedAlikeMax } from '../limits.ts';
import { isReplacedRow, streamOf, streamColumns } from './stream-rows.ts';

/** For the writer: moves streams that ended out of `streams`. */
export class FinishedRows {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #trimAge: StatementSync;
  readonly #trimCount: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT * FROM streams WHERE stream_id = ? AND ended = 1');
    this.#insert = db.prepare(`
      INSERT OR REPLACE INTO finished
        (stream_id, identity, attributes, start, position, mark, device, inode, fingerprint, fingerprint_length, ended_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#delete = db.prepare('DELETE FROM streams WHERE stream_id = ?');
    this.#trimAge = db.prepare('DELETE FROM finished WHERE ended_ms < ?');
    this.#trimCount = db.prepare(
      'DELETE FROM finished WHERE number <= (SELECT number FROM finished ORDER BY number DESC LIMIT 1 OFFSET ?)',
    );
  }

  /** Only files are remembered: nothing else can be met again. */
  forget(
    streamIds: Iterable<Id>,
    limits: { readonly nowMs: number; readonly ageMsMax: number; readonly countMax: number },
  ): void {
    for (const streamId of streamIds) {
      const row = this.#select.get(streamId);
      if (row === undefined) continue;
      const stream = streamOf(row);
      if (stream.identity.inode !== '' && !isReplacedRow(row)) this.#remember(stream, limits.nowMs);
      this.#delete.run(streamId);
    }
    this.#trimAge.run(limits.nowMs - limits.ageMsMax);
    this.#trimCount.run(limits.countMax);
  }

  #remember(stream: StreamState, endedMs: number): void {
    const { device, inode, fingerprint, fingerprintLength } = stream.identity;
    this.#insert.run(...streamColumns(stream), device, inode, fingerprint, fingerprintLength, endedMs);
  }
}

/** For the main thread's connection; the newest first. */
export class FinishedReader {
  readonly #byId: StatementSync;
  readonly #byFile: StatementSync;
  readonly #byFingerprint: StatementSync;

  constructor(db: DatabaseSync) {
    this.#byId = db.prepare('SELECT * FROM finished WHERE stream_id = ?');
    this.#byFile = db.prepare('SELECT * FROM finished WHERE inode = ? AND device = ? ORDER BY number DESC');
    this.#byFingerprint = db.prepare(
      `SELECT * FROM finished WHERE fingerprint = ? AND fingerprint_length = ? ORDER BY number DESC LIMIT ${finishedAlikeMax}`,
    );
  }

  byId(streamId: Id): StreamState | undefined {
    const row = this.#byId.get(streamId);
    return row === undefined ? undefined : streamOf(row);
  }

  ofFile(file: { readonly device: string; readonly inode: string }): StreamState[] {
    return this.#byFile.all(file.inode, file.device).map(streamOf);
  }

  ofFingerprint(fingerprint: string, fingerprintLength: number): StreamState[] {
    return this.#byFingerprint.all(fingerprint, fingerprintLength).map(streamOf);
  }
}
