import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Cut, Drop } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { Overflow } from '../../inputs/input.ts';

/** A batch as its row tells it, without the body. */
export interface BatchRow {
  readonly batch: OutboxBatch;
  /** What may become of it while the buffer is full. */
  readonly overflow: Overflow;
  readonly ackedMs: number | undefined;
}

/** Rows of `batches` and `bodies`, for the writer. */
export class BatchRows {
  readonly #insert: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #ack: StatementSync;
  readonly #reject: StatementSync;
  readonly #segments: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteBody: StatementSync;
  readonly #rejectedBeyond: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      INSERT INTO batches (id, channel, segments, records, inflated_bytes, body_bytes, checksum, created_ms, overflow)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#insertBody = db.prepare('INSERT INTO bodies (batch_id, body) VALUES (?, ?)');
    this.#ack = db.prepare('UPDATE batches SET acked_ms = ? WHERE id = ?');
    this.#reject = db.prepare('UPDATE batches SET rejected = ? WHERE id = ?');
    this.#segments = db.prepare('UPDATE batches SET segments = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM batches WHERE id = ?');
    this.#deleteBody = db.prepare('DELETE FROM bodies WHERE batch_id = ?');
    this.#rejectedBeyond = db.prepare('SELECT id FROM batches WHERE rejected IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?');
  }

  insert({ batch, overflow, body }: { batch: OutboxBatch; overflow: Overflow; body: Uint8Array }): void {
    const { id, channel, records, inflatedBytes, checksum, envelope } = batch;
    const segments = segmentsText(batch.segments);
    const createdMs = envelope.createdMs;
    this.#insert.run(id, channel, segments, records, inflatedBytes, body.length, checksum, createdMs, overflow);
    this.#insertBody.run(id, body);
  }

  ack(id: number, atMs: number): void {
    this.#ack.run(atMs, id);
  }

  reject(id: number, reason: string, keepMax: number): void {
    this.#reject.run(reason, id);
    for (const row of this.#rejectedBeyond.all(keepMax)) this.delete(Number(row['id']));
  }

  rewriteSegments(id: number, segments: readonly OutboxSegment[]): void {
    this.#segments.run(segmentsText(segments), id);
  }

  delete(id: number): void {
    this.#deleteBody.run(id);
    this.#delete.run(id);
  }
}

/** Everything retained, in the order of writing; what was rejected stays out of the way. */
export function* readBatches(db: DatabaseSync): Generator<BatchRow> {
  const statement = db.prepare('SELECT * FROM batches WHERE rejected IS NULL ORDER BY id');
  for (const row of statement.iterate()) yield batchOf(row);
}

export function lastBatchId(db: DatabaseSync): number {
  return Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'batches'").get()?.['seq'] ?? 0);
}

/** Reads the lengths of records of a batch's segments. */
export class LengthsReader {
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT segments FROM batches WHERE id = ?');
  }

  /** Undefined where the row is gone, or is not what was written. */
  read(batchId: number): readonly (readonly number[])[] | undefined {
    const text = this.#select.get(batchId)?.['segments'];
    try {
      return typeof text === 'string' ? segmentsOf(text).map(({ lengths }) => lengths) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Reads bodies and checks them: what a disk gives back is outside data. */
export class BodyReader {
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT body FROM bodies WHERE batch_id = ?');
  }

  /** Undefined when it is missing or does not fit the checksum. */
  read(batch: OutboxBatch): Uint8Array | undefined {
    const body = this.#select.get(batch.id)?.['body'];
    if (!(body instanceof Uint8Array) || body.length !== batch.bodyBytes) return undefined;
    return crc32(body) === batch.checksum ? body : undefined;
  }
}

export function batchOf(row: Record<string, SQLOutputValue>): BatchRow {
  const { acked_ms: ackedMs } = row;
  return {
    overflow: overflowOf(row['overflow']),
    ackedMs: typeof ackedMs === 'number' ? ackedMs : undefined,
    batch: {
      id: Number(row['id']),
      channel: String(row['channel']),
      segments: segmentsOf(String(row['segments'])),
      records: Number(row['records']),
      inflatedBytes: Number(row['inflated_bytes']),
      bodyBytes: Number(row['body_bytes']),
      checksum: Number(row['checksum']),
      envelope: { createdMs: Number(row['created_ms']), hops: [], trims: [] },
    },
  };
}

/** An older release, whose buffer is salvaged, had no such column. */
function overflowOf(value: SQLOutputValue | undefined): Overflow {
  return value === 'drop_newest' || value === 'drop_oldest' || value === 'reserve' ? value : 'block';
}

type SegmentTuple = [
  string,
  number,
  number,
  string,
  string,
  number,
  number,
  readonly Cut[],
  readonly number[],
  (readonly Drop[])?,
];

/** `[[streamId, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops], …]` as JSON. */
function segmentsText(segments: readonly OutboxSegment[]): string {
  const tuples = segments.map((s): SegmentTuple => {
    return [s.streamId, s.from, s.to, s.fromMark, s.toMark, s.records, s.bytes, s.cuts, s.lengths, s.drops];
  });
  return JSON.stringify(tuples);
}

function segmentsOf(text: string): OutboxSegment[] {
  const tuples: SegmentTuple[] = JSON.parse(text);
  return tuples.map(([streamId, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops = []]) => {
    return { streamId, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops };
  });
}
