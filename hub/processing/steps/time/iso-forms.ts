/** Forms of ISO 8601 that logs have now and then, written as the usual one: the basic format, and the end of a day as `24:00`. */
import { dayMs, midnightMs } from './civil.ts';

const basic = /^(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(?:(\d\d)([.,]\d+)?)?((?:[Zz]|[+-]\d\d(?:\d\d)?)?))?$/;
const endOfDay = /^(\d{4})-(\d\d)-(\d\d)[Tt ]24:00(?::00(?:[.,]0+)?)?(.*)$/s;

/** `2026-11-22T04:05:06+0100` of `20261122T040506+0100`; undefined where it is none of these forms. */
export function usualIsoForm(text: string): string | undefined {
  const extended = extendedForm(text);
  return startOfNextDay(extended ?? text) ?? extended;
}

function extendedForm(text: string): string | undefined {
  const [whole, year, month, day, hour, minute, second = '00', fraction = '', offset = ''] = basic.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const date = `${year}-${month}-${day}`;
  return hour === undefined ? date : `${date}T${hour}:${minute}:${second}${fraction}${offset}`;
}

/** The same instant. */
function startOfNextDay(text: string): string | undefined {
  const [whole, year, month, day, rest = ''] = endOfDay.exec(text) ?? [];
  const midnight = whole === undefined ? undefined : midnightMs(Number(year), Number(month), Number(day));
  if (midnight === undefined) return undefined;
  return `${new Date(midnight + dayMs).toISOString().slice(0, 10)}T00:00:00${rest}`;
}
