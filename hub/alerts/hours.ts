/** Times of the week at which somebody wants to be told. */
import type { Hours } from '../config/alert-options.ts';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const minutesOfDay = 24 * 60;

/** Where they end before they begin, they end on the day after. */
export function isWithin({ days, from, to, zone = Temporal.Now.timeZoneId() }: Hours, nowMs: number): boolean {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone);
  const minute = now.hour * 60 + now.minute;
  const isOn = (dayOfWeek: number): boolean => days.some((day) => day === weekdays[dayOfWeek - 1]);
  const [begins, ends] = [minuteOf(from), minuteOf(to)];
  if (begins < ends) return isOn(now.dayOfWeek) && minute >= begins && minute < ends;
  return (isOn(now.dayOfWeek) && minute >= begins) || (isOn(now.subtract({ days: 1 }).dayOfWeek) && minute < ends);
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return Math.min(hours * 60 + minutes, minutesOfDay);
}
