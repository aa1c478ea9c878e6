/**
 * Late parts of a stream that the archive has not had yet, as its row keeps them: `[[first, until], …]` in the order of their positions.
 * The archive reads in the order of the topic, where they stand behind what follows them in the stream: until it had them, its position
 * must not claim them.
 */
import type { KeptRange } from '@tributary/protocol/trims.ts';

/** Kept apart; more of them than this are taken together. */
const rangesMax = 64;

type RangeTuple = readonly [first: number, until: number];

export function awaiting(stored: string, range: KeptRange): string {
  const ranges = [...awaitedRanges(stored), range].toSorted((left, right) => left.from - right.from);
  const last = ranges.at(-1);
  if (ranges.length > rangesMax && last !== undefined) {
    const [before] = ranges.splice(-2);
    ranges.push({ from: before?.from ?? last.from, to: last.to });
  }
  return encode(ranges);
}

/** Without what the archive had now, or will never have. */
export function awaitingWithout(stored: string, had: KeptRange): string {
  const ranges = awaitedRanges(stored).flatMap(({ from, to }) =>
    [
      { from, to: Math.min(to, had.from) },
      { from: Math.max(from, had.to), to },
    ].filter((rest) => rest.from < rest.to),
  );
  return encode(ranges);
}

/** Where the first of them begins. */
export function firstAwaited(stored: string): number | undefined {
  return awaitedRanges(stored)[0]?.from;
}

function awaitedRanges(stored: string): KeptRange[] {
  if (stored === '') return [];
  const tuples: readonly RangeTuple[] = JSON.parse(stored);
  return tuples.map(([from, to]) => ({ from, to }));
}

function encode(ranges: readonly KeptRange[]): string {
  return ranges.length === 0 ? '' : JSON.stringify(ranges.map(({ from, to }): RangeTuple => [from, to]));
}
