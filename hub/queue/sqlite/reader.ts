/**
 * The main thread's read-only connection: everything that is asked of the store without changing it. It sees a commit as soon as
 * the writer has made it, and thus always what was answered.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { GapCause, Origin, RecoveredStream, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import { recoveredStreamsTotalMax } from '@tributary/protocol/limits.ts';
import { blob, integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { Entry, EntryFormat, GapRecord, StreamInfo } from '../queue.ts';
import { QueueError } from '../queue-error.ts';
import { decodeSegments, decodeTrims } from './segments.ts';
import { type PlanRow, planQuery, planRow } from './tables/archive-table.ts';

export interface ReadFrom {
  readonly topic: string;
  readonly partition: number;
  readonly afterSequence: number;
}

const streamsRememberedMax = 10_000;

export class Reader {
  readonly #db: DatabaseSync;
  readonly #sizes;
  readonly #entries;
  readonly #measure;
  readonly #stream;
  readonly #remembered = new Map<number, StreamInfo>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    const place = 'entry.topic = (SELECT id FROM topic WHERE name = ? AND partition = ?) AND sequence > ?';
    this.#sizes = db.prepare(`SELECT sequence, body_bytes FROM entry WHERE ${place} ORDER BY sequence LIMIT ?`);
    this.#measure = db.prepare(`SELECT sequence, received_ms, inflated_bytes FROM entry WHERE ${place} ORDER BY sequence`);
    this.#entries = db.prepare(`
      SELECT sequence, received_ms, created_ms, format, records, inflated_bytes, segments, trims, body
      FROM entry WHERE ${place} AND sequence <= ? ORDER BY sequence`);
    this.#stream = db.prepare('SELECT site_id, agent_id, stream_id, attributes, identity FROM stream WHERE id = ?');
  }

  /** In order, at least one if there is any, up to the limits. */
  read(from: ReadFrom, limits: { readonly entries: number; readonly bytes: number }): Entry[] {
    const { topic, partition, afterSequence } = from;
    let last = afterSequence;
    let bytes = 0;
    for (const row of this.#sizes.iterate(topic, partition, afterSequence, Math.max(1, limits.entries))) {
      bytes += integer(row, 'body_bytes');
      if (last > afterSequence && bytes > limits.bytes) break;
      last = integer(row, 'sequence');
    }
    if (last === afterSequence) return [];
    return this.#entries.all(topic, partition, afterSequence, last).map((row) => this.#entry(from, row));
  }

  measure(from: ReadFrom): { sequence: number; receivedMs: number; inflatedBytes: number }[] {
    return this.#measure.all(from.topic, from.partition, from.afterSequence).map((row) => ({
      sequence: integer(row, 'sequence'),
      receivedMs: integer(row, 'received_ms'),
      inflatedBytes: integer(row, 'inflated_bytes'),
    }));
  }

  /** Their rows are read one by one: all of them, with all that describes them, may be more than memory. */
  *streamsOf(siteId: string, agentId: string): Generator<RecoveredStream> {
    const newest = this.#db.prepare('SELECT id FROM stream WHERE site_id = ? AND agent_id = ? ORDER BY id DESC LIMIT ?');
    const ids = newest.all(siteId, agentId, recoveredStreamsTotalMax).map((row) => integer(row, 'id'));
    const query = `SELECT stream_id, origin, identity, attributes, start, held, held_mark,
      closed_at IS NOT NULL AND held >= closed_at AS closed FROM stream WHERE id = ?`;
    const stream = this.#db.prepare(query);
    for (const id of ids.toReversed()) {
      const row = only(stream.get(id));
      yield {
        streamId: text(row, 'stream_id'),
        origin: originOf(row),
        identity: identityOf(row),
        attributes: attributesOf(row),
        start: integer(row, 'start'),
        held: integer(row, 'held'),
        heldMark: text(row, 'held_mark'),
        closed: integer(row, 'closed') === 1,
      };
    }
  }

  gaps(): GapRecord[] {
    const query = `SELECT site_id, agent_id, stream_id, first, until, cause, at_ms
      FROM gap JOIN stream ON stream.id = gap.stream ORDER BY gap.id`;
    return this.#db
      .prepare(query)
      .all()
      .map((row) => ({
        key: keyOf(row),
        from: integer(row, 'first'),
        to: integer(row, 'until'),
        cause: causeOf(row),
        atMs: integer(row, 'at_ms'),
      }));
  }

  planOf(group: { readonly topic: string; readonly partition: number; readonly group: string }): PlanRow | undefined {
    const query = `${planQuery.replace('?', '')}
      (SELECT reader_group.id FROM reader_group JOIN topic ON topic.id = reader_group.topic
       WHERE topic.name = ? AND topic.partition = ? AND reader_group.name = ?)`;
    const row = this.#db.prepare(query).get(group.topic, group.partition, group.group);
    return row === undefined ? undefined : planRow(row);
  }

  /** Streams may have been found at another place since they were read. */
  forgetStreams(): void {
    this.#remembered.clear();
  }

  close(): void {
    this.#db.close();
  }

  #entry(from: ReadFrom, row: Row): Entry {
    return {
      topic: from.topic,
      partition: from.partition,
      sequence: integer(row, 'sequence'),
      receivedMs: integer(row, 'received_ms'),
      createdMs: integer(row, 'created_ms'),
      format: formatOf(row),
      records: integer(row, 'records'),
      inflatedBytes: integer(row, 'inflated_bytes'),
      segments: decodeSegments(text(row, 'segments'), (stream) => this.#streamInfo(stream)),
      trims: decodeTrims(text(row, 'trims')),
      body: blob(row, 'body'),
    };
  }

  #streamInfo(id: number): StreamInfo {
    const known = this.#remembered.get(id);
    if (known !== undefined) return known;
    if (this.#remembered.size >= streamsRememberedMax) this.#remembered.clear();
    const row = only(this.#stream.get(id));
    const info = { key: keyOf(row), attributes: attributesOf(row), identity: identityOf(row) };
    this.#remembered.set(id, info);
    return info;
  }
}

function keyOf(row: Row): StreamInfo['key'] {
  return { siteId: text(row, 'site_id'), agentId: text(row, 'agent_id'), streamId: text(row, 'stream_id') };
}

// Columns of JSON were written by us from these very types; a damaged page is SQLite's to find.
function attributesOf(row: Row): StreamAttributes {
  return JSON.parse(text(row, 'attributes'));
}

function identityOf(row: Row): SourceIdentity {
  return JSON.parse(text(row, 'identity'));
}

function originOf(row: Row): Origin {
  return JSON.parse(text(row, 'origin'));
}

const formats: readonly EntryFormat[] = ['batch', 'block', 'event'];
const causes: readonly GapCause[] = ['buffer-lost', 'buffer-damaged', 'dropped', 'replay-expired', 'source-lost', 'rejected'];

function formatOf(row: Row): EntryFormat {
  return oneOf(formats, text(row, 'format'));
}

function causeOf(row: Row): GapCause {
  return oneOf(causes, text(row, 'cause'));
}

function oneOf<Value extends string>(values: readonly Value[], found: string): Value {
  const value = values.find((candidate) => candidate === found);
  if (value === undefined) throw new QueueError('QUEUE_UNKNOWN', `the store has ${found}, which this program does not know`);
  return value;
}
