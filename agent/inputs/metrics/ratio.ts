/** A part of a whole with four digits, between 0 and 1; 0 where there is no whole. Counters may go back: never below 0. */
export function ratio(part: number, whole: number): number {
  if (!(whole > 0) || !(part > 0)) return 0;
  return round(Math.min(1, part / whole));
}

/** Four digits behind the point, as dashboards get them from Metricbeat. */
export function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** By how much a counter grew; 0 when it began anew, as with a device that was taken out and put back. */
export function growth(now: number, before: number): number {
  return now >= before ? now - before : 0;
}
