/**
 * Brings what is whole in a damaged buffer that was set aside into the buffer that took its place, as far as no hub has it.
 *
 * The agent did most of it when it set the file aside: what was whole was sent, and the rest was read again where the source was still
 * there. What is left is told by positions:
 *
 * - a stream that this buffer does not know comes as it is, unless its file is known by another one: then it is read again;
 * - positions that were declared lost, and those behind the end of a stream that ended here, no hub has: they come as a stream of
 *   their own, as their own goes on behind them, and are no loss any more;
 * - everything else a hub has, or its source is being read.
 *
 * All of it is one transaction: interrupted, nothing happened; done again, nothing is found missing, also when the buffer has forgotten
 * by then what came of it: up to where a stream was salvaged is remembered, and what is made for it has the same name each time.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { idBytes } from '@tributary/protocol/limits.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import type { StreamState } from '../inputs/input.ts';
import { lossRowsMax } from './limits.ts';
import { withoutSegments } from './rebuild-batch.ts';
import { readableStreams, wholeBatches } from './salvage.ts';
import { BatchRows, lastBatchId } from './sql/batch-rows.ts';
import { metaKeys } from './schema.ts';
import { FinishedReader } from './sql/finished-rows.ts';
import { LossRows } from './sql/loss-rows.ts';
import { readMeta, writeMeta } from './sql/meta-rows.ts';
import { readStreams, StreamRows } from './sql/stream-rows.ts';
import type { WholeBatch } from './writer-contract.ts';

export interface SalvageReport {
  /** Unacked batches that are whole, and those that are not. */
  readonly batches: number;
  readonly unreadable: number;
  readonly streams: number;
  /** What comes into the buffer. */
  readonly taken: { batches: number; records: number; bytes: number };
  /** Segments that a hub has, or that are read again. */
  readonly present: number;
  /** Segments of streams that nobody can tell the source of. */
  readonly unknown: number;
}

/** What is in this file is not this agent's to send. */
export class SalvageError extends Error {
  override readonly name = 'SalvageError';
  readonly code = 'SALVAGE';
}

