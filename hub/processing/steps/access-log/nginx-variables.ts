/** What the variables of nginx's `log_format` are in ECS. Others are texts under `nginx.access`, by their own names. */
import { parseFieldPath } from '../../record/fields.ts';
import {
  addressVariable,
  authorityVariable,
  httpVersionVariable,
  listedNumbers,
  listedText,
  numberVariable,
  path,
  requestVariable,
  textVariable,
  timeVariable,
  tlsVersionVariable,
  urlVariable,
  type VariableKind,
} from '../line-format/variables.ts';
import { CommonLogTime } from '../time/common-log-time.ts';
import { IsoTime } from '../time/iso-time.ts';
import type { TimeZone } from '../time/time-zone.ts';

export interface NginxText {
  readonly zone: TimeZone;
  /** Undoes what `escape=` does. */
  readonly decode: (text: string) => string;
}

const nanosecondsOfSecond = 1_000_000_000;

export type VariableTable = ReadonlyMap<string, () => VariableKind>;

export function nginxVariables({ zone, decode }: NginxText): VariableTable {
  const common = new CommonLogTime(zone);
  const iso = new IsoTime(zone);
  const own =
    (name: string): (() => VariableKind) =>
    () =>
      textVariable(path(`nginx.access.${name}`), decode);
  const text =
    (field: string): (() => VariableKind) =>
    () =>
      textVariable(path(field), decode);
  return new Map<string, () => VariableKind>([
    ['remote_addr', () => addressVariable('source')],
    ['remote_port', count('source.port')],
    ['remote_user', text('user.name')],
    ['time_local', () => timeVariable('seconds', (value) => common.at(value, 0, value.length))],
    ['time_iso8601', () => timeVariable('seconds', (value) => iso.at(value, 0, value.length))],
    ['msec', () => timeVariable('exact', secondsAsMs)],
    ['request', () => requestVariable(path('nginx.access.request'), decode)],
    ['request_uri', () => urlVariable(decode)],
    ['request_method', text('http.request.method')],
    ['request_length', count('http.request.bytes')],
    ['request_id', text('http.request.id')],
    ['request_time', () => numberVariable(path('event.duration'), nanosecondsOfSecond)],
    ['server_protocol', httpVersionVariable],
    ['status', count('http.response.status_code')],
    ['body_bytes_sent', count('http.response.body.bytes')],
    ['bytes_sent', count('http.response.bytes')],
    ['sent_http_content_type', text('http.response.mime_type')],
    ['content_type', text('http.request.mime_type')],
    ['content_length', count('http.request.body.bytes')],
    ['http_referer', text('http.request.referrer')],
    ['http_user_agent', text('user_agent.original')],
    ['http_host', () => authorityVariable(decode)],
    ['host', text('url.domain')],
    ['scheme', text('url.scheme')],
    ['uri', text('url.path')],
    ['document_uri', text('url.path')],
    ['args', text('url.query')],
    ['query_string', text('url.query')],
    ['server_addr', () => addressVariable('destination')],
    ['server_port', count('destination.port')],
    ['ssl_protocol', tlsVersionVariable],
    ['ssl_cipher', text('tls.cipher')],
    ['ssl_server_name', text('tls.client.server_name')],
    ['ssl_curve', text('tls.curve')],
    ['pid', count('process.pid')],
    ['http_x_forwarded_for', own('forwarded_for')],
    ...['connection', 'connection_requests', 'gzip_ratio', 'connection_time'].map(
      (name) => [name, count(`nginx.access.${name}`)] as const,
    ),
    ...['upstream_response_time', 'upstream_connect_time', 'upstream_header_time', 'upstream_queue_time'].map(
      (name) => [name, () => listedNumbers(path(`nginx.access.${name}`), sum)] as const,
    ),
    ...['upstream_response_length', 'upstream_bytes_received', 'upstream_bytes_sent'].map(
      (name) => [name, () => listedNumbers(path(`nginx.access.${name}`), sum)] as const,
    ),
    ['upstream_addr', () => listedText(path('nginx.access.upstream_addr'))],
    ['upstream_status', () => listedNumbers(path('nginx.access.upstream_status'), (values) => values.at(-1) ?? 0)],
  ]);
}

export function nginxVariable(table: VariableTable, name: string, decode: (text: string) => string): VariableKind {
  const field = parseFieldPath(`nginx.access.${name}`) ?? path('nginx.access.value');
  return table.get(name)?.() ?? textVariable(field, decode);
}

/** Thousandths are all that `$msec` has; as a sum of decimals it must not be another number. */
function sum(values: readonly number[]): number {
  return Number(values.reduce((total, value) => total + value, 0).toFixed(3));
}

function secondsAsMs(text: string): number | undefined {
  return /^\d{1,11}(?:\.\d{1,6})?$/.test(text) ? Number((Number(text) * 1000).toFixed(3)) : undefined;
}

function count(field: string): () => VariableKind {
  return () => numberVariable(path(field));
}
