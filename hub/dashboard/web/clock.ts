/** Times as the reader wants them: in the own zone or in UTC, chosen once for all pages; and a tick by which "3 min ago" grows. */
import { createKeptStore, createStore, type Store } from './data/store.ts';

export const zone: Store<'local' | 'utc'> = createKeptStore('zone', ['local', 'utc']);

const tickMs = 2000;
export const tick: Store<number> = createStore(0);

export function startTicking(): void {
  window.setInterval(() => {
    if (!document.hidden) tick.set(tick.get() + 1);
  }, tickMs);
}

const dateParts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
const timeParts = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

/** 2026-11-22 10:31:19; without the date on the very day. */
export function timeText(ms: number, options: { readonly zone: 'local' | 'utc'; readonly nowMs?: number }): string {
  const day = dayText(ms, options.zone);
  const time = formatter(options.zone, timeParts).format(ms);
  const isToday = options.nowMs !== undefined && dayText(options.nowMs, options.zone) === day;
  return isToday ? time : `${day} ${time}`;
}

/** For a tooltip: both zones, whole. */
export function bothZones(ms: number): string {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${timeText(ms, { zone: 'local' })} ${own}\n${timeText(ms, { zone: 'utc' })} UTC`;
}

/** On the axis of a chart: the hour; at the beginning of a day its date, which is all that long times have. */
export function axisText(date: Date): string {
  const [hours, minutes] = [date.getHours(), date.getMinutes()];
  if (hours === 0 && minutes === 0) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${two(hours)}:${two(minutes)}`;
}

function dayText(ms: number, wanted: 'local' | 'utc'): string {
  // Sweden's dates are those of ISO 8601.
  return formatter(wanted, dateParts).format(ms);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs a hundred times what using it does. */
function formatter(wanted: 'local' | 'utc', parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${wanted} ${Object.keys(parts).join(' ')}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('sv-SE', { ...parts, ...(wanted === 'utc' ? { timeZone: 'UTC' } : {}) });
  formatters.set(key, made);
  return made;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
