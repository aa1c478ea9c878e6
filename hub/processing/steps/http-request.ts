/** The request line of HTTP, and what ECS has of its parts. */
import type { MutableFields } from '../record/fields.ts';
import { cutText } from './cut-text.ts';

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** `1.1`; undefined for HTTP 0.9, and where the line was cut. */
  readonly version: string | undefined;
}

const space = 32;
const slash = 47;
const methodLengthMax = 32;
const beforeVersion = ' HTTP/';
const usualVersion = ' HTTP/1.1';

/** Undefined where it is no request: bytes of another protocol, or nothing. */
export function requestLine(line: string): RequestLine | undefined {
  const behindMethod = line.indexOf(' ');
  if (behindMethod < 1 || behindMethod > methodLengthMax || !isMethod(line, behindMethod)) return undefined;
  const start = behindMethod + 1;
  // A target may hold spaces, where a client does not care.
  const version = versionStart(line);
  if (version >= start)
    return { method: line.slice(0, behindMethod), target: cutText(line, start, version), version: cutText(line, version + 6) };
  if (start === line.length || line.charCodeAt(start) === space) return undefined;
  return { method: line.slice(0, behindMethod), target: cutText(line, start), version: undefined };
}

/** `HTTP/1.1` is nearly always as long as that, and to look from the end takes longer. */
function versionStart(line: string): number {
  const usual = line.length - usualVersion.length;
  return line.startsWith(beforeVersion, usual) ? usual : line.lastIndexOf(beforeVersion);
}

/** ECS `url`, of what stands in a request: a path with its query, a whole URL, the authority of CONNECT, or `*`. */
export function urlOf(target: string): MutableFields {
  const query = target.indexOf('?');
  if (target.charCodeAt(0) === slash) {
    if (query < 0) return { original: target, path: target };
    return { original: target, path: cutText(target, 0, query), query: cutText(target, query + 1) };
  }
  const url: MutableFields = { original: target };
  const scheme = target.indexOf('://');
  if (scheme > 0 && scheme < 16 && (query < 0 || scheme < query)) putAbsolute(url, { target, scheme, query });
  return url;
}

function putAbsolute(url: MutableFields, { target, scheme, query }: { target: string; scheme: number; query: number }): void {
  const pathEnd = query < 0 ? target.length : query;
  const slashAt = target.indexOf('/', scheme + 3);
  const authorityEnd = slashAt < 0 || slashAt > pathEnd ? pathEnd : slashAt;
  url['scheme'] = target.slice(0, scheme);
  putAuthority(url, target.slice(scheme + 3, authorityEnd));
  if (authorityEnd < pathEnd) url['path'] = cutText(target, authorityEnd, pathEnd);
  if (query >= 0) url['query'] = cutText(target, query + 1);
}

/** `example.com:8080`, `[::1]:8080`; who is named before an `@` is left out. */
export function putAuthority(url: MutableFields, authority: string): void {
  const host = cutText(authority, authority.lastIndexOf('@') + 1);
  const colon = host.lastIndexOf(':');
  const port = colon < 0 || host.endsWith(']') ? NaN : portOf(host.slice(colon + 1));
  const domain = Number.isNaN(port) ? host : cutText(host, 0, colon);
  if (domain !== '') url['domain'] = domain;
  if (!Number.isNaN(port)) url['port'] = port;
}

function portOf(text: string): number {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : NaN;
}

/** Letters, and the few marks that registered methods have. */
function isMethod(line: string, end: number): boolean {
  for (let at = 0; at < end; at += 1) {
    const code = line.charCodeAt(at);
    if (!((code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 45 || code === 95)) return false;
  }
  return true;
}
