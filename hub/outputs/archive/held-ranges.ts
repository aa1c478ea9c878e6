/** Which positions of which streams are in objects already, as ranges `[from, to)` per stream. */
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { type ArchivedSegment, streamName } from '../../queue/queue.ts';

/** As it goes to the thread and into a file. Ranges are in order and do not touch. */
export interface HeldStream {
  readonly stream: string;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export class HeldRanges {
  readonly #ranges = new Map<string, (readonly [from: number, to: number])[]>();

  constructor(streams: readonly HeldStream[] = []) {
    for (const { stream, ranges } of streams) this.#ranges.set(stream, [...ranges]);
  }

  get isEmpty(): boolean {
    return this.#ranges.size === 0;
  }

  add({ key, from, to }: ArchivedSegment): void {
    if (to <= from) return;
    const name = streamName(key);
    const ranges = this.#ranges.get(name) ?? [];
    const start = ranges.findIndex(([, end]) => end >= from);
    const first = start === -1 ? ranges.length : start;
    let last = first;
    let merged: readonly [number, number] = [from, to];
    for (; last < ranges.length; last += 1) {
      const [begin, end] = ranges[last] ?? [Infinity, Infinity];
      if (begin > to) break;
      merged = [Math.min(merged[0], begin), Math.max(merged[1], end)];
    }
    ranges.splice(first, last - first, merged);
    this.#ranges.set(name, ranges);
  }

  of(key: StreamKey): readonly (readonly [from: number, to: number])[] {
    return this.#ranges.get(streamName(key)) ?? [];
  }

  streams(): readonly HeldStream[] {
    return [...this.#ranges].map(([stream, ranges]) => ({ stream, ranges }));
  }
}

/** Whether a position is in one of the ranges. */
export function isIn(ranges: readonly (readonly [from: number, to: number])[], position: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[1] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  const [from] = ranges[low] ?? [Infinity];
  return from <= position;
}
