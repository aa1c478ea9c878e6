import * as z from 'zod';
import { addFields } from '../add-fields.ts';
import { fromOption, textOf } from '../options.ts';
import { defineStep, StepError } from '../step.ts';
import { timeZoneOption } from '../time/zone-option.ts';
import type { EventContext } from './attribute-fields.ts';
import { cefKeys, putExtension } from './cef-keys.ts';
import { EventStarts, headerValues } from './event-header.ts';
import { EventTimes } from './event-times.ts';

const options = z.strictObject({ from: fromOption, timezone: timeZoneOption });

const space = 32;
const backslash = 92;
const keyLengthMax = 100;
const headerLength = 7;

/** ArcSight's Common Event Format, with syslog's header before it or without. */
export const cef = defineStep({
  name: 'cef',
  summary: 'Reads an event in CEF (ArcSight Common Event Format).',
  options,
  make({ from, timezone }) {
    const starts = new EventStarts('CEF:', timezone);
    const times = new EventTimes(timezone);
    return {
      run(record): void {
        const line = textOf(record, from);
        const { receivedMs } = record.source;
        const start = starts.find(line, receivedMs);
        const header = start === undefined ? undefined : headerValues(line, start.at, headerLength);
        if (start === undefined || header === undefined)
          throw new StepError('no_match', 'it is no event in CEF: CEF:0|…|…|…|…|…|…|');
        const [version = '', vendor = '', product = '', productVersion = '', code = '', name = '', severity = ''] = header.values;
        if (!/^\d{1,3}$/.test(version)) throw new StepError('no_match', 'behind CEF: there is no version');
        const event: EventContext = {
          fields: {
            ...start.fields,
            observer: { vendor, product, version: productVersion },
            event: /^\d{1,2}$/.test(severity) ? { code, severity: Number(severity) } : { code },
            cef: { version, name, severity },
          },
          time: (text) => times.read(text, receivedMs),
          eventMs: start.eventMs,
        };
        for (const [key, value] of extensionPairs(line, header.end)) {
          const attribute = cefKeys.get(key);
          if (value === '') continue;
          if (attribute === undefined) putExtension(key, value, event);
          else attribute(value, event);
        }
        addFields(record, event.fields);
        if (event.eventMs !== undefined) record.eventMs = event.eventMs;
      },
    };
  },
});

/**
 * `src=10.0.0.1 msg=a text with spaces act=blocked`: a value goes up to the next key, which is a word before an equals sign that no
 * backslash stands before.
 */
export function extensionPairs(line: string, from: number): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  let key = '';
  let valueStart = from;
  for (let at = line.indexOf('=', from); at >= 0; at = line.indexOf('=', at + 1)) {
    const keyStart = keyStartAt(line, at, valueStart);
    if (keyStart < 0) continue;
    if (key !== '') pairs.push([key, valueText(line.slice(valueStart, keyStart))]);
    key = line.slice(keyStart, at);
    valueStart = at + 1;
  }
  if (key !== '') pairs.push([key, valueText(line.slice(valueStart))]);
  return pairs;
}

/** Where the word begins that ends at `end`; minus one where it is no key. */
function keyStartAt(line: string, end: number, from: number): number {
  if (line.charCodeAt(end - 1) === backslash) return -1;
  let at = end;
  while (at > from && at > end - keyLengthMax && isOfKey(line.charCodeAt(at - 1))) at -= 1;
  if (at === end) return -1;
  return at === from || line.charCodeAt(at - 1) === space ? at : -1;
}

/** Letters, digits, and marks that vendors have in their own keys. */
function isOfKey(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 93) ||
    code === 95 ||
    (code >= 97 && code <= 122) ||
    code === 45 ||
    code === 46
  );
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r' };

function valueText(written: string): string {
  const value = written.trim();
  return value.includes('\\') ? value.replaceAll(/\\([=\\|nr])/g, (_, code: string) => escapes[code] ?? code) : value;
}
