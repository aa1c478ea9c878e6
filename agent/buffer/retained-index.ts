/**
 * The retained batches, in memory: everything the uplink asks but the bodies and the lengths of records. Every batch in it is durable. Lists are in the order
 * of ids, which is the order of writing; what is removed is nearly always at their front.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { ChannelName, Id, Mark } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { Overflow } from '../inputs/input.ts';
import { batchOverheadBytes } from './limits.ts';
import type { SegmentLengths } from './segment-lengths.ts';
import type { BatchRow } from './sql/batch-rows.ts';

export interface Retained {
  batch: OutboxBatch;
  readonly overflow: Overflow;
  /** When the site acked it, wall clock; undefined: not yet. */
  ackedMs: number | undefined;
}

export class RetainedIndex {
  readonly #lengths: SegmentLengths;
  readonly #byId = new Map<number, Retained>();
  readonly #channels = new Map<ChannelName, { readonly list: Retained[]; readonly unacked: Set<number> }>();
  readonly #streams = new Map<Id, Retained[]>();
  /** Acked batches in the order of their acks: the first is deleted first. */
  readonly #acked = new Set<number>();
  /** Unacked batches that may be dropped to make room and are not on their way to a site; ascending. */
  #droppable = new Set<number>();
  /** Of the class that has room of its own. */
  #reserveBytes = 0;
  #reserveBatches = 0;
  #unackedBytes = 0;
  #unackedRecords = 0;
  #ackedRecords = 0;
  #cutRecords = 0;
  #ackedBytes = 0;

  constructor(lengths: SegmentLengths) {
    this.#lengths = lengths;
  }

  get batches(): number {
    return this.#byId.size;
  }

  get ackedBatches(): number {
    return this.#acked.size;
  }

  get unackedBytes(): number {
    return this.#unackedBytes;
  }

