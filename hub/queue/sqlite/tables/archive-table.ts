/** Archive plans and the rough index of archive objects (invariant 5). */
import type { DatabaseSync } from 'node:sqlite';
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
    this.#objectNamed = db.prepare('SELECT id FROM archive_object WHERE name = ?');
    this.#insertSegment = db.prepare('INSERT INTO archive_segment (object, stream, first, until) VALUES (?, ?, ?, ?)');
  }

  hasObject(name: string): boolean {
    return this.#objectNamed.get(name) !== undefined;
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
