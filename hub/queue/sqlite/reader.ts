/**
 * The main thread's read-only connection: everything that is asked of the store without changing it. It sees a commit as soon as
 * the writer has made it, and thus always what was answered.
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  type GapCause,
  gapCauses,
  type Origin,
  type RecoveredStream,
  type SourceIdentity,
  type StreamAttributes,
} from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { recoveredStreamsTotalMax } from '@tributary/protocol/limits.ts';
import { blob, integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import { type Entry, type EntryFormat, type GapRecord, type GroupPlace, type StreamInfo, streamName } from '../queue.ts';
import { QueueError } from '../queue-error.ts';
import { decodeEnvelope, decodeSegments } from './segments.ts';
import { type PlanRow, planQuery, planRow } from './tables/archive-table.ts';

export interface ReadFrom {
  readonly topic: string;
  readonly partition: number;
  readonly afterSequence: number;
}

export interface ReadLimits {
  readonly entries: number;
  readonly bytes: number;
  readonly bodies?: boolean;
}

const streamsRememberedMax = 10_000;

export class Reader {
  readonly #db: DatabaseSync;
  readonly #sizes;
  readonly #entries;
  readonly #described;
  readonly #measure;
  readonly #stream;
  readonly #remembered = new Map<number, StreamInfo>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    const place = 'entry.topic = (SELECT id FROM topic WHERE name = ? AND partition = ?) AND sequence > ?';
    this.#sizes = db.prepare(`SELECT sequence, body_bytes FROM entry WHERE ${place} ORDER BY sequence LIMIT ?`);
    this.#measure = db.prepare(`SELECT sequence, received_ms, inflated_bytes FROM entry WHERE ${place} ORDER BY sequence`);
    const described =
      'sequence, received_ms, created_ms, format, records, inflated_bytes, segments, envelope, length(body) AS length';
    this.#entries = db.prepare(`
      SELECT ${described}, body FROM entry WHERE ${place} AND sequence <= ? ORDER BY sequence`);
    this.#described = db.prepare(`
      SELECT ${described}, x'' AS body FROM entry WHERE ${place} ORDER BY sequence LIMIT ?`);
    this.#stream = db.prepare('SELECT site_id, agent_id, stream_id, attributes, identity, start FROM stream WHERE id = ?');
  }

  /** In order, at least one if there is any, up to the limits. */
  read(from: ReadFrom, limits: ReadLimits): Entry[] {
    const { topic, partition, afterSequence } = from;
    if (limits.bodies === false) {
      const rows = this.#described.all(topic, partition, afterSequence, Math.max(1, limits.entries));
      return rows.map((row) => this.#entry(from, row));
    }
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
    return this.#db.prepare(`${gapQuery} ORDER BY gap.id`).all().map(gapOf);
  }

  gapsOf({ siteId, agentId, streamId }: StreamKey): GapRecord[] {
    const query = `${gapQuery} WHERE site_id = ? AND agent_id = ? AND stream_id = ? ORDER BY first`;
    return this.#db.prepare(query).all(siteId, agentId, streamId).map(gapOf);
  }

  beginningsOf({ topic, group, partition }: GroupPlace): Map<string, number> {
    const query = `SELECT site_id, agent_id, stream_id, position FROM group_beginning JOIN stream ON stream.id = group_beginning.stream
      WHERE reader_group = (SELECT reader_group.id FROM reader_group JOIN topic ON topic.id = reader_group.topic
        WHERE topic.name = ? AND topic.partition = ? AND reader_group.name = ?)`;
    const rows = this.#db.prepare(query).all(topic, partition, group);
    return new Map(rows.map((row) => [streamName(keyOf(row)), integer(row, 'position')]));
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
    const body = blob(row, 'body');
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
      ...decodeEnvelope(text(row, 'envelope'), body),
      bodyBytes: integer(row, 'length'),
      body,
    };
  }

  #streamInfo(id: number): StreamInfo {
    const known = this.#remembered.get(id);
    if (known !== undefined) return known;
    if (this.#remembered.size >= streamsRememberedMax) this.#remembered.clear();
    const row = only(this.#stream.get(id));
    const info = { key: keyOf(row), attributes: attributesOf(row), identity: identityOf(row), start: integer(row, 'start') };
    this.#remembered.set(id, info);
    return info;
  }
}

const gapQuery = `SELECT site_id, agent_id, stream_id, first, until, cause, at_ms FROM gap JOIN stream ON stream.id = gap.stream`;

function gapOf(row: Row): GapRecord {
  return {
    key: keyOf(row),
    from: integer(row, 'first'),
    to: integer(row, 'until'),
    cause: causeOf(row),
    atMs: integer(row, 'at_ms'),
  };
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

function formatOf(row: Row): EntryFormat {
  return oneOf(formats, text(row, 'format'));
}

function causeOf(row: Row): GapCause {
  return oneOf(gapCauses, text(row, 'cause'));
}

function oneOf<Value extends string>(values: readonly Value[], found: string): Value {
  const value = values.find((candidate) => candidate === found);
  if (value === undefined) throw new QueueError('QUEUE_UNKNOWN', `the store has ${found}, which this program does not know`);
  return value;
}
