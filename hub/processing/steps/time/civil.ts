/** Days and months of the Gregorian calendar, as logs write them. */

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const months = new Map(monthNames.map((name, index) => [letters(name, 0), index + 1]));

export const secondMs = 1000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** 1 to 12 of three letters, in either case; 0 where it is no month. */
export function monthAt(text: string, at: number): number {
  return months.get(letters(text, at)) ?? 0;
}

/** Midnight in UTC; undefined where there is no such day. */
export function midnightMs(year: number, month: number, day: number): number | undefined {
  // Date.UTC takes the years below 100 for those of the last century, and days that a month has not for those of the next one.
  if (year < 100 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  return Date.UTC(year, month - 1, day);
}

/** Undefined where a part is missing or too large. A leap second is the first of the next minute. */
export function timeOfDayMs(hour: number, minute: number, second: number): number | undefined {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  return hour * hourMs + minute * minuteMs + second * secondMs;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function letters(text: string, at: number): number {
  return ((text.charCodeAt(at) | 32) << 16) | ((text.charCodeAt(at + 1) | 32) << 8) | (text.charCodeAt(at + 2) | 32);
}
