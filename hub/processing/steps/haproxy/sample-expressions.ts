/**
 * What `%[…]` of a `log-format` gives: a fetch with arguments, and converters behind commas. Fetches that ECS has a field for get it,
 * unless a converter makes something else of them; any other expression is a text under `haproxy`, named after itself.
 */
import type { FieldPath } from '../../record/fields.ts';
import {
  addressVariable,
  authorityVariable,
  httpVersionVariable,
  isAbsent,
  path,
  textVariable,
  tlsVersionVariable,
  urlVariable,
  type VariableKind,
} from '../line-format/variables.ts';
import { counted } from './log-variables.ts';

/** Names of the headers that a frontend captures, in the order of its configuration. */
export interface CapturedNames {
  readonly request: readonly string[];
  readonly response: readonly string[];
}

const decimal = { isHexadecimal: false };
const count =
  (field: string): (() => VariableKind) =>
  (): VariableKind =>
    counted(path(field), decimal);
const text =
  (field: string): (() => VariableKind) =>
  (): VariableKind =>
    textVariable(path(field));

const fetches: ReadonlyMap<string, () => VariableKind> = new Map<string, () => VariableKind>([
  ['src', () => addressVariable('source')],
  ['src_port', count('source.port')],
  ['dst', () => addressVariable('destination')],
  ['dst_port', count('destination.port')],
  ['method', text('http.request.method')],
  ['capture.req.method', text('http.request.method')],
  ['path', text('url.path')],
  ['query', text('url.query')],
  ['pathq', () => urlVariable()],
  ['url', () => urlVariable()],
  ['capture.req.uri', () => urlVariable()],
  ['req.ver', httpVersionVariable],
  ['capture.req.ver', httpVersionVariable],
  ['unique-id', text('http.request.id')],
  ['status', count('http.response.status_code')],
  ['req.body_size', count('http.request.body.bytes')],
  ['fc_err', count('haproxy.fc_err')],
  ['ssl_c_err', count('haproxy.ssl_c_err')],
  ['ssl_c_ca_err', count('haproxy.ssl_c_ca_err')],
  ['ssl_c_verify', count('haproxy.ssl_c_verify')],
  ['ssl_fc', () => flag(path('tls.established'))],
  ['ssl_fc_is_resumed', () => flag(path('tls.resumed'))],
  ['ssl_fc_sni', text('tls.client.server_name')],
  ['ssl_fc_protocol', tlsVersionVariable],
  ['ssl_fc_cipher', text('tls.cipher')],
  ['ssl_c_s_dn', text('tls.client.subject')],
  ['ssl_c_i_dn', text('tls.client.issuer')],
  ['fe_name', text('haproxy.frontend_name')],
  ['be_name', text('haproxy.backend_name')],
  ['srv_name', text('haproxy.server_name')],
  ['hostname', text('haproxy.source')],
  ['pid', count('process.pid')],
  ['ssl_fc_err,hex', text('haproxy.ssl_fc_err')],
]);

const requestHeaders: ReadonlyMap<string, () => VariableKind> = new Map<string, () => VariableKind>([
  ['user-agent', text('user_agent.original')],
  ['referer', text('http.request.referrer')],
  ['host', () => authorityVariable()],
  ['content-type', text('http.request.mime_type')],
  ['x-request-id', text('http.request.id')],
]);

const harmless = /^(?:lower|upper|ltrim|rtrim|json|bytes)(?:\(|$)/;
const headerFetch = /^(req|res)\.f?hdrs?\(([\w-]+)(?:,-?\d+)?\)$/;
const shortHeaderFetch = /^f?hdr\(([\w-]+)(?:,-?\d+)?\)$/;
const captureFetch = /^capture\.(req|res)\.hdr\((\d+)\)$/;

export function sampleVariable(expression: string, captured: CapturedNames): VariableKind {
  const whole = fetches.get(expression.replaceAll(' ', ''));
  if (whole !== undefined) return whole();
  const [fetch = '', ...converters] = expression.split(/,(?![^()]*\))/).map((part) => part.trim());
  const known = converters.every((converter) => harmless.test(converter)) ? knownFetch(fetch, captured) : undefined;
  return known ?? textVariable(path(`haproxy.${identifier(expression)}`));
}

function knownFetch(fetch: string, captured: CapturedNames): VariableKind | undefined {
  const [, ofMessage = 'req', name = shortHeaderFetch.exec(fetch)?.[1]] = headerFetch.exec(fetch) ?? [];
  if (name !== undefined) return headerVariable(ofMessage === 'req' ? 'request' : 'response', name);
  const [, side, index] = captureFetch.exec(fetch) ?? [];
  const message = side === 'res' ? 'response' : 'request';
  const header = index === undefined ? undefined : captured[message][Number(index)];
  return header === undefined ? fetches.get(fetch)?.() : headerVariable(message, header);
}

export function headerVariable(message: 'request' | 'response', name: string): VariableKind {
  const known = message === 'request' ? requestHeaders.get(name.toLowerCase()) : undefined;
  return known?.() ?? textVariable(path(`haproxy.http.${message}.headers.${identifier(name)}`));
}

export function identifier(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '') || 'value'
  );
}

function flag(field: FieldPath): VariableKind {
  return {
    paths: [field],
    store: (value, { values }, { slot }) => {
      values[slot] = isAbsent(value) ? undefined : value === '1';
      return isAbsent(value) || value === '0' || value === '1';
    },
  };
}