  /** Those that wait, and the sums of those that were acked here and of those that were no good any more. */
  get records(): { readonly unacked: number; readonly acked: number; readonly cut: number } {
    return { unacked: this.#unackedRecords, acked: this.#ackedRecords, cut: this.#cutRecords };
  }

  /** Unacked batches of the class that has room of its own; the other sums have them, too. */
  get reserve(): { readonly bytes: number; readonly batches: number } {
    return { bytes: this.#reserveBytes, batches: this.#reserveBatches };
  }

  get ackedBytes(): number {
    return this.#ackedBytes;
  }

  add(row: BatchRow): void {
    const { overflow, ackedMs } = row;
    const batch = this.#lengths.withoutLengths(row.batch);
    const retained: Retained = { batch, overflow, ackedMs };
    const channel = this.#channels.getOrInsertComputed(batch.channel, () => ({ list: [], unacked: new Set() }));
    assert((channel.list.at(-1)?.batch.id ?? 0) < batch.id, 'ids of a channel ascend');
    this.#byId.set(batch.id, retained);
    channel.list.push(retained);
    for (const streamId of streamsOf(batch)) this.#streams.getOrInsertComputed(streamId, () => []).push(retained);
    if (ackedMs === undefined) {
      channel.unacked.add(batch.id);
      this.#charge(retained, 1);
      if (overflow === 'drop_oldest') this.#droppable.add(batch.id);
    } else {
      this.#acked.add(batch.id);
      this.#ackedBytes += chargeOf(batch);
    }
  }

  /** False when it is not there or was acked before. */
  ack(id: number, atMs: number): boolean {
    const retained = this.#byId.get(id);
    if (retained === undefined || retained.ackedMs !== undefined) return false;
    retained.ackedMs = atMs;
    this.#lengths.forget(id);
    this.#channels.get(retained.batch.channel)?.unacked.delete(id);
    this.#acked.add(id);
    this.#droppable.delete(id);
    this.#charge(retained, -1);
    this.#ackedBytes += chargeOf(retained.batch);
    this.#ackedRecords += retained.batch.records;
    return true;
  }

  remove(id: number): boolean {
    const retained = this.#byId.get(id);
    if (retained === undefined) return false;
    const { batch } = retained;
    this.#byId.delete(id);
    this.#lengths.forget(id);
    if (this.#acked.delete(id)) this.#ackedBytes -= chargeOf(batch);
    else this.#charge(retained, -1);
    this.#droppable.delete(id);
    const channel = this.#channels.get(batch.channel);
    channel?.unacked.delete(id);
    if (channel !== undefined && cut(channel.list, id) === 0) this.#channels.delete(batch.channel);
    for (const streamId of streamsOf(batch)) this.#cutStream(streamId, id);
    return true;
  }

  /** Its body was read: it is on its way to a site, and dropping it would most likely be too late. */
  sent(id: number): void {
    this.#droppable.delete(id);
  }

  /** What was on its way is not any more. */
  noneIsSent(): void {
    const ids = this.#byId.values().filter(({ overflow, ackedMs }) => overflow === 'drop_oldest' && ackedMs === undefined);
    this.#droppable = new Set(
      ids
        .map(({ batch }) => batch.id)
        .toArray()
        .toSorted((left, right) => left - right),
    );
  }

  /** The batch that is dropped first. */
  oldestDroppable(): OutboxBatch | undefined {
    for (const id of this.#droppable) return this.#byId.get(id)?.batch;
    return undefined;
  }

  /** The acked batch that is deleted first. */
  oldestAcked(): Retained | undefined {
    for (const id of this.#acked) return this.#byId.get(id);
    return undefined;
  }

  channels(): Iterable<ChannelName> {
    return this.#channels.keys();
  }

  streams(): IteratorObject<Id> {
    return this.#streams.keys();
  }

  hasStream(streamId: Id): boolean {
    return this.#streams.has(streamId);
  }

  get(id: number): OutboxBatch | undefined {
    return this.#byId.get(id)?.batch;
  }

  overflowOf(id: number): Overflow {
    return this.#byId.get(id)?.overflow ?? 'block';
  }

  next(channel: ChannelName, afterId: number): OutboxBatch | undefined {
    const list = this.#channels.get(channel)?.list;
    return list?.[firstIndex(list, (retained) => retained.batch.id > afterId)]?.batch;
  }

  firstUnacked(channel: ChannelName): number | undefined {
    for (const id of this.#channels.get(channel)?.unacked ?? []) return id;
    return undefined;
  }

  firstAfter(streamId: Id, position: number): OutboxBatch | undefined {
    const list = this.#streams.get(streamId);
    return list?.find(({ batch }) => batch.segments.some((s) => s.streamId === streamId && s.to > position))?.batch;
  }

  /** The mark at a segment's edge; undefined elsewhere. */
  markAt(streamId: Id, position: number): Mark | undefined {
    for (const { batch } of this.#streams.get(streamId) ?? []) {
      for (const segment of batch.segments) {
        if (segment.streamId !== streamId) continue;
        if (segment.to === position) return segment.toMark;
        if (segment.from === position && segment.fromMark !== '') return segment.fromMark;
      }
    }
    return undefined;
  }

  unackedOf(streamId: Id): readonly OutboxBatch[] {
    const list = this.#streams.get(streamId) ?? [];
    return list.filter((retained) => retained.ackedMs === undefined).map((retained) => retained.batch);
  }

  all(): Iterable<Retained> {
    return this.#byId.values();
  }

  /** Puts other segments into a batch: one of its streams was replaced. */
  rewrite(id: number, segments: readonly OutboxSegment[]): void {
    const retained = this.#byId.get(id);
    assert(retained !== undefined, 'a batch that is rewritten is retained');
    const before = new Set(streamsOf(retained.batch));
    retained.batch = this.#lengths.withoutLengths({ ...retained.batch, segments });
    const after = new Set(streamsOf(retained.batch));
    for (const streamId of before) if (!after.has(streamId)) this.#cutStream(streamId, id);
    for (const streamId of after) if (!before.has(streamId)) this.#insertIntoStream(streamId, retained);
  }

  /** Puts what is still good of a batch in its place; nothing when it was dropped since. */
  rebuild(batch: OutboxBatch): void {
    const retained = this.#byId.get(batch.id);
    if (retained === undefined) return;
    this.#cutRecords += retained.batch.records - batch.records;
    this.rewrite(batch.id, batch.segments);
    this.#charge(retained, -1);
    retained.batch = this.#lengths.withoutLengths(batch);
    this.#charge(retained, 1);
  }

  #charge({ batch, overflow }: Retained, sign: 1 | -1): void {
    const bytes = sign * chargeOf(batch);
    this.#unackedBytes += bytes;
    this.#unackedRecords += sign * batch.records;
    if (overflow !== 'reserve') return;
    this.#reserveBytes += bytes;
    this.#reserveBatches += sign;
  }

  #insertIntoStream(streamId: Id, retained: Retained): void {
    const list = this.#streams.getOrInsertComputed(streamId, () => []);
    const at = firstIndex(list, (other) => other.batch.id > retained.batch.id);
    list.splice(at, 0, retained);
  }

  #cutStream(streamId: Id, id: number): void {
    const list = this.#streams.get(streamId);
    if (list !== undefined && cut(list, id) === 0) this.#streams.delete(streamId);
  }
}

/** Bytes a batch counts for against the limit. */
export function chargeOf(batch: { readonly bodyBytes: number }): number {
  return batch.bodyBytes + batchOverheadBytes;
}

function streamsOf(batch: OutboxBatch): Iterable<Id> {
  const [first, ...rest] = batch.segments;
  if (first === undefined) return [];
  return rest.length === 0 ? [first.streamId] : new Set(batch.segments.map((segment) => segment.streamId));
}

/** Index of the first entry that fits; the length when none does. Entries that fit come after those that do not. */
function firstIndex(list: readonly Retained[], fits: (retained: Retained) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const retained = list[middle];
    if (retained !== undefined && fits(retained)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Takes the batch out of the list; returns how many are left. */
function cut(list: Retained[], id: number): number {
  const at = firstIndex(list, (retained) => retained.batch.id >= id);
  if (list[at]?.batch.id === id) list.splice(at, 1);
  return list.length;
}
