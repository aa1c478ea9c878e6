import type { DatabaseSync } from 'node:sqlite';
import type { GapCause, Id } from '@tributary/protocol/messages.ts';

/** Positions `[from, to)` of a stream that the site will never get. */
export interface Loss {
  readonly streamId: Id;
  readonly from: number;
  readonly to: number;
  readonly cause: GapCause;
  readonly atMs: number;
}

export function insertLoss(db: DatabaseSync, loss: Loss): void {
  db.prepare('INSERT INTO losses (stream_id, from_position, to_position, cause, at_ms) VALUES (?, ?, ?, ?, ?)').run(
    loss.streamId,
    loss.from,
    loss.to,
    loss.cause,
    loss.atMs,
  );
}

/** How many positions of a stream were lost in all. */
export function lostOf(db: DatabaseSync, streamId: Id): number {
  const row = db
    .prepare('SELECT coalesce(sum(to_position - from_position), 0) AS positions FROM losses WHERE stream_id = ?')
    .get(streamId);
  return Number(row?.['positions']);
}

export function sumLosses(db: DatabaseSync): { readonly losses: number; readonly positions: number } {
  const row = db
    .prepare('SELECT count(*) AS losses, coalesce(sum(to_position - from_position), 0) AS positions FROM losses')
    .get();
  return { losses: Number(row?.['losses']), positions: Number(row?.['positions']) };
}
