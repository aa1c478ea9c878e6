/** Losses as the main thread knows them: sums by cause, and the streams of which a site is still to be told (sql/loss-rows.ts). */
import type { DatabaseSync } from 'node:sqlite';
import type { GapCause, Id } from '@tributary/protocol/messages.ts';
import { type DroppedRange, LossReader, type LossSum } from './sql/loss-rows.ts';

export interface LossBookParts {
  readonly db: DatabaseSync;
  readonly declaring: (range: { readonly streamId: Id; readonly from: number; readonly to: number }) => void;
}

export class LossBook {
  readonly #parts: LossBookParts;
  readonly #reader: LossReader;
  /** Dropped, and not durably recorded yet: the session may notice sooner. */
  readonly #underWay = new Set<DroppedRange>();
  #undeclared: Set<Id>;
  #closed = false;
  #sums: Partial<Record<GapCause, LossSum>> | undefined;

  constructor(parts: LossBookParts) {
    this.#parts = parts;
    this.#reader = new LossReader(parts.db);
    this.#undeclared = new Set(this.#reader.undeclaredStreams());
  }

  /** Streams with losses that no site was told of. */
  undeclared(): readonly Id[] {
    return [...this.#undeclared];
  }

  isUndeclared(streamId: Id): boolean {
    return this.#undeclared.has(streamId);
  }

  /** These are about to be recorded; call what is returned when they are. */
  underWay(ranges: readonly DroppedRange[]): () => void {
    for (const range of ranges) {
      this.#underWay.add(range);
      this.#undeclared.add(range.streamId);
    }
    return () => {
      for (const range of ranges) this.#underWay.delete(range);
      this.changed(new Set(ranges.map(({ streamId }) => streamId)));
    };
  }

  /** Called after the writer changed something about these streams. */
  changed(streamIds: Iterable<Id>): void {
    this.#sums = undefined;
    if (this.#closed) return;
    for (const streamId of streamIds) {
      if (this.#isUnderWay(streamId) || this.#reader.isUndeclared(streamId)) this.#undeclared.add(streamId);
      else this.#undeclared.delete(streamId);
    }
  }

  /** The database is not read any more. */
  close(): void {
    this.#closed = true;
  }

  byCause(): Partial<Record<GapCause, LossSum>> {
    this.#sums ??= this.#reader.byCause();
    return this.#sums;
  }

  lostOf(streamId: Id): number {
    return this.#reader.lostOf(streamId);
  }

  /** A Gap is about to be sent: tells its cause, if it is known here. */
  declaring(streamId: Id, from: number, to: number): GapCause | undefined {
    const isDropped = this.#underWay.values().some((range) => {
      return range.streamId === streamId && range.from < to && range.to > from;
    });
    const cause = isDropped ? 'dropped' : this.#reader.causeOf(streamId, from, to);
    if (cause !== undefined && this.#undeclared.has(streamId)) this.#parts.declaring({ streamId, from, to });
    return cause;
  }

  #isUnderWay(streamId: Id): boolean {
    return this.#underWay.values().some((range) => range.streamId === streamId);
  }
}
