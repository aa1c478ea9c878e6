/**
 * The edge filter of a journal. It looks at entries before they become JSON: whether one is left out is told by its message, and masks are
 * put on every field but those of two underscores, which tell the entry's place and time.
 */
import { createFilter } from '../../framing/create-filter.ts';
import type { FilterCounts, RecordFilter } from '../../framing/filters.ts';
import type { FilterOptions } from '../../framing/framing-options.ts';
import type { JournalEntry, JournalField } from './export-parser.ts';

export interface FilteredEntries {
  readonly entries: readonly JournalEntry[];
  readonly counts: FilterCounts;
}

export class JournalFilter {
  /** Undefined: nothing is left out. */
  readonly #selection: RecordFilter | undefined;
  /** Undefined: nothing is masked. */
  readonly #masks: RecordFilter | undefined;

  constructor(options: FilterOptions | undefined) {
    const { redact, ...selection } = options ?? { include: [], exclude: [] };
    this.#selection = createFilter(selection, 'utf-8');
    this.#masks = createFilter({ include: [], exclude: [], redact }, 'utf-8');
  }

  filter(entries: readonly JournalEntry[]): FilteredEntries {
    const counts = { excluded: 0, sampledOut: 0, redacted: 0 };
    const kept: JournalEntry[] = [];
    for (const entry of entries) {
      const message = entry.find(({ name }) => name === 'MESSAGE')?.value ?? Buffer.alloc(0);
      const selected = this.#selection?.filterRecords({ bytes: message, lengths: [message.length] });
      counts.excluded += selected?.counts.excluded ?? 0;
      counts.sampledOut += selected?.counts.sampledOut ?? 0;
      if (selected?.lengths.length === 0) continue;
      const masked = entry.map((field) => this.#masked(field));
      if (masked.some((field, index) => field !== entry[index])) counts.redacted += 1;
      kept.push(masked);
    }
    return { entries: kept, counts };
  }

  #masked(field: JournalField): JournalField {
    if (this.#masks === undefined || field.name.startsWith('__')) return field;
    const { bytes, counts } = this.#masks.filterRecords({ bytes: field.value, lengths: [field.value.length] });
    return counts.redacted === 0 ? field : { ...field, value: Buffer.from(bytes) };
  }
}
