/** Numbers within a text, read where they stand: nothing is cut out of it. Minus one where there is none. */

const zero = 48;

export function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

export function fourDigits(text: string, at: number): number {
  const high = twoDigits(text, at);
  const low = twoDigits(text, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

/** All of `[from, to)`, without a sign; minus one also where it is more than a double holds exactly. */
export function wholeNumber(text: string, from: number, to: number): number {
  if (to <= from || to - from > 16) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - zero;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Behind the digits that begin at `from`. */
export function digitsEnd(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at;
}

/** Of digits behind a decimal point, in thousandths: `655` is 655, `6551` is 655.1. What is finer than a billionth is left out. */
export function thousandths(text: string, from: number, to: number): number {
  const end = Math.min(to, from + 9);
  const value = wholeNumber(text, from, end);
  return value < 0 ? -1 : (value * (scales[end - from] ?? 1)) / 1_000_000;
}

const scales = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
