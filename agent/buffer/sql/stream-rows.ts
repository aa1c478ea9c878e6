import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { assert } from '@tributary/shared/assert.ts';
import type { Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../../inputs/input.ts';

/** Where a stream is moved to; `token` is the resume token that belongs to the position, if the source has one. */
export interface Move {
  readonly streamId: Id;
  readonly position: number;
  readonly mark: Mark;
  readonly token?: string | undefined;
}

/** Rows of `streams`. Statements are prepared once: a batch of many files moves many positions. */
export class StreamRows {
  readonly #upsert: StatementSync;
  readonly #move: StatementSync;
  readonly #token: StatementSync;
  readonly #identity: StatementSync;
  readonly #end: StatementSync;
  readonly #replace: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`
      INSERT INTO streams (stream_id, identity, attributes, start, position, mark, ended) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (stream_id) DO UPDATE SET
        identity = excluded.identity, start = excluded.start, position = excluded.position, mark = excluded.mark, ended = excluded.ended`);
    this.#move = db.prepare(`
      UPDATE streams SET mark = iif(?1 > position, ?2, mark), position = max(?1, position) WHERE stream_id = ?3`);
    this.#token = db.prepare(
      "UPDATE streams SET identity = json_set(identity, '$.token', ?) WHERE stream_id = ? AND position = ?",
    );
    this.#identity = db.prepare('UPDATE streams SET identity = ? WHERE stream_id = ?');
    this.#replace = db.prepare('UPDATE streams SET ended = 1, replaced = 1 WHERE stream_id = ?');
    this.#select = db.prepare('SELECT * FROM streams WHERE stream_id = ?');
    this.#end = db.prepare('UPDATE streams SET ended = 1 WHERE stream_id = ?');
  }

  /** Attributes never change within a stream, so an existing row keeps its own. */
  put(stream: StreamState): void {
    this.#upsert.run(...streamColumns(stream), stream.ended ? 1 : 0);
  }

  /** Never goes back: a stream that was replaced may be behind what its site holds for a while. */
  move({ streamId, position, mark, token }: Move): void {
    const { changes } = this.#move.run(position, mark, streamId);
    assert(changes === 1, 'a batch is of streams that were opened');
    if (token !== undefined) this.#token.run(token, streamId, position);
  }

  updateIdentity(streamId: Id, identity: SourceIdentity): void {
    this.#identity.run(JSON.stringify(identity), streamId);
  }

  end(streamId: Id): void {
    this.#end.run(streamId);
  }

  get(streamId: Id): StreamState | undefined {
    const row = this.#select.get(streamId);
    return row === undefined ? undefined : streamOf(row);
  }

  /** Another stream took its place. */
  replace(streamId: Id): void {
    this.#replace.run(streamId);
  }
}

export function* readStreams(db: DatabaseSync): Generator<StreamState> {
  for (const row of db.prepare('SELECT * FROM streams ORDER BY number').iterate()) yield streamOf(row);
}

export function readReplaced(db: DatabaseSync): readonly Id[] {
  return db
    .prepare('SELECT stream_id FROM streams WHERE replaced = 1')
    .all()
    .map((row) => String(row['stream_id']));
}

export function isReplacedRow(row: Record<string, SQLOutputValue>): boolean {
  return row['replaced'] === 1;
}

/** stream_id, identity, attributes, start, position, mark. */
export function streamColumns(stream: StreamState): [string, string, string, number, number, string] {
  const { streamId, identity, attributes, start, position, mark } = stream;
  return [streamId, JSON.stringify(identity), JSON.stringify(attributes), start, position, mark];
}

/** A row of `streams`, or of `finished`, whose streams all ended. */
export function streamOf(row: Record<string, SQLOutputValue>): StreamState {
  // An identity that an older release wrote has no `base`.
  const identity: SourceIdentity = { base: 0, ...JSON.parse(String(row['identity'])) };
  const attributes: StreamAttributes = JSON.parse(String(row['attributes']));
  return {
    streamId: String(row['stream_id']),
    identity,
    attributes,
    start: Number(row['start']),
    position: Number(row['position']),
    mark: String(row['mark']),
    ended: row['ended'] === undefined || row['ended'] === 1,
  };
}
