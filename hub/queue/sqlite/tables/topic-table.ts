/** Topics and the sums over what each ever received and what was trimmed of it. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';

export interface TopicRow {
  readonly id: number;
  readonly name: string;
  readonly partition: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly receivedRecords: number;
  readonly receivedBytes: number;
  readonly trimmedBytes: number;
}

const columns = 'id, name, partition, first_sequence, last_sequence, received_records, received_bytes, trimmed_bytes';

export class TopicTable {
  readonly #find;
  readonly #byId;
  readonly #all;
  readonly #insert;
  readonly #grow;
  readonly #shrink;
  readonly #countFrom;
  readonly #lastReceived;
  readonly #storeBytes;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${columns} FROM topic WHERE name = ? AND partition = ?`);
    this.#byId = db.prepare(`SELECT ${columns} FROM topic WHERE id = ?`);
    this.#all = db.prepare(`SELECT ${columns} FROM topic ORDER BY id`);
    this.#insert = db.prepare('INSERT INTO topic (name, partition) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#grow = db.prepare(`
      UPDATE topic SET last_sequence = :sequence, last_received_ms = :receivedMs,
        received_records = :records, received_bytes = :bytes
      WHERE id = :id`);
    this.#shrink = db.prepare('UPDATE topic SET first_sequence = ?, trimmed_bytes = ? WHERE id = ?');
    this.#countFrom = db.prepare('SELECT count(*) AS n FROM topic WHERE name >= ? AND name < ?');
    this.#lastReceived = db.prepare('SELECT coalesce(max(last_received_ms), 0) AS ms FROM topic');
    this.#storeBytes = db.prepare('SELECT coalesce(sum(received_bytes - trimmed_bytes), 0) AS bytes FROM topic');
  }

  /** Topics are made on first use. */
  findOrInsert(name: string, partition: number): TopicRow {
    const found = this.find(name, partition);
    if (found !== undefined) return found;
    this.#insert.run(name, partition);
    return topicRow(only(this.#find.get(name, partition)));
  }

  find(name: string, partition: number): TopicRow | undefined {
    const row = this.#find.get(name, partition);
    return row === undefined ? undefined : topicRow(row);
  }

  /** Topics whose names begin so. */
  countFrom(prefix: string): number {
    return integer(only(this.#countFrom.get(prefix, `${prefix}\uffff`)), 'n');
  }

  byId(id: number): TopicRow {
    return topicRow(only(this.#byId.get(id)));
  }

  /** Undefined when the transaction that made it was undone. */
  tryById(id: number): TopicRow | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : topicRow(row);
  }

  all(): TopicRow[] {
    return this.#all.all().map(topicRow);
  }

  grow(id: number, to: { sequence: number; receivedMs: number; records: number; bytes: number }): void {
    this.#grow.run({ id, ...to });
  }

  shrink(id: number, firstSequence: number, trimmedBytes: number): void {
    this.#shrink.run(firstSequence, trimmedBytes, id);
  }

  lastReceivedMs(): number {
    return integer(only(this.#lastReceived.get()), 'ms');
  }

  /** Bytes of the bodies of all retained entries. */
  storeBytes(): number {
    return integer(only(this.#storeBytes.get()), 'bytes');
  }
}

export function topicRow(row: Row): TopicRow {
  return {
    id: integer(row, 'id'),
    name: text(row, 'name'),
    partition: integer(row, 'partition'),
    firstSequence: integer(row, 'first_sequence'),
    lastSequence: integer(row, 'last_sequence'),
    receivedRecords: integer(row, 'received_records'),
    receivedBytes: integer(row, 'received_bytes'),
    trimmedBytes: integer(row, 'trimmed_bytes'),
  };
}
