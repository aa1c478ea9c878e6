/** What syslog puts before a line of HAProxy, and the name of the process that is left of it where a daemon's file has no more. */
import type { MutableFields } from '../../record/fields.ts';
import { tagAt } from '../syslog/rfc3164.ts';
import { syslogFields } from '../syslog/syslog-line.ts';
import { SyslogLines } from '../syslog/syslog.ts';
import { monthAt } from '../time/civil.ts';
import { isDigit, wholeNumber } from '../time/digits.ts';
import type { TimeZone } from '../time/time-zone.ts';

const lessThan = 60;
const dash = 45;
const space = 32;

export interface SyslogHeader {
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
  /** Where HAProxy's own line begins. */
  readonly end: number;
}

export class SyslogHeaders {
  readonly #lines: SyslogLines;

  constructor(zone: TimeZone) {
    this.#lines = new SyslogLines(zone);
  }

  /** Undefined where the line begins with HAProxy's own. */
  read(text: string, receivedMs: number): SyslogHeader | undefined {
    const line = mayHaveHeader(text) ? this.#lines.read(text, receivedMs, 'auto') : undefined;
    if (line !== undefined) return { fields: syslogFields(line), eventMs: line.eventMs, end: line.messageStart };
    return isDigit(text.charCodeAt(0)) ? undefined : processHeader(text);
  }
}

function mayHaveHeader(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first === lessThan) return true;
  if (isDigit(first)) return text.charCodeAt(4) === dash && text.charCodeAt(7) === dash;
  return text.charCodeAt(3) === space && monthAt(text, 0) > 0;
}

/** `haproxy[14389]: ` */
function processHeader(text: string): SyslogHeader | undefined {
  const { appname, procid, end } = tagAt(text, 0);
  const pid = procid === undefined ? -1 : wholeNumber(procid, 0, procid.length);
  return appname === undefined || pid < 0 ? undefined : { fields: { process: { name: appname, pid } }, eventMs: undefined, end };
}
