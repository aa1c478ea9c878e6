/**
 * What of which stream no site will ever get, in ranges of positions, and by which cause.
 *
 * - A range that was dropped here is not `declared` until a site was told of it by a Gap. Until then its stream is opened at every
 *   connection, so that a Gap is sent also where nothing follows.
 * - It is not `certain` while it may have arrived after all: a batch that was dropped to make room may have been sent before. When
 *   the site turns out to hold it without ever having been told of a Gap, it is no loss.
 * - A Gap that covers what is recorded already is not counted twice.
 * - Of the oldest declared ranges only the sums are kept.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type GapCause, gapCauses, type Id } from '@tributary/protocol/messages.ts';

/** Positions `[from, to)` of a stream that the site will never get. */
export interface Loss {
  readonly streamId: Id;
  readonly from: number;
  readonly to: number;
  readonly cause: GapCause;
  readonly atMs: number;
}

/** What the buffer had no room for. */
export interface DroppedRange extends Omit<Loss, 'cause'> {
  readonly certain: boolean;
}

export interface LossSum {
  readonly losses: number;
  readonly positions: number;
}

/** For the writer. */
export class LossRows {
  readonly #keepMax: number;
  readonly #insert: StatementSync;
  readonly #extend: StatementSync;
  readonly #overlapping: StatementSync;
  readonly #delete: StatementSync;
  readonly #moveUndeclared: StatementSync;
  readonly #declare: StatementSync;
  readonly #makeCertain: StatementSync;
  readonly #settleCertain: StatementSync;
  readonly #forgetArrived: StatementSync;
  readonly #trimArrived: StatementSync;
  readonly #sumOld: StatementSync;
  readonly #deleteOld: StatementSync;

