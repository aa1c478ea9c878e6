import { isIn } from '../held-ranges.ts';

/** Rows of one archive object, by their numbers in it, as ranges `[from, to)` in order that do not touch. */
export type RowRange = readonly [from: number, to: number];

export function rangesOf(rows: Iterable<number>): RowRange[] {
  const ranges: RowRange[] = [];
  for (const row of rows) append(ranges, [row, row + 1]);
  return ranges;
}

export function united(one: readonly RowRange[], other: readonly RowRange[]): RowRange[] {
  const ranges: RowRange[] = [];
  for (const range of [...one, ...other].toSorted(([a], [b]) => a - b)) append(ranges, range);
  return ranges;
}

/** What is left of `rows`. */
export function without(rows: readonly RowRange[], taken: readonly RowRange[]): RowRange[] {
  const left: RowRange[] = [];
  let next = 0;
  for (const [from, to] of rows) {
    let begin = from;
    while ((taken[next]?.[1] ?? Infinity) <= begin) next += 1;
    // One that goes beyond this range may take of the next one, too.
    for (let index = next; begin < to; index += 1) {
      const [start, stop] = taken[index] ?? [Infinity, Infinity];
      if (Math.min(start, to) > begin) left.push([begin, Math.min(start, to)]);
      begin = Math.max(begin, Math.min(stop, to));
    }
  }
  return left;
}

/** The part of `rows` before a row, and the part from it on. */
export function cutAt(rows: readonly RowRange[], row: number): readonly [RowRange[], RowRange[]] {
  return [without(rows, [[row, Infinity]]), without(rows, [[0, row]])];
}

export function includes(rows: readonly RowRange[], row: number): boolean {
  return isIn(rows, row);
}

export function countOf(rows: readonly RowRange[]): number {
  return rows.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** Lengthens the last range where the next one begins before its end, or at it. */
function append(ranges: RowRange[], [from, to]: RowRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && from <= last[1]) ranges[ranges.length - 1] = [last[0], Math.max(last[1], to)];
  else ranges.push([from, to]);
}
