/** What the reader searches for. The address holds all of it, under the names that the API has for it. */
import type { FoundRecord } from '../../api/search-shapes.ts';
import type { Query } from '../data/api.ts';

export type Mode = 'text' | 'regex' | 'query';
export const modes: readonly Mode[] = ['text', 'regex', 'query'];
export type FacetName = 'tenant' | 'type' | 'host';
export const facetNames: readonly FacetName[] = ['type', 'host', 'tenant'];

export interface Asked {
  readonly mode: Mode;
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** As the API takes it: `now-1h`, or milliseconds. */
  readonly from: string;
  /** Empty: until now. */
  readonly to: string;
  readonly facets: Readonly<Record<FacetName, readonly string[]>>;
  /** Empty: the best there is. */
  readonly store: string;
  /** As it comes, instead of what is there. */
  readonly isLive: boolean;
}

/** Names a record for good. */
export interface RecordPlace extends Readonly<FoundRecord['at']> {
  readonly tenant: string;
  readonly type: string;
  readonly receivedMs: number;
}

export const quickRanges = [
  ['now-15m', '15 min'],
  ['now-1h', '1 h'],
  ['now-6h', '6 h'],
  ['now-24h', '24 h'],
  ['now-7d', '7 d'],
  ['now-30d', '30 d'],
] as const;
export const usualFrom = 'now-1h';

export function askedOf(query: URLSearchParams): Asked {
  const mode = modes.find((name) => (query.get(name) ?? '') !== '') ?? modes.find((name) => name === query.get('by')) ?? 'text';
  return {
    mode,
    pattern: query.get(mode) ?? '',
    ignoreCase: query.get('ignore_case') === 'true',
    from: query.get('from') ?? usualFrom,
    to: query.get('to') ?? '',
    facets: { tenant: listOf(query.get('tenant')), type: listOf(query.get('type')), host: listOf(query.get('host')) },
    store: query.get('store') ?? '',
    isLive: query.get('live') === 'true',
  };
}

/** For the API; times and store are of no use to a live tail. */
export function apiQuery(asked: Asked): Query {
  return {
    ...tailQuery(asked),
    from: asked.from,
    to: asked.to,
    store: asked.store,
  };
}

export function tailQuery({ mode, pattern, ignoreCase, facets }: Asked): Query {
  return {
    [mode]: pattern,
    ignore_case: ignoreCase && pattern !== '',
    tenant: facets.tenant.join(','),
    type: facets.type.join(','),
    host: facets.host.join(','),
  };
}

/** For `changeQuery`: the pattern under the name of its mode, and under no other. */
export function patternChange(mode: Mode, pattern: string, ignoreCase: boolean): Record<string, string> {
  return {
    text: '',
    regex: '',
    query: '',
    [mode]: pattern.trim() === '' ? '' : pattern,
    by: pattern.trim() === '' && mode !== 'text' ? mode : '',
    ignore_case: ignoreCase ? 'true' : '',
  };
}

export function toggled(values: readonly string[], value: string): string {
  return (values.includes(value) ? values.filter((known) => known !== value) : [...values, value]).join(',');
}

/** A part of a link. */
export function placeText({ tenant, type, at, receivedMs }: FoundRecord): string {
  return [tenant, type, at.agent, at.stream, at.position, at.ordinal, receivedMs].join('/');
}

/** Undefined of what is no place. */
export function placeOf(text: string | null): RecordPlace | undefined {
  const [tenant = '', type = '', agent = '', stream = '', ...figures] = (text ?? '').split('/');
  const [position, ordinal, receivedMs] = figures.map(Number);
  if (position === undefined || ordinal === undefined || receivedMs === undefined || figures.length > 3) return undefined;
  if (!figures.every((figure) => /^\d{1,16}$/.test(figure))) return undefined;
  return { tenant, type, agent, stream, position, ordinal, receivedMs };
}

/** As a condition of a field query; undefined of what has no one value. */
export function fieldCondition(name: string, value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return `${name}:${String(value)}`;
  if (typeof value !== 'string' || value === '' || value.length > 500) return undefined;
  return `${name}:"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((value) => value !== '');
}