/** Undefined when this buffer does not know yet which streams its hub has: it must have asked first. */
export function salvageInto(file: string, db: DatabaseSync): SalvageReport | undefined {
  if (readMeta(db, metaKeys.needsRecovery) !== '0') return undefined;
  using owned = new DisposableStack();
  const old = openDatabase(file, { readOnly: true });
  owned.defer(() => old.close());
  checkOwner(old, db);
  db.exec('BEGIN IMMEDIATE');
  try {
    const report = new Salvage(old, db).run();
    db.exec('COMMIT');
    return report;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Throws when the file is no buffer at all, or another agent's: a hub knows that one's streams under its name. */
function checkOwner(old: DatabaseSync, db: DatabaseSync): void {
  if (!hasTables(old)) throw new SalvageError('this is no buffer of an agent');
  const [owner, own] = [readable(() => readMeta(old, metaKeys.agent)), readMeta(db, metaKeys.agent)];
  if (owner === undefined || own === undefined || owner === own) return;
  throw new SalvageError(
    `this buffer is of agent ${owner}, and this agent is ${own}: what is in it can be told by \`tributary-agent buffer export\``,
  );
}

function hasTables(old: DatabaseSync): boolean {
  try {
    return old.prepare("SELECT name FROM sqlite_schema WHERE name IN ('streams', 'batches')").all().length > 0;
  } catch (cause) {
    throw new SalvageError(`nothing of it can be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Undefined where a page of it is damaged. */
function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Where a segment goes: under its own stream, or one that is made for it. */
interface Taken {
  readonly segment: OutboxSegment;
  readonly streamId: Id;
}

class Salvage {
  readonly #old: DatabaseSync;
  readonly #oldStreams: ReadonlyMap<Id, StreamState>;
  readonly #known: Map<Id, StreamState>;
  readonly #finished: FinishedReader;
  readonly #streams: StreamRows;
  readonly #batches: BatchRows;
  readonly #losses: LossRows;
  /** Put by this very salvage, as they were not known before. */
  readonly #own = new Set<Id>();
  /** Made for what was lost of a stream; each goes on as long as there is no hole. */
  readonly #made = new Map<Id, StreamState>();
  readonly #taken = { batches: 0, records: 0, bytes: 0 };
  readonly #db: DatabaseSync;
  #lastId: number;
  #present = 0;
  #unknown = 0;

  constructor(old: DatabaseSync, db: DatabaseSync) {
    this.#old = old;
    this.#oldStreams = new Map([...readableStreams(old)].map((stream) => [stream.streamId, stream]));
    this.#known = new Map([...readStreams(db)].map((stream) => [stream.streamId, stream]));
    this.#finished = new FinishedReader(db);
    this.#streams = new StreamRows(db);
    this.#batches = new BatchRows(db);
    this.#losses = new LossRows(db, lossRowsMax);
    this.#db = db;
    this.#lastId = lastBatchId(db);
  }

  run(): SalvageReport {
    let [batches, unreadable] = [0, 0];
    for (const whole of wholeBatches(this.#old)) {
      if (whole === undefined) unreadable += 1;
      else {
        batches += 1;
        this.#take(whole);
      }
    }
    const streams = this.#oldStreams.size;
    return { batches, unreadable, streams, taken: this.#taken, present: this.#present, unknown: this.#unknown };
  }

  #take(whole: WholeBatch): void {
    const taken = new Map<OutboxSegment, Id>();
    for (const segment of whole.batch.segments) {
      const found = this.#place(segment);
      if (found !== undefined) taken.set(found.segment, found.streamId);
    }
    if (taken.size === 0) return;
    const dropped = new Set(whole.batch.segments.filter((segment) => !taken.has(segment)));
    const rebuilt = dropped.size === 0 ? whole : withoutSegments(whole.batch, whole.body, dropped);
    if (rebuilt === undefined) return;
    this.#lastId += 1;
    const segments = rebuilt.batch.segments.map((segment) => {
      const streamId = taken.get(segment) ?? segment.streamId;
      this.#streams.move({ streamId, position: segment.to, mark: segment.toMark });
      return { ...segment, streamId };
    });
    const batch = { ...rebuilt.batch, id: this.#lastId, segments };
    this.#batches.insert({ batch, overflow: whole.overflow, body: rebuilt.body });
    this.#taken.batches += 1;
    this.#taken.records += batch.records;
    this.#taken.bytes += batch.inflatedBytes;
  }

  #place(segment: OutboxSegment): Taken | undefined {
    const { streamId, from, to, toMark } = segment;
    const before = this.#oldStreams.get(streamId);
    const known = this.#known.get(streamId) ?? this.#finished.byId(streamId);
    if (known === undefined) {
      if (before === undefined) {
        this.#unknown += 1;
        return undefined;
      }
      if (to <= this.#salvagedTo(streamId) || this.#isReadAgain(before)) {
        this.#present += 1;
        return undefined;
      }
      const stream = { ...before, position: from, mark: segment.fromMark, ended: true };
      this.#put(stream);
      return { segment, streamId };
    }
    if (this.#own.has(streamId)) return { segment, streamId };
    const isLost = this.#losses.covers({ streamId, from, to });
    const isBehind = known.ended && from >= known.position;
    if (!isLost && !isBehind) {
      this.#present += 1;
      return undefined;
    }
    if (isLost) this.#losses.recovered({ streamId, from, to });
    else this.#moveBehind(known, { position: to, mark: toMark });
    return { segment, streamId: this.#madeFor(known, segment) };
  }

  /** Of a stream that ended: how far it was brought back before. */
  #salvagedTo(streamId: Id): number {
    return Number(readMeta(this.#db, `${metaKeys.salvaged}${streamId}`) ?? 0);
  }

  /** Its file has a stream that begins where the hub knows of none. */
  #isReadAgain({ identity }: StreamState): boolean {
    if (identity.inode === '') return false;
    const isSame = (other: StreamState): boolean =>
      other.identity.inode === identity.inode && other.identity.device === identity.device && !this.#own.has(other.streamId);
    return this.#known.values().some(isSame) || this.#finished.ofFile(identity).length > 0;
  }

  #put(stream: StreamState): void {
    this.#streams.put(stream);
    this.#known.set(stream.streamId, stream);
    this.#own.add(stream.streamId);
  }

  /** No file is to be found by its identity: its source has a stream already. */
  #madeFor(known: StreamState, { from, to, fromMark, toMark }: OutboxSegment): Id {
    let made = this.#made.get(known.streamId);
    if (made?.position !== from) {
      const identity = { ...known.identity, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '' };
      const streamId = hash('sha256', `salvaged ${known.streamId} ${from}`).slice(0, 2 * idBytes);
      made = { ...known, streamId, identity, start: from, position: from, mark: fromMark, ended: true };
      this.#streams.put(made);
    }
    this.#made.set(known.streamId, { ...made, position: to, mark: toMark });
    return made.streamId;
  }

  /** So that doing it again finds nothing missing. */
  #moveBehind(known: StreamState, to: { readonly position: number; readonly mark: string }): void {
    this.#db.prepare('UPDATE streams SET position = ?, mark = ? WHERE stream_id = ?').run(to.position, to.mark, known.streamId);
    this.#db.prepare('UPDATE finished SET position = ?, mark = ? WHERE stream_id = ?').run(to.position, to.mark, known.streamId);
    writeMeta(this.#db, `${metaKeys.salvaged}${known.streamId}`, String(to.position));
    if (this.#known.has(known.streamId)) this.#known.set(known.streamId, { ...known, ...to });
  }
}
