import { parseDuration } from '@tributary/shared/options/units.ts';

/** As the API takes it: as below, milliseconds since 1970, `now`, or `now-15m`. Undefined when it is none of these. */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  if (/^(?:0|\d{11,15})$/.test(text)) return Number(text);
  return parseSearchTime(text.replace(/^now-/, ''), nowMs);
}

/**
 * A moment as it is typed: `2026-11-21`, `2026-11-21T10:00`, with seconds, fractions and a zone if wanted (UTC otherwise, as the
 * archive is), or how long ago, such as `15m`. Undefined when it is neither.
 */
export function parseSearchTime(text: string, nowMs: number): number | undefined {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const [, date, time = 'T00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date}T${time.replace(/^T/, '')}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
