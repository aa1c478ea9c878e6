/** What the directives of Apache's `LogFormat` are in ECS. What ECS has no name for is under `apache.access`. */
import { FormatError } from '../line-format/format-error.ts';
import {
  addressVariable,
  authorityVariable,
  httpVersionVariable,
  numberVariable,
  path,
  requestVariable,
  textVariable,
  timeVariable,
  tlsVersionVariable,
  type VariableKind,
} from '../line-format/variables.ts';
import { unescaped } from '../quoted-text.ts';
import { CommonLogTime } from '../time/common-log-time.ts';
import { compileStrptime } from '../time/strptime.ts';
import { namesYear, readWhole } from '../time/time-pattern.ts';
import type { TimeZone } from '../time/time-zone.ts';

export interface ApacheDirective {
  readonly letter: string;
  readonly argument: string | undefined;
  readonly zone: TimeZone;
}

const headers: ReadonlyMap<string, () => VariableKind> = new Map([
  ['referer', text('http.request.referrer')],
  ['user-agent', text('user_agent.original')],
  ['host', () => authorityVariable(unescaped)],
  ['content-type', text('http.request.mime_type')],
  ['x-request-id', text('http.request.id')],
  ['x-forwarded-for', text('apache.access.forwarded_for')],
]);

const sslVariables: ReadonlyMap<string, () => VariableKind> = new Map([
  ['SSL_PROTOCOL', tlsVersionVariable],
  ['SSL_CIPHER', text('tls.cipher')],
  ['SSL_TLS_SNI', text('tls.client.server_name')],
]);

const plain: ReadonlyMap<string, () => VariableKind> = new Map([
  ['a', () => addressVariable('source')],
  ['h', () => addressVariable('source')],
  ['A', () => addressVariable('destination')],
  ['B', count('http.response.body.bytes')],
  ['b', count('http.response.body.bytes')],
  ['D', () => numberVariable(path('event.duration'), 1000)],
  ['f', text('file.path')],
  ['H', httpVersionVariable],
  ['I', count('http.request.bytes')],
  ['k', count('apache.access.keepalive_requests')],
  ['l', text('apache.access.identity')],
  ['L', text('apache.access.error_log_id')],
  ['m', text('http.request.method')],
  ['O', count('http.response.bytes')],
  ['p', count('destination.port')],
  ['P', count('process.pid')],
  ['q', () => textVariable(path('url.query'), (query) => (query.startsWith('?') ? query.slice(1) : query))],
  ['r', () => requestVariable(path('apache.access.request'), unescaped)],
  ['R', text('apache.access.handler')],
  ['s', count('http.response.status_code')],
  ['S', count('apache.access.bytes_transferred')],
  ['T', () => numberVariable(path('event.duration'), 1_000_000_000)],
  ['u', () => textVariable(path('user.name'), (user) => (user === '""' ? '' : unescaped(user)))],
  ['U', text('url.path')],
  ['v', text('url.domain')],
  ['V', text('url.domain')],
  ['X', text('apache.access.connection_status')],
  ['^FB', () => numberVariable(path('apache.access.first_byte_us'))],
]);

const ports: ReadonlyMap<string, () => VariableKind> = new Map([
  ['remote', count('source.port')],
  ['local', count('destination.port')],
  ['canonical', count('destination.port')],
]);

const processes: ReadonlyMap<string, () => VariableKind> = new Map([
  ['pid', count('process.pid')],
  ['tid', count('process.thread.id')],
  ['hextid', text('apache.access.thread_id')],
]);

const units = new Map(Object.entries({ s: 1_000_000_000, ms: 1_000_000, us: 1000 }));

/** Undefined where there is no such directive. */
export function apacheVariable({ letter, argument, zone }: ApacheDirective): VariableKind | undefined {
  if (letter === 't') return timeOf(argument, zone);
  if (argument === undefined || argument === '') return plain.get(letter)?.();
  return withArgument(letter, argument);
}

function withArgument(letter: string, argument: string): VariableKind | undefined {
  switch (letter) {
    case 'a':
      return argument === 'c' ? addressVariable('client') : undefined;
    case 'h':
      return argument === 'c' ? addressVariable('client') : undefined;
    case 'i':
      return headers.get(argument.toLowerCase())?.() ?? named('request_headers', argument);
    case 'o':
      return argument.toLowerCase() === 'content-type' ? text('http.response.mime_type')() : named('response_headers', argument);
    case 'C':
      return named('cookies', argument);
    case 'e':
    case 'x':
      return sslVariables.get(argument)?.() ?? named(letter === 'e' ? 'environment' : 'variables', argument);
    case 'n':
      return named('notes', argument);
    case '^ti':
    case '^to':
      return named(letter === '^ti' ? 'request_trailers' : 'response_trailers', argument);
    case 'p':
      return ports.get(argument)?.();
    case 'P':
      return processes.get(argument)?.();
    case 'T':
      return durationIn(units.get(argument));
    default:
      return undefined;
  }
}

function durationIn(nanoseconds: number | undefined): VariableKind | undefined {
  return nanoseconds === undefined ? undefined : numberVariable(path('event.duration'), nanoseconds);
}

function timeOf(argument: string | undefined, zone: TimeZone): VariableKind | undefined {
  const format = (argument ?? '').replace(/^(?:begin|end):?/, '');
  const counted: Readonly<Record<string, VariableKind>> = {
    sec: timeVariable('seconds', (value) => wholeOf(value, 1000)),
    msec: timeVariable('exact', (value) => wholeOf(value, 1)),
    usec: timeVariable('exact', (value) => wholeOf(value, 0.001)),
    msec_frac: timeVariable('fraction', (value) => wholeOf(value, 1)),
    usec_frac: timeVariable('fraction', (value) => wholeOf(value, 0.001)),
  };
  if (format === '') return bracketedTime(zone);
  if (Object.hasOwn(counted, format)) return counted[format];
  const pattern = compileStrptime(format, zone);
  if (!namesYear(pattern)) throw new FormatError(`the time %{${argument}}t names no year`);
  return timeVariable('seconds', (value) => readWhole(pattern, value, 0));
}

/** `%t` brings its brackets along. */
function bracketedTime(zone: TimeZone): VariableKind {
  const time = new CommonLogTime(zone);
  return {
    ...timeVariable('seconds', (value) => time.at(value, 1, value.length - 1)),
    endOf: (line, from) => (line.charCodeAt(from) === 91 ? line.indexOf(']', from) + 1 || -1 : -1),
  };
}

function wholeOf(value: string, ms: number): number | undefined {
  if (!/^\d{1,16}$/.test(value)) return undefined;
  return ms < 1 ? Number(value) / 1000 : Number(value) * ms;
}

/** Names of headers and variables are not case-sensitive, or not as ECS has names. */
function named(folder: string, name: string): VariableKind {
  const own =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '') || 'value';
  return textVariable(path(`apache.access.${folder}.${own}`), unescaped);
}

function text(field: string): () => VariableKind {
  return () => textVariable(path(field), unescaped);
}

function count(field: string): () => VariableKind {
  return () => numberVariable(path(field));
}
