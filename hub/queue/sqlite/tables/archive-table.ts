/** Archive plans and the rough index of archive objects (invariant 5). */
import type { DatabaseSync } from 'node:sqlite';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { ArchiveObject } from '../../queue.ts';

export interface PlanRow {
  readonly first: number;
  readonly last: number;
  readonly name: string;
  readonly createdMs: number;
}

export class ArchiveTable {
  readonly #planOf;
  readonly #insertPlan;
  readonly #deletePlan;
  readonly #insertObject;
  readonly #insertSegment;
  readonly #objectNamed;
  readonly #removeObject;
  readonly #removeSegments;
  readonly #countRestored;
  readonly #countPassed;

  constructor(db: DatabaseSync) {
    this.#planOf = db.prepare(planQuery);
    this.#insertPlan = db.prepare(
      'INSERT INTO archive_plan (reader_group, first, last, name, created_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.#deletePlan = db.prepare('DELETE FROM archive_plan WHERE reader_group = ?');
    this.#insertObject = db.prepare(`
      INSERT INTO archive_object (name, channel, partition, first, last, received_ms_min, received_ms_max, event_ms_min, event_ms_max,
        records, raw_bytes, object_bytes, sha256, hosts, frames)
      VALUES (:name, :channel, :partition, :first, :last, :receivedMsMin, :receivedMsMax, :eventMsMin, :eventMsMax,
        :records, :rawBytes, :objectBytes, :sha256, :hosts, :frames)
      RETURNING id`);
    this.#removeObject = db.prepare('DELETE FROM archive_object WHERE id = ?');
    this.#removeSegments = db.prepare('DELETE FROM archive_segment WHERE object = ?');
    this.#objectNamed = db.prepare('SELECT id, sha256 FROM archive_object WHERE name = ?');
    this.#countRestored = db.prepare('UPDATE archive_sum SET restored = restored + ? WHERE channel = ?');
    this.#countPassed = db.prepare(`
      INSERT INTO archive_sum (channel, objects, records, raw_bytes, object_bytes, left_out, rejected)
      VALUES (:channel, 0, 0, 0, 0, :leftOut, :rejected)
      ON CONFLICT (channel) DO UPDATE SET left_out = left_out + :leftOut, rejected = rejected + :rejected`);
    this.#insertSegment = db.prepare('INSERT INTO archive_segment (object, stream, first, until) VALUES (?, ?, ?, ?)');
  }

  hasObject(name: string): boolean {
    return this.#objectNamed.get(name) !== undefined;
  }

  /** The row of this very object; undefined where there is none, or another one of its name. */
  idOf({ name, sha256 }: Pick<ArchiveObject, 'name' | 'sha256'>): number | undefined {
    const row = this.#objectNamed.get(name);
    return row === undefined || text(row, 'sha256') !== sha256 ? undefined : integer(row, 'id');
  }

  /** Whether there was one. */
  removeObject(name: string): boolean {
    const row = this.#objectNamed.get(name);
    if (row === undefined) return false;
    const id = integer(row, 'id');
    this.#removeSegments.run(id);
    return this.#removeObject.run(id).changes > 0;
  }

  planOf(group: number): PlanRow | undefined {
    const row = this.#planOf.get(group);
    return row === undefined ? undefined : planRow(row);
  }

  insertPlan(group: number, plan: PlanRow): void {
    this.#insertPlan.run(group, plan.first, plan.last, plan.name, plan.createdMs);
  }

  deletePlan(group: number): void {
    this.#deletePlan.run(group);
  }

  insertObject(object: ArchiveObject): number {
    const row = this.#insertObject.get({
      ...object,
      eventMsMin: object.eventMsMin ?? null,
      eventMsMax: object.eventMsMax ?? null,
      hosts: JSON.stringify(object.hosts),
      frames: JSON.stringify(object.frames),
    });
    return integer(only(row), 'id');
  }

  /** Of an object whose row was put back. */
  countRestored({ records, channel }: Pick<ArchiveObject, 'records' | 'channel'>): void {
    this.#countRestored.run(records, channel);
  }

  /** Records that the archive passed without a row. */
  countPassed(channel: ChannelName, { leftOut = 0, rejected = 0 }: { leftOut?: number; rejected?: number }): void {
    if (leftOut > 0 || rejected > 0) this.#countPassed.run({ channel, leftOut, rejected });
  }

  insertSegment(object: number, stream: number, range: { readonly from: number; readonly to: number }): void {
    this.#insertSegment.run(object, stream, range.from, range.to);
  }
}

export const planQuery = 'SELECT first, last, name, created_ms FROM archive_plan WHERE reader_group = ?';

export function planRow(row: Row): PlanRow {
  return {
    first: integer(row, 'first'),
    last: integer(row, 'last'),
    name: text(row, 'name'),
    createdMs: integer(row, 'created_ms'),
  };
}
