/**
 * Covers parts of a record byte for byte: positions stay byte offsets, and a record keeps its length. The end of a line is never covered,
 * so that lines stay lines.
 */
import { lineEnd, type PlacedText, type RecordDecoder } from '../text/text-decoder.ts';
import type { Finder, Place } from './presets.ts';

/** Writes something else over these bytes, in place. */
export type Cover = (bytes: Buffer) => void;

/** All finders look at the record as it came, so that their order does not matter. Returns how many places were covered. */
export function redactRecord(record: Buffer, finders: readonly Finder[], decoder: RecordDecoder, cover: Cover): number {
  const wanted = finders.filter(({ neededBytes }) => neededBytes?.some((byte) => record.includes(byte)) ?? true);
  if (wanted.length === 0) return 0;
  const placed = decoder.decodePlaces(record);
  const text = placed.text.replace(lineEnd, '');
  const places = joined(wanted.flatMap(({ find }) => find(text)));
  let covered = 0;
  for (const place of places) if (coverPlace(record, placed, place, cover)) covered += 1;
  return covered;
}

/** In their order; what overlaps is one, and what is empty is none. */
export function joined(places: readonly Place[]): readonly Place[] {
  if (places.length < 2) return places.filter(([start, end]) => end > start);
  const all: [number, number][] = [];
  for (const [start, end] of places.toSorted(([one], [other]) => one - other)) {
    const last = all.at(-1);
    if (end <= start) continue;
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}

function coverPlace(record: Buffer, placed: PlacedText, [from, to]: Place, cover: Cover): boolean {
  let isCovered = false;
  for (const { 0: part, index } of placed.text.slice(from, to).matchAll(/[^\r\n]+/g)) {
    const start = from + index;
    for (const [byteStart, byteEnd] of placed.rangesOf(start, start + part.length)) {
      cover(record.subarray(byteStart, byteEnd));
      isCovered = true;
    }
  }
  return isCovered;
}
