/** What a search asks for, as the API's parameters say it, checked and resolved: names, range of time, pattern. */
import { platformType } from '@tributary/protocol/platform/document.ts';
import { patternProblem } from '@tributary/shared/linear-pattern.ts';
import { parseMoment } from '../outputs/archive/search/search-time.ts';
import type { Condition } from '../outputs/archive/search/condition.ts';
import type { Pattern } from '../outputs/archive/search/query.ts';
import type { SearchOrder } from '../outputs/archive/search/search-contract.ts';
import { parseFieldQuery } from './field-query/parse.ts';
import { namesMax } from './limits.ts';
import { SearchError } from './search-error.ts';

/** As it came; `searchQuery` of hub/dashboard/api/search-shapes.ts. */
export interface AskedFor {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly host?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly text?: string | undefined;
  readonly regex?: string | undefined;
  readonly query?: string | undefined;
  readonly ignore_case?: boolean | undefined;
  readonly order?: SearchOrder | undefined;
}

export interface Wanted {
  /** Undefined: of all that there is. */
  readonly tenants: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  readonly hosts: readonly string[] | undefined;
  /** Received at or after, and before. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly pattern: Pattern | undefined;
  /** On fields, and as it was typed. */
  readonly condition: Condition | undefined;
  readonly query: string;
  readonly ignoreCase: boolean;
  readonly order: SearchOrder;
}

export interface WantedBy {
  /** Tenants that who asks may look at; undefined: all. */
  readonly visible: readonly string[] | undefined;
  readonly nowMs: number;
}

/** Throws a SearchError. A tenant that may not be looked at is as good as not there: nothing is found of it. */
export function wantedOf(asked: AskedFor, { visible, nowMs }: WantedBy): Wanted {
  const named = namesOf('tenant', asked.tenant);
  const tenants = visible === undefined ? named : (named ?? visible).filter((tenant) => visible.includes(tenant));
  const sinceMs = timeOf('from', asked.from, nowMs);
  const untilMs = timeOf('to', asked.to, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw new SearchError('range', 'from is not before to: nothing lies between');
  return {
    tenants,
    types: namesOf('type', asked.type),
    hosts: listOf('host', asked.host),
    sinceMs,
    untilMs,
    pattern: patternOf(asked),
    condition: conditionOf(asked),
    query: asked.query?.trim() ?? '',
    ignoreCase: asked.ignore_case ?? false,
    order: asked.order ?? 'newest',
  };
}

/** What agents and hubs measure and tell of themselves is far more than anybody's lines: it is searched where its type is named. */
export function isOfChannel({ tenants, types }: Pick<Wanted, 'tenants' | 'types'>, channel: string): boolean {
  const [tenant = '', type = ''] = channel.split('/');
  return tenants?.includes(tenant) !== false && (types === undefined ? type !== platformType : types.includes(type));
}

function patternOf({ text, regex, query, ignore_case: ignoreCase = false }: AskedFor): Pattern | undefined {
  if ([text, regex, query].filter((given) => given !== undefined && given !== '').length > 1)
    throw new SearchError('unclear', 'give one of text, regex and query');
  if (text !== undefined && text !== '') return { kind: 'literal', text, ignoreCase };
  if (regex === undefined || regex === '') return undefined;
  const problem = patternProblem(regex);
  if (problem !== undefined) throw new SearchError('pattern', `regex: ${problem}`);
  return { kind: 'linear', text: regex, ignoreCase };
}

function conditionOf({ query }: AskedFor): Condition | undefined {
  return query === undefined || query.trim() === '' ? undefined : parseFieldQuery(query);
}

/** What is no name is in no channel: nothing found would hide the mistake. */
function namesOf(what: string, text: string | undefined): readonly string[] | undefined {
  const names = listOf(what, text);
  if (names?.every((name) => /^[a-z0-9_]{1,50}$/.test(name)) === false)
    throw new SearchError('malformed', `${what}: names are 1 to 50 of a-z, 0-9 and _, with commas between them`);
  return names;
}

function listOf(what: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text === '') return undefined;
  const names = text.split(',').map((name) => name.trim());
  if (names.length > namesMax) throw new SearchError('malformed', `${what}: at most ${namesMax} names at a time`);
  return [...new Set(names)];
}

/** RFC 3339, milliseconds since 1970, `now`, or `now-15m`. */
function timeOf(what: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const time = parseMoment(text, nowMs);
  // Some time ago there was no calendar.
  if (time !== undefined && time >= 0) return time;
  throw new SearchError('range', `${what}: is no time; write 2026-11-21T10:00:00Z, milliseconds since 1970, now, or now-15m`);
}
