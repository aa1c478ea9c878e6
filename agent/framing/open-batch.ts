import type { ChannelName, Cut, Drop, Id, Mark } from '@tributary/protocol/messages.ts';
import type { Run } from '../inputs/input.ts';
import type { StagingPool } from './staging-pool.ts';

/** A segment as the buffer stores it: `OutboxSegment` of the protocol's outbox. */
export interface StagedSegment {
  readonly streamId: Id;
  readonly from: number;
  readonly to: number;
  readonly fromMark: Mark;
  readonly toMark: Mark;
  readonly records: number;
  readonly bytes: number;
  readonly cuts: readonly Cut[];
  readonly lengths: readonly number[];
  readonly drops: readonly Drop[];
  /** Resume token at its end, where its source has one. */
  readonly token?: string;
}

interface GrowingSegment extends StagedSegment {
  streamId: Id;
  to: number;
  toMark: Mark;
  records: number;
  bytes: number;
  cuts: Cut[];
  lengths: number[];
  drops: Drop[];
  token?: string;
}

/** A batch of one channel that is being filled: its bytes lie in a block of the pool, one segment after the other. */
export class OpenBatch {
  readonly channel: ChannelName;
  readonly deadlineMs: number;
  readonly #pool: StagingPool;
  readonly #segments: GrowingSegment[] = [];
  #block: Buffer<ArrayBuffer>;
  #bytes = 0;
  #records = 0;

  constructor(options: { channel: ChannelName; deadlineMs: number; pool: StagingPool; bytesExpected: number }) {
    this.channel = options.channel;
    this.deadlineMs = options.deadlineMs;
    this.#pool = options.pool;
    this.#block = this.#pool.take(options.bytesExpected);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Memory it takes. */
  get blockBytes(): number {
    return this.#block.length;
  }

  get records(): number {
    return this.#records;
  }

  get segments(): readonly StagedSegment[] {
    return this.#segments;
  }

  /** What is staged; valid until `release`. */
  get content(): Uint8Array {
    return this.#block.subarray(0, this.#bytes);
  }

  /** Copies the run behind what is there. One that goes on where the last segment ends becomes part of it, if both tell records alike. */
  add(run: Run): void {
    this.#makeRoom(this.#bytes + run.bytes.length);
    this.#block.set(run.bytes, this.#bytes);
    this.#bytes += run.bytes.length;
    this.#records += run.records;
    const last = this.#segments.at(-1);
    if (last !== undefined && last.streamId === run.streamId && last.to === run.from && isAlike(last, run)) extend(last, run);
    else this.#segments.push(segmentOf(run));
  }

  /** What was staged for one stream now belongs to another, at the same positions. */
  rename(streamId: Id, replacementId: Id): void {
    for (const segment of this.#segments) {
      if (segment.streamId === streamId) segment.streamId = replacementId;
    }
  }

  /** Gives the memory back. */
  release(): void {
    this.#pool.give(this.#block);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#block.length) return;
    const larger = this.#pool.take(Math.max(bytes, 2 * this.#block.length));
    larger.set(this.content);
    this.#pool.give(this.#block);
    this.#block = larger;
  }
}

function segmentOf({ streamId, from, to, fromMark, toMark, records, bytes, cuts, lengths, drops, token }: Run): GrowingSegment {
  const own = { cuts: [...cuts], lengths: [...lengths], drops: [...drops] };
  const segment = { streamId, from, to, fromMark, toMark, records, bytes: bytes.length, ...own };
  return token === undefined ? segment : { ...segment, token };
}

/** Records of a segment have lengths or have none; where only drops are, that is open. */
function isAlike(segment: GrowingSegment, run: Run): boolean {
  if (segment.records === 0 || run.records === 0) return true;
  return segment.lengths.length > 0 === run.lengths.length > 0;
}

function extend(segment: GrowingSegment, run: Run): void {
  for (const { offset, cause } of run.cuts) segment.cuts.push({ offset: segment.bytes + offset, cause });
  for (const length of run.lengths) segment.lengths.push(length);
  for (const { offset, span, records } of run.drops) {
    const place = segment.bytes + offset;
    const before = segment.drops.at(-1);
    // At one place there is one drop.
    if (before?.offset !== place) segment.drops.push({ offset: place, span, records });
    else segment.drops.splice(-1, 1, { offset: place, span: before.span + span, records: before.records + records });
  }
  segment.bytes += run.bytes.length;
  segment.records += run.records;
  segment.to = run.to;
  segment.toMark = run.toMark;
  if (run.token !== undefined) segment.token = run.token;
}
