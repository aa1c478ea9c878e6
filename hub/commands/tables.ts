/** What lists print: columns for people, JSON for scripts. Names of machines, labels and notes are strangers' text. */
import { printable } from '@tributary/shared/printable.ts';

/** What came from outside, in a cell of a table. */
export function cell(text: string, lengthMax = 40): string {
  const shown = printable(text);
  return shown.length <= lengthMax ? shown : `${shown.slice(0, lengthMax - 1).toWellFormed()}…`;
}

/** Columns as wide as what is in them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = [header, ...rows].reduce<number[]>(
    (widest, row) => row.map((text, column) => Math.max(widest[column] ?? 0, text.length)),
    [],
  );
  const line = (row: readonly string[]): string => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
  return [header, ...rows].map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** `2026-11-21 10:00Z`. */
export function minute(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** Characters that JSON leaves as they are and a terminal obeys. */
const obeyed = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line of JSON that may be looked at on a terminal. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replaceAll(obeyed, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `${text}\n`;
}

export function tenantsText(tenants: readonly string[] | 'all'): string {
  return tenants === 'all' ? '*' : tenants.join(',');
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
