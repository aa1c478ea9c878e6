/**
 * `<34>Oct 11 22:14:15 mymachine su[17]: message`: what RFC 3164 says that programs do, and what they do besides. The priority is
 * missing in files. The time may be one of RFC 3339, have a fraction, a year behind the day, or a zone and a year behind it. Local
 * programs name no host, and not each message has a tag.
 */
import { isIp } from '../addresses.ts';
import { isDigit, digitsEnd, fourDigits, thousandths } from '../time/digits.ts';
import { IsoTime } from '../time/iso-time.ts';
import { SyslogTime, syslogTimeLength } from '../time/syslog-time.ts';
import { readWhole, type TimePattern } from '../time/time-pattern.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { compileUnicodePattern } from '../time/unicode-pattern.ts';
import { priorityEnd, priorityOf, type SyslogLine } from './syslog-line.ts';

const space = 32;
const colon = 58;
const dot = 46;
const opening = 91;
const tagLengthMax = 64;
const procidLengthMax = 64;
/** `Nov 22 2026 04:05:06` */
const yearTimeLength = 20;

interface ReadTime {
  readonly eventMs: number;
  readonly end: number;
}

export class Rfc3164Lines {
  readonly #bsdTime: SyslogTime;
  readonly #isoTime: IsoTime;
  readonly #yearTime: TimePattern;
  readonly #zonedTime: TimePattern;

  constructor(zone: TimeZone) {
    this.#bsdTime = new SyslogTime(zone);
    this.#isoTime = new IsoTime(zone);
    this.#yearTime = compileUnicodePattern('MMM dd yyyy HH:mm:ss', zone);
    this.#zonedTime = compileUnicodePattern('MMM dd HH:mm:ss z yyyy', zone);
  }

  /** Undefined where the line has neither a priority nor a time. */
  read(text: string, receivedMs: number): SyslogLine | undefined {
    const start = priorityEnd(text);
    const priority = priorityOf(text, start);
    // Some programs write a space there.
    const timeStart = start > 0 && text.charCodeAt(start) === space ? start + 1 : start;
    const time = this.#timeAt(text, timeStart, receivedMs);
    if (time === undefined) return start === 0 ? undefined : headerOf(priority, { messageStart: start });
    const { eventMs } = time;
    const hostStart = text.charCodeAt(time.end) === space ? time.end + 1 : time.end;
    const hostEnd = text.indexOf(' ', hostStart);
    const host = hostEnd < 0 ? '' : text.slice(hostStart, hostEnd);
    const hostname = host !== '' && ((!host.includes(':') && !host.includes('[')) || isIp(host)) ? host : undefined;
    const tagStart = hostname === undefined ? hostStart : hostEnd + 1;
    // Cisco's firewalls have a colon before theirs, too.
    const tag = tagAt(text, text.startsWith(': ', tagStart) ? tagStart + 2 : tagStart);
    return headerOf(priority, { eventMs, hostname, tag, messageStart: tag.end });
  }

  #timeAt(text: string, from: number, receivedMs: number): ReadTime | undefined {
    if (isDigit(text.charCodeAt(from))) return this.#isoTimeAt(text, from);
    const eventMs = this.#bsdTime.at(text, from, receivedMs);
    if (eventMs === undefined) return this.#yearTimeAt(text, from);
    const end = from + syslogTimeLength;
    if (text.charCodeAt(end) === dot) return this.#withFraction(text, end, eventMs);
    return this.#zonedTimeAt(text, from) ?? { eventMs, end };
  }

  #isoTimeAt(text: string, from: number): ReadTime | undefined {
    const found = text.indexOf(' ', from);
    const end = found < 0 ? text.length : found;
    const eventMs = end - from < 40 ? this.#isoTime.at(text, from, end) : undefined;
    return eventMs === undefined ? undefined : { eventMs, end };
  }

  #yearTimeAt(text: string, from: number): ReadTime | undefined {
    if (fourDigits(text, from + 7) < 0) return undefined;
    const eventMs = readWhole(this.#yearTime, text.slice(from, from + yearTimeLength), 0);
    if (eventMs === undefined) return undefined;
    const end = from + yearTimeLength;
    return text.charCodeAt(end) === dot ? this.#withFraction(text, end, eventMs) : { eventMs, end };
  }

  #withFraction(text: string, at: number, eventMs: number): ReadTime {
    const end = digitsEnd(text, at + 1);
    return { eventMs: eventMs + Math.max(thousandths(text, at + 1, end), 0), end };
  }

  /** `Aug 24 05:34:00 CST 1987`, an example of the RFC. */
  #zonedTimeAt(text: string, from: number): ReadTime | undefined {
    const end = from + syslogTimeLength;
    const zoneEnd = [end + 4, end + 5].find((at) => text.charCodeAt(at) === space);
    if (zoneEnd === undefined || fourDigits(text, zoneEnd + 1) < 0 || text.charCodeAt(zoneEnd + 5) !== space) return undefined;
    const eventMs = readWhole(this.#zonedTime, text.slice(from, zoneEnd + 5), 0);
    return eventMs === undefined ? undefined : { eventMs, end: zoneEnd + 5 };
  }
}

interface Header {
  readonly eventMs?: number;
  readonly hostname?: string | undefined;
  readonly tag?: Tag;
  readonly messageStart: number;
}

function headerOf(priority: number, { eventMs, hostname, tag, messageStart }: Header): SyslogLine {
  return {
    priority,
    eventMs,
    hostname,
    appname: tag?.appname,
    procid: tag?.procid,
    msgid: undefined,
    version: undefined,
    structuredData: undefined,
    messageStart,
  };
}

interface Tag {
  readonly appname: string | undefined;
  readonly procid: string | undefined;
  /** Where the message begins. */
  readonly end: number;
}

/** `su: `, `sshd[17]: `; anything else begins the message. */
export function tagAt(text: string, from: number): Tag {
  let at = from;
  const last = Math.min(text.length, from + tagLengthMax);
  while (at < last && text.charCodeAt(at) > space && text.charCodeAt(at) !== colon && text.charCodeAt(at) !== opening) at += 1;
  const none = { appname: undefined, procid: undefined, end: Math.min(from, text.length) };
  if (at === from) return none;
  if (text.charCodeAt(at) === colon) return { appname: text.slice(from, at), procid: undefined, end: behindSpace(text, at + 1) };
  if (text.charCodeAt(at) !== opening) return none;
  const closing = text.slice(at, at + procidLengthMax).indexOf(']') + at;
  if (closing <= at + 1 || text.charCodeAt(closing + 1) !== colon) return none;
  return { appname: text.slice(from, at), procid: text.slice(at + 1, closing), end: behindSpace(text, closing + 2) };
}

function behindSpace(text: string, at: number): number {
  return text.charCodeAt(at) === space ? at + 1 : at;
}
