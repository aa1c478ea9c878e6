/** `archive search`: over the objects that the index names, beside a running hub or without one. */
import { printableLines } from '@tributary/shared/printable.ts';
import type { ArchiveQuery, Pattern } from '../outputs/archive/search/query.ts';
import { createMatcher, PatternError } from '../outputs/archive/search/matcher.ts';
import type { SearchSummary } from '../outputs/archive/search/search-run.ts';
import { searchArchive } from '../outputs/archive/search/search.ts';
import type { ResultFormat } from '../outputs/archive/search/search-contract.ts';
import { archivePlace, objectsFor } from './archive-place.ts';
import { timeRangeOf } from './archive-time-range.ts';
import { recordSearch } from './audit-search.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

/** As typed. */
export interface SearchOptions extends ConfigRequest {
  readonly dataDir?: string | undefined;
  readonly literal?: string | undefined;
  readonly regex?: string | undefined;
  readonly ignoreCase: boolean;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly host?: string | undefined;
  readonly json: boolean;
  readonly count: boolean;
  readonly limit?: string | undefined;
  readonly summary: boolean;
}

export async function archiveSearchCommand(options: SearchOptions, host: CommandHost): Promise<ExitCode> {
  const query = queryOf(options, Date.now());
  const limit = limitOf(options.limit);
  const place = await archivePlace(options, host);
  const record = recordSearch(place, query, host);
  const found = await objectsFor(place, query, host);
  await record.begin();
  const format: ResultFormat = options.count ? 'count' : options.json ? 'json' : 'raw';
  const results = searchArchive({ archive: place.archive, ...found, query, format, ...(limit !== undefined && { limit }) });
  const summary = await writeResults(results, host);
  if (options.count) await host.out(options.json ? `{"count":${summary.matched}}\n` : `${summary.matched}\n`);
  for (const problem of summary.problems) host.err(`tributary-hub: cannot read ${problem}\n`);
  if (options.summary) host.err(`${summaryText(summary)}\n`);
  await record.finish();
  return summary.problems.length === 0 && !host.stop.aborted ? exitCode.done : exitCode.failed;
}

async function writeResults(results: AsyncGenerator<Uint8Array, SearchSummary>, host: CommandHost): Promise<SearchSummary> {
  for (;;) {
    const next = await results.next();
    if (next.done === true) return next.value;
    await host.out(host.isTerminal === true ? printableLines(Buffer.from(next.value).toString()) : next.value);
  }
}

function queryOf(options: SearchOptions, nowMs: number): ArchiveQuery {
  const { tenant, type, host } = options;
  checkName('--tenant', tenant);
  checkName('--type', type);
  if (host === '') throw new UsageError('--host: name a machine');
  const pattern = patternOf(options);
  return {
    ...(pattern !== undefined && { pattern }),
    ...timeRangeOf(options, nowMs),
    ...(tenant !== undefined && { tenant }),
    ...(type !== undefined && { type }),
    ...(host !== undefined && { host }),
  };
}

function patternOf({ literal, regex, ignoreCase }: SearchOptions): Pattern | undefined {
  if (literal !== undefined && regex !== undefined) throw new UsageError('give a pattern or --regex, not both');
  if (literal !== undefined) return { kind: 'literal', text: literal, ignoreCase };
  if (regex === undefined) return undefined;
  const pattern: Pattern = { kind: 'regex', text: regex, ignoreCase };
  try {
    createMatcher(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw new UsageError(`--regex: ${error.message}`, { cause: error });
    throw error;
  }
  return pattern;
}

/** What is no name is in no channel: nothing found would hide the mistake. */
function checkName(option: string, name: string | undefined): void {
  if (name === undefined || /^[a-z0-9_]{1,50}$/.test(name)) return;
  throw new UsageError(`${option}: ${JSON.stringify(name)} cannot be one; names are 1 to 50 of a-z, 0-9 and _`);
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`--limit: ${text} is not a number of records`);
  return Number(text);
}

function summaryText(summary: SearchSummary): string {
  const { matched, objectsRead, objectsUnread, objectsSkipped, records, rawBytes, seconds } = summary;
  const rate = (rawBytes / 1e6 / seconds).toFixed(0);
  return (
    `${matched} found; ${objectsRead} objects read, ${objectsUnread === 0 ? '' : `${objectsUnread} not read whole, `}` +
    `${objectsSkipped} skipped; ${records} records, ` +
    `${(rawBytes / 1e6).toFixed(1)} MB of raw log in ${seconds.toFixed(2)} s (${rate} MB/s)`
  );
}
