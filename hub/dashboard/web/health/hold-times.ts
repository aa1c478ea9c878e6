/** For how long somebody takes care of a finding, or nobody is told of it: choices, and the moment that each means. */
const hourMs = 3_600_000;
const morningHour = 8;

const lastsMs = { hour: hourMs, hours: 4 * hourMs, week: 7 * 24 * hourMs };

export type HoldTime = keyof typeof lastsMs | 'morning' | 'over';

/** What is silenced needs an end: nobody would hear of it for ever. */
export const silenceTimes: readonly (readonly [HoldTime, string])[] = [
  ['hour', '1 hour'],
  ['hours', '4 hours'],
  ['morning', 'Until tomorrow, 8:00'],
  ['week', '1 week'],
];
export const acknowledgeTimes: readonly (readonly [HoldTime, string])[] = [['over', 'Until it is over'], ...silenceTimes];

/** Undefined: until it is over. The morning is that of the zone in which the reader has times shown. */
export function untilMsOf(time: HoldTime, nowMs: number, zone: 'local' | 'utc'): number | undefined {
  if (time === 'over') return undefined;
  return time === 'morning' ? tomorrowMs(new Date(nowMs), zone) : nowMs + lastsMs[time];
}

function tomorrowMs(now: Date, zone: 'local' | 'utc'): number {
  if (zone === 'utc') return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1, morningHour);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, morningHour).getTime();
}
