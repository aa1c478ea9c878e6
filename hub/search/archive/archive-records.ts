/** A search over the archive and what waits for it, record by record and page by page. */
import { RowReader } from '../../outputs/archive/search/found-row.ts';
import { type DueRows, SearchRun, type SearchRequest } from '../../outputs/archive/search/search-run.ts';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { fieldsBytesMax, lineBytesMax, progressMs } from '../limits.ts';
import { brokenOffText } from '../search-error.ts';
import type { Page, SearchEnd, SearchStep } from '../search-store.ts';
import type { Wanted } from '../wanted.ts';
import type { GivenRows } from './given-rows.ts';
import { pageText } from './page-place.ts';

export interface ArchiveRun {
  readonly request: Omit<SearchRequest, 'format'>;
  readonly wanted: Wanted;
  readonly given: GivenRows;
  /** Of what could not be looked at. */
  readonly problems: readonly string[];
}

/** Rows that are taken from the merge at a time: the program does other things in between. */
const rowsAtOnce = 128;

export async function* archiveRecords(run: ArchiveRun, page: Page, signal: AbortSignal): AsyncGenerator<SearchStep, SearchEnd> {
  const search = new SearchRun({ ...run.request, format: 'row' });
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  const taken = new PageRows(run, page);
  try {
    let toldMs = performance.now();
    while (!signal.aborted && !taken.isFull) {
      const due = search.next(rowsAtOnce);
      if (due === undefined && search.isOver) break;
      const records = due === undefined ? [] : taken.take(due);
      if (records.length > 0) yield { records };
      if (performance.now() - toldMs >= progressMs) {
        toldMs = performance.now();
        const { objectsRead, rawBytes } = search.summary();
        const { lastMs } = taken;
        yield { progress: { objectsRead, objects: search.objects, rawBytes, ...(lastMs !== undefined && { backToMs: lastMs }) } };
      }
      if (due === undefined) await Promise.race([search.wait(), aborted.promise]);
      else await new Promise(setImmediate);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await search.end();
  }
  const { objectsRead, objectsSkipped, rawBytes, seconds, problems } = search.summary();
  const next = taken.isFull ? taken.next : undefined;
  return {
    ...(next !== undefined && { next }),
    summary: { objectsRead, objectsSkipped, rawBytes, seconds },
    problems: [...run.problems, ...problems, ...(signal.aborted ? [brokenOffText(signal)] : [])],
  };
}

class PageRows {
  readonly #run: ArchiveRun;
  readonly #reader: RowReader;
  readonly #bytesMax: number;
  #left: number;
  #bytes = 0;
  #last: { readonly record: FoundRecord; readonly ms: number; readonly due: DueRows } | undefined;

  constructor(run: ArchiveRun, { limit, bytesMax = Infinity, isWhole = false }: Page) {
    const limits = { lineBytesMax, fieldsBytesMax };
    this.#reader = new RowReader(isWhole ? { lineBytesMax: Infinity, fieldsBytesMax: Infinity } : limits);
    this.#run = run;
    this.#left = limit;
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.#left <= 0 || this.#bytes >= this.#bytesMax;
  }

  get lastMs(): number | undefined {
    return this.#last?.record.receivedMs;
  }

  get next(): string | undefined {
    if (this.#last === undefined) return undefined;
    const { record, ms, due } = this.#last;
    const { channel, partition } = due.object;
    const { agent, stream, position, ordinal } = record.at;
    return pageText({ ms, channel, partition, agent, stream, position, ordinal }, this.#run.wanted);
  }

  take(due: DueRows): FoundRecord[] {
    const { object, times, ends, start } = due;
    const { given } = this.#run;
    const bytes = Buffer.from(due.bytes.buffer, due.bytes.byteOffset, due.bytes.length);
    const records: FoundRecord[] = [];
    let from = 0;
    for (let index = 0; index < due.rows && !this.isFull; index += 1) {
      const at = from;
      const record = (): FoundRecord => this.#reader.record(bytes, at, object.channel);
      from = (ends[index] ?? 0) - start;
      const ms = given.comesAt(object, times[index] ?? 0);
      if (given.wasGiven(object, ms, () => record().at)) continue;
      const found = record();
      records.push(found);
      this.#left -= 1;
      this.#bytes += from - at;
      this.#last = { record: found, ms, due };
    }
    return records;
  }
}
