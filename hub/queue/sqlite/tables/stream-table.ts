/** Streams and how far each is held: the positions of invariant 3. */
import type { DatabaseSync } from 'node:sqlite';
import type { Mark, Origin, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import { channelName } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { integer, type Row, text } from '@tributary/shared/sqlite/row.ts';

export interface StreamRow {
  readonly id: number;
  readonly channel: string;
  readonly identity: string;
  readonly start: number;
  readonly held: number;
  readonly heldMark: Mark;
  readonly archived: number;
  /** Greatest end of what the archive had: `archived` stays before late parts that it did not have yet. */
  readonly reached: number;
  /** Those late parts (awaited.ts). */
  readonly awaited: string;
}

export interface NewStream {
  readonly key: StreamKey;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
}

export class StreamTable {
  readonly #find;
  readonly #byId;
  readonly #insert;
  readonly #hold;
  readonly #countDuplicates;
  readonly #countFiltered;
  readonly #countLate;
  readonly #await;
  readonly #archive;
  readonly #close;
  readonly #keepSums;
  readonly #forget;
  readonly #identify;

  constructor(db: DatabaseSync) {
    const columns = 'id, channel, identity, start, held, held_mark, archived, reached, awaited';
    this.#find = db.prepare(`SELECT ${columns} FROM stream WHERE site_id = ? AND agent_id = ? AND stream_id = ?`);
    this.#byId = db.prepare(`SELECT ${columns} FROM stream WHERE id = ?`);
    this.#insert = db.prepare(`
      INSERT INTO stream (site_id, agent_id, stream_id, channel, attributes, identity, origin, start, held, held_mark, archived)
      VALUES (:siteId, :agentId, :streamId, :channel, :attributes, :identity, :origin, :start, :start, '', :start)
      RETURNING ${columns}`);
    this.#hold = db.prepare('UPDATE stream SET held = ?, held_mark = ? WHERE id = ?');
    this.#countDuplicates = db.prepare(`UPDATE stream SET ${added('duplicates')} WHERE id = ?`);
    this.#countFiltered = db.prepare(`UPDATE stream SET ${added('filtered')}, ${added('filtered_records')} WHERE id = ?`);
    this.#countLate = db.prepare(`UPDATE stream SET ${added('late')}, awaited = ? WHERE id = ?`);
    this.#await = db.prepare('UPDATE stream SET reached = ?, awaited = ? WHERE id = ?');
    this.#archive = db.prepare('UPDATE stream SET archived = ? WHERE id = ?');
    this.#close = db.prepare(`
      UPDATE stream SET closed_at = :position, closed_ms = :nowMs WHERE id = :id AND (closed_at IS NOT :position OR closed_ms IS NULL)`);
    this.#keepSums = db.prepare(`
      INSERT INTO stream_past (channel, duplicates, positions, filtered, filtered_records, late, gaps, lost)
      SELECT channel, duplicates, held - start, filtered, filtered_records, late, (SELECT count(*) FROM gap WHERE gap.stream = :id),
        (SELECT coalesce(sum(until - first), 0) FROM gap WHERE gap.stream = :id)
      FROM stream WHERE id = :id AND held = closed_at AND closed_ms < :closedBeforeMs
      ON CONFLICT (channel) DO UPDATE SET ${['duplicates', 'positions', 'filtered', 'filtered_records', 'late', 'gaps', 'lost']
        .map((name) => `${name} = min(${name} + excluded.${name}, ${Number.MAX_SAFE_INTEGER})`)
        .join(', ')}`);
    this.#forget = ['DELETE FROM gap WHERE stream = ?', 'DELETE FROM archive_segment WHERE stream = ?']
      .concat('DELETE FROM group_beginning WHERE stream = ?', 'DELETE FROM stream WHERE id = ?')
      .map((statement) => db.prepare(statement));
    this.#identify = db.prepare('UPDATE stream SET identity = ? WHERE id = ?');
  }

  find(key: StreamKey): StreamRow | undefined {
    return streamRow(this.#find.get(key.siteId, key.agentId, key.streamId));
  }

  byId(id: number): StreamRow | undefined {
    return streamRow(this.#byId.get(id));
  }

  /** A new stream is held and archived up to its start. */
  insert(stream: NewStream): StreamRow {
    const row = streamRow(
      this.#insert.get({
        ...stream.key,
        channel: channelName(stream.attributes),
        attributes: JSON.stringify(stream.attributes),
        identity: JSON.stringify(stream.identity),
        origin: JSON.stringify(stream.origin),
        start: stream.start,
      }),
    );
    if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
    return row;
  }

  hold(id: number, position: number, mark: Mark): void {
    this.#hold.run(position, mark, id);
  }

  /** In positions: what arrived again of what was held. */
  countDuplicates(id: number, positions: number): void {
    this.#countDuplicates.run(positions, id);
  }

  /** What the edge left out of what is held. */
  countFiltered(id: number, positions: number, records: number): void {
    this.#countFiltered.run(positions, records, id);
  }

  /** What had been declared lost and came. */
  countLate(id: number, positions: number, awaited: string): void {
    this.#countLate.run(positions, awaited, id);
  }

  /** How far the archive is, and what it has still to have before that. */
  await(id: number, reached: number, awaited: string): void {
    this.#await.run(reached, awaited, id);
  }

  archive(id: number, position: number): void {
    this.#archive.run(position, id);
  }

  close(id: number, position: number, nowMs: number): void {
    this.#close.run({ id, position, nowMs });
  }

  /** With all that is of it, but for the sums of its channel. False: it is not closed where it is held, or was not for long enough. */
  forget(id: number, closedBeforeMs: number): boolean {
    if (this.#keepSums.run({ id, closedBeforeMs }).changes === 0) return false;
    for (const statement of this.#forget) statement.run(id);
    return true;
  }

  identify(id: number, identity: string): void {
    this.#identify.run(identity, id);
  }
}

/** A peer that lies could have a sum grow without end: it stands still at what a number can say. */
function added(column: string): string {
  return `${column} = min(${column} + ?, ${Number.MAX_SAFE_INTEGER})`;
}

function streamRow(row: Row | undefined): StreamRow | undefined {
  if (row === undefined) return undefined;
  return {
    id: integer(row, 'id'),
    channel: text(row, 'channel'),
    identity: text(row, 'identity'),
    start: integer(row, 'start'),
    held: integer(row, 'held'),
    heldMark: text(row, 'held_mark'),
    archived: integer(row, 'archived'),
    reached: integer(row, 'reached'),
    awaited: text(row, 'awaited'),
  };
}
