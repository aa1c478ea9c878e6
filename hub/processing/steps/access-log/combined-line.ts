/**
 * The log formats `common` and `combined`, which nginx and Apache share, read from left to right without a pattern:
 * `192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /logo.gif HTTP/1.0" 200 2326 "http://example.com/" "Mozilla/4.08"`.
 * Behind that nginx's own packages write `"$http_x_forwarded_for"`; Debian's Apache writes `example.com:80 ` before it.
 */
import { endpoint, isIp } from '../addresses.ts';
import type { MutableFields } from '../../record/fields.ts';
import { cutText } from '../cut-text.ts';
import { putAuthority, type RequestLine, requestLine, urlOf } from '../http-request.ts';
import { quoteEnd, unescaped } from '../quoted-text.ts';
import type { CommonLogTime } from '../time/common-log-time.ts';
import { digitsEnd, wholeNumber } from '../time/digits.ts';

const space = 32;
const quote = 34;
const dash = 45;

export interface AccessLine {
  readonly fields: MutableFields;
  readonly eventMs: number;
}

export interface CombinedLineOptions {
  readonly time: CommonLogTime;
  /** Where what ECS has no name for goes: `nginx`, `apache`. */
  readonly module: string;
}

/** Undefined where the line is of another form. */
export function combinedLine(text: string, { time, module }: CombinedLineOptions): AccessLine | undefined {
  const hostEnd = text.indexOf(' ');
  if (hostEnd < 1) return undefined;
  const host = cutText(text, 0, hostEnd);
  const virtualHost = isVirtualHost(text, host) ? host : undefined;
  const addressStart = virtualHost === undefined ? 0 : hostEnd + 1;
  const addressEnd = virtualHost === undefined ? hostEnd : text.indexOf(' ', addressStart);
  const identityEnd = addressEnd < 0 ? -1 : text.indexOf(' ', addressEnd + 1);
  if (identityEnd < 0) return undefined;
  // A user's name may hold spaces.
  const bracket = text.indexOf(' [', identityEnd);
  const timeEnd = bracket < 0 ? -1 : text.indexOf('] "', bracket);
  if (timeEnd < 0) return undefined;
  const eventMs = time.at(text, bracket + 2, timeEnd);
  const requestEnd = quoteEnd(text, timeEnd + 3);
  if (eventMs === undefined || requestEnd < 0) return undefined;
  const tail = tailAt(text, requestEnd + 1);
  if (tail === undefined) return undefined;

  const fields: MutableFields = { source: endpoint(virtualHost === undefined ? host : cutText(text, addressStart, addressEnd)) };
  const user = presentText(text, identityEnd + 1, bracket);
  if (user !== undefined && user !== '""') fields['user'] = { name: user };
  const line = unescaped(text.slice(timeEnd + 3, requestEnd));
  const request = requestLine(line);
  putRequest(fields, request, tail);
  const url = request === undefined ? {} : urlOf(request.target);
  if (virtualHost !== undefined && url['domain'] === undefined) putAuthority(url, virtualHost);
  if (request !== undefined || virtualHost !== undefined) fields['url'] = url;
  const access = accessFields({
    identity: presentText(text, addressEnd + 1, identityEnd),
    request: request === undefined && line !== '' && line !== '-' ? cutText(line, 0) : undefined,
    forwarded_for: tail.forwardedFor,
  });
  if (access !== undefined) fields[module] = { access };
  return { fields, eventMs };
}

/** `example.com:80`, or any name before an IP address. */
function isVirtualHost(text: string, first: string): boolean {
  if (isIp(first)) return false;
  if (/:\d+$/.test(first)) return true;
  const end = text.indexOf(' ', first.length + 1);
  return end > 0 && isIp(text.slice(first.length + 1, end));
}

/** What follows the request. */
interface Tail {
  readonly status: number;
  readonly bytes: number;
  readonly referrer: string | undefined;
  readonly agent: string | undefined;
  readonly forwardedFor: string | undefined;
}

function tailAt(text: string, at: number): Tail | undefined {
  if (text.charCodeAt(at) !== space) return undefined;
  const statusEnd = numberEnd(text, at + 1);
  const status = numberOrDash(text, at + 1, statusEnd);
  if (status < 0 || text.charCodeAt(statusEnd) !== space) return undefined;
  const bytesEnd = numberEnd(text, statusEnd + 1);
  const bytes = numberOrDash(text, statusEnd + 1, bytesEnd);
  if (bytes < 0) return undefined;
  const found: (string | undefined)[] = [];
  let end = bytesEnd;
  while (end < text.length) {
    if (text.charCodeAt(end) !== space || text.charCodeAt(end + 1) !== quote || found.length === 3) return undefined;
    const closing = quoteEnd(text, end + 2);
    if (closing < 0) return undefined;
    found.push(presentText(text, end + 2, closing));
    end = closing + 1;
  }
  if (found.length === 1) return undefined;
  return { status, bytes, referrer: found[0], agent: found[1], forwardedFor: found[2] };
}

function numberEnd(text: string, from: number): number {
  return text.charCodeAt(from) === dash ? from + 1 : digitsEnd(text, from);
}

/** Apache writes a dash for nothing. */
function numberOrDash(text: string, from: number, to: number): number {
  return text.charCodeAt(from) === dash ? 0 : wholeNumber(text, from, to);
}

/** `-` and nothing stand for what was not there. */
function presentText(text: string, from: number, to: number): string | undefined {
  if (from === to || (to === from + 1 && text.charCodeAt(from) === dash)) return undefined;
  return unescaped(cutText(text, from, to));
}

function putRequest(fields: MutableFields, request: RequestLine | undefined, tail: Tail): void {
  const { status, referrer, agent } = tail;
  const body = { bytes: tail.bytes };
  const response: MutableFields = status > 0 ? { status_code: status, body } : { body };
  if (request === undefined) {
    fields['http'] = referrer === undefined ? { response } : { request: { referrer }, response };
  } else {
    const { method, version } = request;
    const sent: MutableFields = referrer === undefined ? { method } : { method, referrer };
    fields['http'] = version === undefined ? { request: sent, response } : { request: sent, version, response };
  }
  if (agent !== undefined) fields['user_agent'] = { original: agent };
}

/** What is there of it; undefined where nothing is. */
function accessFields(
  values: Readonly<Record<'identity' | 'request' | 'forwarded_for', string | undefined>>,
): MutableFields | undefined {
  const { identity, request, forwarded_for: forwardedFor } = values;
  if (identity === undefined && request === undefined && forwardedFor === undefined) return undefined;
  const access: MutableFields = {};
  if (identity !== undefined) access['identity'] = identity;
  if (request !== undefined) access['request'] = request;
  if (forwardedFor !== undefined) access['forwarded_for'] = forwardedFor;
  return access;
}
