/** `<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 [exampleSDID@32473 iut="3"] message` */
import { type MutableFields, putField } from '../../record/fields.ts';
import { quoteEnd } from '../quoted-text.ts';
import { digitsEnd } from '../time/digits.ts';
import type { IsoTime } from '../time/iso-time.ts';
import { priorityEnd, priorityOf, type SyslogLine } from './syslog-line.ts';

const space = 32;
const dash = 45;
const opening = 91;
const closing = 93;
const quote = 34;
const equals = 61;
const versionLengthMax = 3;
const byteOrderMark = 0xfeff;

/** The time must have its offset. Undefined where the line is of another form. */
export function rfc5424Line(text: string, time: IsoTime): SyslogLine | undefined {
  const versionStart = priorityEnd(text);
  if (versionStart === 0) return undefined;
  const versionEnd = digitsEnd(text.slice(0, versionStart + versionLengthMax), versionStart);
  if (versionEnd === versionStart || text.charCodeAt(versionEnd) !== space) return undefined;
  const timeEnd = text.indexOf(' ', versionEnd + 1);
  const hostEnd = timeEnd < 0 ? -1 : text.indexOf(' ', timeEnd + 1);
  const appEnd = hostEnd < 0 ? -1 : text.indexOf(' ', hostEnd + 1);
  const procEnd = appEnd < 0 ? -1 : text.indexOf(' ', appEnd + 1);
  const msgidEnd = procEnd < 0 ? -1 : text.indexOf(' ', procEnd + 1);
  if (msgidEnd < 0) return undefined;
  const isNil = timeEnd === versionEnd + 2 && text.charCodeAt(versionEnd + 1) === dash;
  const eventMs = isNil ? undefined : time.at(text, versionEnd + 1, timeEnd);
  if (eventMs === undefined && !isNil) return undefined;
  const data = structuredData(text, msgidEnd + 1);
  if (data === undefined) return undefined;
  return {
    priority: priorityOf(text, versionStart),
    eventMs,
    hostname: valueAt(text, timeEnd + 1, hostEnd),
    appname: valueAt(text, hostEnd + 1, appEnd),
    procid: valueAt(text, appEnd + 1, procEnd),
    msgid: valueAt(text, procEnd + 1, msgidEnd),
    version: text.slice(versionStart, versionEnd),
    structuredData: data.elements,
    messageStart: text.charCodeAt(data.end + 1) === byteOrderMark ? data.end + 2 : Math.min(data.end + 1, text.length),
  };
}

function valueAt(text: string, from: number, to: number): string | undefined {
  return to === from || (to === from + 1 && text.charCodeAt(from) === dash) ? undefined : text.slice(from, to);
}

interface StructuredData {
  readonly elements: MutableFields | undefined;
  readonly end: number;
}

function structuredData(text: string, from: number): StructuredData | undefined {
  if (text.charCodeAt(from) === dash) return isEnd(text, from + 1) ? { elements: undefined, end: from + 1 } : undefined;
  const elements: MutableFields = {};
  let at = from;
  while (text.charCodeAt(at) === opening) {
    const idEnd = nameEnd(text, at + 1);
    const id = text.slice(at + 1, idEnd);
    const parameters: MutableFields = {};
    const end = id === '' ? -1 : parametersEnd(text, idEnd, parameters);
    if (end < 0) return undefined;
    putField(elements, id, parameters);
    at = end + 1;
  }
  return at > from && isEnd(text, at) ? { elements, end: at } : undefined;
}

function isEnd(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === space;
}

/** Where the bracket is that ends the element; minus one where its parameters are none. */
function parametersEnd(text: string, from: number, parameters: MutableFields): number {
  let at = from;
  while (text.charCodeAt(at) === space) {
    const nameStart = at + 1;
    const end = nameEnd(text, nameStart);
    if (end === nameStart || text.charCodeAt(end) !== equals || text.charCodeAt(end + 1) !== quote) return -1;
    const valueEnd = quoteEnd(text, end + 2);
    if (valueEnd < 0) return -1;
    addParameter(parameters, text.slice(nameStart, end), withoutBackslashes(text.slice(end + 2, valueEnd)));
    at = valueEnd + 1;
  }
  return text.charCodeAt(at) === closing ? at : -1;
}

/** A name that comes more than once has a list of values. */
function addParameter(parameters: MutableFields, name: string, value: string): void {
  const present = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (present === undefined) putField(parameters, name, value);
  else if (typeof present === 'string') putField(parameters, name, [present, value]);
  else if (Array.isArray(present)) putField(parameters, name, [...present, value]);
}

/** Up to a space, an equals sign, a quote, or the closing bracket. */
function nameEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= space || code === equals || code === quote || code === closing) break;
    at += 1;
  }
  return at;
}

/** Only these three are escaped; a backslash before anything else is itself. */
function withoutBackslashes(value: string): string {
  return value.includes('\\') ? value.replaceAll(/\\(["\\\]])/g, '$1') : value;
}
