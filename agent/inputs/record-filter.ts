import type { Cut } from '@tributary/protocol/messages.ts';
import type { FilterCounts, RecordFilter } from '../framing/filters.ts';
import type { Records } from './counted-stream.ts';

export interface FilteredRecords {
  readonly records: Records;
  readonly counts: FilterCounts;
}

/** What the filter leaves of records that have no positions yet. A record that goes on in the next one is looked at in its pieces. */
export function filterRecords(filter: RecordFilter, { bytes, lengths, cuts = [] }: Records): FilteredRecords {
  if (cuts.length === 0) {
    const { counts, ...records } = filter.filterRecords({ bytes, lengths });
    return { records, counts };
  }
  const parts: Uint8Array[] = [];
  const kept: { lengths: number[]; cuts: Cut[] } = { lengths: [], cuts: [] };
  const counts = { excluded: 0, sampledOut: 0, redacted: 0 };
  let at = 0;
  let cut = 0;
  let end = 0;
  for (const length of lengths) {
    const filtered = filter.filterRecords({ bytes: bytes.subarray(at, at + length), lengths: [length] });
    at += length;
    counts.excluded += filtered.counts.excluded;
    counts.sampledOut += filtered.counts.sampledOut;
    counts.redacted += filtered.counts.redacted;
    parts.push(filtered.bytes);
    kept.lengths.push(...filtered.lengths);
    end += filtered.bytes.length;
    const cutHere = cuts[cut]?.offset === at ? cuts[cut++] : undefined;
    if (cutHere !== undefined && filtered.lengths.length > 0) kept.cuts.push({ offset: end, cause: cutHere.cause });
  }
  return { records: { bytes: Buffer.concat(parts), ...kept }, counts };
}