  constructor(db: DatabaseSync, keepMax: number) {
    this.#keepMax = keepMax;
    this.#insert = db.prepare(`
      INSERT INTO losses (stream_id, from_position, to_position, cause, at_ms, declared, certain) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#extend = db.prepare(`
      UPDATE losses SET to_position = ?1, at_ms = ?2
      WHERE stream_id = ?3 AND to_position = ?4 AND cause = 'dropped' AND declared = 0 AND certain = ?5`);
    this.#overlapping = db.prepare(`
      SELECT * FROM losses
      WHERE stream_id = ?1 AND to_position > ?2 AND from_position < ?3 ORDER BY from_position`);
    this.#moveUndeclared = db.prepare(
      'UPDATE losses SET stream_id = ? WHERE stream_id = ? AND declared = 0 AND from_position >= ?',
    );
    this.#delete = db.prepare('DELETE FROM losses WHERE number = ?');
    this.#declare = db.prepare(`
      UPDATE losses SET declared = 1, certain = 1
      WHERE stream_id = ?1 AND declared = 0 AND from_position >= ?2 AND to_position <= ?3`);
    this.#makeCertain = db.prepare(`
      UPDATE losses SET certain = 1 WHERE stream_id = ?1 AND declared = 0 AND from_position >= ?2 AND to_position <= ?3`);
    this.#settleCertain = db.prepare(`
      UPDATE losses SET declared = 1 WHERE stream_id = ?1 AND declared = 0 AND certain = 1 AND to_position <= ?2`);
    this.#forgetArrived = db.prepare(`
      DELETE FROM losses WHERE stream_id = ?1 AND declared = 0 AND certain = 0 AND to_position <= ?2`);
    this.#trimArrived = db.prepare(`
      UPDATE losses SET from_position = ?2
      WHERE stream_id = ?1 AND declared = 0 AND certain = 0 AND from_position < ?2 AND to_position > ?2`);
    this.#sumOld = db.prepare(`
      INSERT INTO loss_totals (cause, losses, positions)
      SELECT cause, count(*), sum(to_position - from_position) FROM losses
        WHERE declared = 1 AND number <= (SELECT max(number) FROM losses) - ? GROUP BY cause
      ON CONFLICT (cause) DO UPDATE SET losses = losses + excluded.losses, positions = positions + excluded.positions`);
    this.#deleteOld = db.prepare(`
      DELETE FROM losses WHERE declared = 1 AND number <= (SELECT max(number) FROM losses) - ?`);
  }

  /** The buffer had no room for it; the site is not told yet. What goes on where another ends is one with it. */
  dropped({ streamId, from, to, certain, atMs }: DroppedRange): void {
    const { changes } = this.#extend.run(to, atMs, streamId, from, certain ? 1 : 0);
    if (changes === 0) this.#insert.run(streamId, from, to, 'dropped', atMs, 0, certain ? 1 : 0);
    this.#trim();
  }

  /** A Gap is about to be sent: the site may have recorded it even if its answer never comes. */
  declaring({ streamId, from, to }: Pick<Loss, 'streamId' | 'from' | 'to'>): void {
    this.#makeCertain.run(streamId, from, to);
  }

  /** The site was told by a Gap. */
  declared({ streamId, from, to, cause, atMs }: Loss): void {
    let position = from;
    for (const row of this.#overlapping.all(streamId, from, to)) {
      const [known, end] = [Number(row['from_position']), Number(row['to_position'])];
      if (known > position) this.#insert.run(streamId, position, known, cause, atMs, 1, 1);
      position = Math.max(position, end);
    }
    if (position < to) this.#insert.run(streamId, position, to, cause, atMs, 1, 1);
    this.#declare.run(streamId, from, to);
    this.#trim();
  }

  /** The site holds everything before `held`: what it was told of is settled, what it was not told of has arrived. */
  settle(streamId: Id, held: number): void {
    this.#settleCertain.run(streamId, held);
    this.#forgetArrived.run(streamId, held);
    this.#trimArrived.run(streamId, held);
  }

  /** Another stream took the place of this one, from a position on: what the site was not told of is that one's to tell. */
  replaced(streamId: Id, by: { readonly streamId: Id; readonly start: number }): void {
    this.#moveUndeclared.run(by.streamId, streamId, by.start);
  }

  /** These were found after all and will be sent: what else of a range is lost stays. */
  recovered({ streamId, from, to }: Pick<Loss, 'streamId' | 'from' | 'to'>): void {
    for (const row of this.#overlapping.all(streamId, from, to)) {
      const [known, end] = [Number(row['from_position']), Number(row['to_position'])];
      const { cause, at_ms: atMs, declared, certain } = row;
      this.#delete.run(Number(row['number']));
      const again = [String(cause), Number(atMs), Number(declared), Number(certain)] as const;
      if (known < from) this.#insert.run(streamId, known, from, ...again);
      if (end > to) this.#insert.run(streamId, to, end, ...again);
    }
  }

  /** Whether every position of `[from, to)` is recorded as lost. */
  covers({ streamId, from, to }: Pick<Loss, 'streamId' | 'from' | 'to'>): boolean {
    let position = from;
    for (const row of this.#overlapping.all(streamId, from, to)) {
      if (Number(row['from_position']) > position) return false;
      position = Math.max(position, Number(row['to_position']));
    }
    return position >= to;
  }

  #trim(): void {
    const { changes } = this.#sumOld.run(this.#keepMax);
    if (changes !== 0) this.#deleteOld.run(this.#keepMax);
  }
}

/** For the main thread's connection. */
export class LossReader {
  readonly #lostOf: StatementSync;
  readonly #causeAt: StatementSync;
  readonly #undeclared: StatementSync;
  readonly #isUndeclared: StatementSync;
  readonly #sums: StatementSync;

  constructor(db: DatabaseSync) {
    this.#lostOf = db.prepare(
      'SELECT coalesce(sum(to_position - from_position), 0) AS positions FROM losses WHERE stream_id = ?',
    );
    this.#causeAt = db.prepare(
      'SELECT cause FROM losses WHERE stream_id = ? AND to_position > ? AND from_position < ? ORDER BY from_position LIMIT 1',
    );
    this.#undeclared = db.prepare('SELECT DISTINCT stream_id FROM losses WHERE declared = 0');
    this.#isUndeclared = db.prepare('SELECT 1 FROM losses WHERE stream_id = ? AND declared = 0 LIMIT 1');
    this.#sums = db.prepare(`
      SELECT cause, sum(losses) AS losses, sum(positions) AS positions FROM (
        SELECT cause, losses, positions FROM loss_totals
        UNION ALL SELECT cause, count(*), sum(to_position - from_position) FROM losses GROUP BY cause
      ) GROUP BY cause`);
  }

  /** How many positions of a stream were lost in all. */
  lostOf(streamId: Id): number {
    return Number(this.#lostOf.get(streamId)?.['positions']);
  }

  /** Why the first that is known to be lost of `[from, to)` is. */
  causeOf(streamId: Id, from: number, to: number): GapCause | undefined {
    const cause = this.#causeAt.get(streamId, from, to)?.['cause'];
    return gapCauses.find((known) => known === cause);
  }

  undeclaredStreams(): Id[] {
    return this.#undeclared.all().map((row) => String(row['stream_id']));
  }

  isUndeclared(streamId: Id): boolean {
    return this.#isUndeclared.get(streamId) !== undefined;
  }

  byCause(): Partial<Record<GapCause, LossSum>> {
    const sums: Partial<Record<GapCause, LossSum>> = {};
    for (const row of this.#sums.all()) {
      const cause = gapCauses.find((known) => known === row['cause']);
      if (cause !== undefined) sums[cause] = { losses: Number(row['losses']), positions: Number(row['positions']) };
    }
    return sums;
  }
}
