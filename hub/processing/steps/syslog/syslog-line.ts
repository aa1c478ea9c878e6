/** What stands before the message in a line of syslog, of either RFC, and what ECS has of it. */
import type { MutableFields } from '../../record/fields.ts';
import { digitsEnd, wholeNumber } from '../time/digits.ts';

export interface SyslogLine {
  /** Facility times eight plus severity; minus one where there is none, as in the files that daemons write. */
  readonly priority: number;
  readonly eventMs: number | undefined;
  readonly hostname: string | undefined;
  readonly appname: string | undefined;
  readonly procid: string | undefined;
  /** RFC 5424 only. */
  readonly msgid: string | undefined;
  readonly version: string | undefined;
  readonly structuredData: MutableFields | undefined;
  readonly messageStart: number;
}

const lessThan = 60;
const greaterThan = 62;
const priorityMax = 191;

const facilities = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');
const severities = ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice', 'Informational', 'Debug'];
const levels = severities.map((name) => name.toLowerCase());

/** Behind `<34>`; zero where the line does not begin so. */
export function priorityEnd(text: string): number {
  if (text.charCodeAt(0) !== lessThan) return 0;
  const end = digitsEnd(text.slice(0, 5), 1);
  return text.charCodeAt(end) === greaterThan && priorityOf(text, end + 1) >= 0 ? end + 1 : 0;
}

export function priorityOf(text: string, end: number): number {
  const value = end === 0 ? -1 : wholeNumber(text, 1, end - 1);
  return value > priorityMax ? -1 : value;
}

/** Without the message. */
export function syslogFields(line: SyslogLine): MutableFields {
  const { priority, hostname, appname, procid, msgid, version, structuredData } = line;
  const syslog: MutableFields = {};
  if (priority >= 0) {
    const severity = priority & 7;
    const facility = priority >> 3;
    syslog['priority'] = priority;
    syslog['facility'] = { code: facility, name: facilities[facility] ?? '' };
    syslog['severity'] = { code: severity, name: severities[severity] ?? '' };
  }
  if (hostname !== undefined) syslog['hostname'] = hostname;
  if (appname !== undefined) syslog['appname'] = appname;
  if (procid !== undefined) syslog['procid'] = procid;
  if (msgid !== undefined) syslog['msgid'] = msgid;
  if (version !== undefined) syslog['version'] = version;
  if (structuredData !== undefined) syslog['structured_data'] = structuredData;
  const fields: MutableFields = { log: priority >= 0 ? { level: levels[priority & 7] ?? '', syslog } : { syslog } };
  const pid = procid === undefined ? -1 : wholeNumber(procid, 0, procid.length);
  if (appname !== undefined) fields['process'] = pid > 0 ? { name: appname, pid } : { name: appname };
  return fields;
}
