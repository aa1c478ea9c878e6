/** Reader groups: a cursor, the sums up to it, and the lease on it. */
import type { DatabaseSync } from 'node:sqlite';
import { assert } from '@tributary/shared/assert.ts';
import { integer, only, optionalInteger, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { GroupPolicy } from '../../queue.ts';

export interface GroupRow {
  readonly id: number;
  readonly topic: number;
  readonly name: string;
  readonly policy: GroupPolicy;
  readonly cursor: number;
  readonly passedRecords: number;
  readonly passedBytes: number;
  readonly dropped: number;
  readonly epoch: number;
  readonly owner: string | undefined;
  readonly expiresMs: number;
  readonly paused: boolean;
  /** Nobody has it, and its last owner did not give it back. */
  readonly unclean: boolean;
  /** Of the entry behind the cursor. */
  readonly tries: number;
}

/** A place in a topic with the sums up to it. */
export interface Cursor {
  readonly sequence: number;
  readonly records: number;
  readonly bytes: number;
}

const columns = `id, topic, name, policy, age_ms_max, bytes_max, cursor, passed_records, passed_bytes, dropped_records,
  epoch, owner, expires_ms, paused, unclean, CASE WHEN tried_sequence = cursor + 1 THEN tries ELSE 0 END AS tries`;

export class GroupTable {
  readonly #find;
  readonly #ofTopic;
  readonly #insert;
  readonly #setPolicy;
  readonly #move;
  readonly #drop;
  readonly #lease;
  readonly #extend;
  readonly #endLeases;
  readonly #pause;
  readonly #remove;
  readonly #keepEpoch;
  readonly #tried;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${columns} FROM reader_group WHERE topic = ? AND name = ?`);
    this.#ofTopic = db.prepare(`SELECT ${columns} FROM reader_group WHERE topic = ? ORDER BY id`);
    this.#insert = db.prepare(`
      INSERT INTO reader_group (topic, name, policy, cursor, passed_records, passed_bytes, epoch)
      VALUES (?, ?, 'blocking', ?, ?, ?, coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'), 0))
      RETURNING id`);
    this.#setPolicy = db.prepare(
      'UPDATE reader_group SET policy = ?, age_ms_max = ?, bytes_max = ? WHERE topic = ? AND name = ?',
    );
    this.#move = db.prepare(`
      UPDATE reader_group SET cursor = :cursor, passed_records = :records, passed_bytes = :bytes,
        tries = CASE WHEN tried_sequence > :cursor THEN tries ELSE 0 END
      WHERE id = :id`);
    this.#drop = db.prepare('UPDATE reader_group SET dropped_records = dropped_records + ? WHERE id = ?');
    this.#lease = db.prepare('UPDATE reader_group SET epoch = epoch + 1, owner = ?, expires_ms = ?, unclean = 0 WHERE id = ?');
    this.#extend = db.prepare('UPDATE reader_group SET expires_ms = ? WHERE id = ?');
    this.#endLeases = db.prepare(
      'UPDATE reader_group SET epoch = epoch + 1, owner = NULL, expires_ms = 0, unclean = 1 WHERE owner IS NOT NULL',
    );
    this.#pause = db.prepare('UPDATE reader_group SET paused = ? WHERE id = ?');
    this.#remove = db.prepare('DELETE FROM reader_group WHERE id = ?');
    this.#keepEpoch = db.prepare(`
      INSERT INTO meta (key, value) VALUES ('epoch', CAST(:epoch AS TEXT))
      ON CONFLICT (key) DO UPDATE SET value = CAST(max(CAST(value AS INTEGER), :epoch) AS TEXT)`);
    this.#tried = db.prepare(`
      UPDATE reader_group SET tries = CASE WHEN tried_sequence = :sequence THEN tries + 1 ELSE 1 END, tried_sequence = :sequence
      WHERE id = :id RETURNING tries`);
  }

  find(topic: number, name: string): GroupRow | undefined {
    const row = this.#find.get(topic, name);
    return row === undefined ? undefined : groupRow(row);
  }

  ofTopic(topic: number): GroupRow[] {
    return this.#ofTopic.all(topic).map(groupRow);
  }

  insert(topic: number, name: string, at: Cursor): number {
    return integer(only(this.#insert.get(topic, name, at.sequence, at.records, at.bytes)), 'id');
  }

  setPolicy(topic: number, name: string, policy: GroupPolicy): void {
    const limits = policy.kind === 'expiring' ? [policy.ageMsMax, policy.bytesMax] : [null, null];
    this.#setPolicy.run(policy.kind, ...limits, topic, name);
  }

  move(id: number, to: Cursor): void {
    this.#move.run({ cursor: to.sequence, records: to.records, bytes: to.bytes, id });
  }

  countDropped(id: number, records: number): void {
    this.#drop.run(records, id);
  }

  /** Gives the group to an owner, or to nobody; whoever had it before changes nothing any more. */
  lease(id: number, owner: string | null, expiresMs: number): void {
    this.#lease.run(owner, expiresMs, id);
  }

  extend(id: number, expiresMs: number): void {
    this.#extend.run(expiresMs, id);
  }

  endLeases(): void {
    this.#endLeases.run();
  }

  pause(id: number, paused: boolean): void {
    this.#pause.run(paused ? 1 : 0, id);
  }

  /** How often this sequence was told one after the other, until it is passed. */
  countTry(id: number, sequence: number): number {
    return integer(only(this.#tried.get({ id, sequence })), 'tries');
  }

  /** A group of the same name that is made later begins behind its epochs: whoever worked on the removed one changes nothing. */
  remove({ id, epoch }: GroupRow): void {
    this.#keepEpoch.run({ epoch });
    this.#remove.run(id);
  }
}

export function groupRow(row: Row): GroupRow {
  return {
    id: integer(row, 'id'),
    topic: integer(row, 'topic'),
    name: text(row, 'name'),
    policy: policyOf(row),
    cursor: integer(row, 'cursor'),
    passedRecords: integer(row, 'passed_records'),
    passedBytes: integer(row, 'passed_bytes'),
    dropped: integer(row, 'dropped_records'),
    epoch: integer(row, 'epoch'),
    owner: row['owner'] === null ? undefined : text(row, 'owner'),
    expiresMs: integer(row, 'expires_ms'),
    paused: integer(row, 'paused') === 1,
    unclean: integer(row, 'unclean') === 1,
    tries: integer(row, 'tries'),
  };
}

function policyOf(row: Row): GroupPolicy {
  const kind = text(only(row), 'policy');
  if (kind === 'blocking') return { kind };
  assert(kind === 'expiring', 'a group is blocking or expiring');
  return { kind, ageMsMax: optionalInteger(row, 'age_ms_max') ?? 0, bytesMax: optionalInteger(row, 'bytes_max') ?? 0 };
}
