/** What the variables of HAProxy's `log-format` are (configuration manual, 8.2.6), as ECS or Elastic's haproxy module name them. */
import type { FieldPath } from '../../record/fields.ts';
import { isIp } from '../addresses.ts';
import type { LinePlace, LineValues } from '../line-format/line-format.ts';
import {
  addressVariable,
  httpVersionVariable,
  isAbsent,
  numberVariable,
  path,
  requestVariable,
  textVariable,
  timeVariable,
  tlsVersionVariable,
  urlVariable,
  type VariableKind,
} from '../line-format/variables.ts';
import { unescapedNumberSigns } from '../quoted-text.ts';
import { CommonLogTime } from '../time/common-log-time.ts';
import { digitsEnd, isDigit } from '../time/digits.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { capturedHeaders } from './default-lines.ts';

/** What else of the format changes what a variable is. */
export interface FormatTraits {
  readonly zone: TimeZone;
  readonly isHttp: boolean;
  /** The format has `%Ta`, so that `%Tt` is not the duration. */
  readonly hasActiveTime: boolean;
}

export interface VariableFlags {
  readonly isQuoted: boolean;
  readonly isHexadecimal: boolean;
  readonly isEscaped: boolean;
}

export interface LogVariable {
  readonly kind: (traits: FormatTraits, flags: VariableFlags) => VariableKind;
  /** `%{+Q}` puts it in quotes. */
  readonly isText: boolean;
  /** Only in lines of HTTP. */
  readonly isOfHttp?: boolean;
}

const nanosecondsOfMs = 1_000_000;
/** `22/Nov/2026:04:05:06` */
const timeLength = 20;

const plainNumbers: readonly (readonly [string, string])[] = [
  ['Tc', 'haproxy.time_backend_connect'],
  ['Td', 'haproxy.time_data'],
  ['Th', 'haproxy.time_handshake'],
  ['Ti', 'haproxy.time_idle'],
  ['Tq', 'haproxy.time_request'],
  ['TR', 'haproxy.http.request.time_wait_ms'],
  ['Tr', 'haproxy.http.request.time_wait_without_data_ms'],
  ['Tu', 'haproxy.time_user'],
  ['Tw', 'haproxy.time_queue'],
  ['ac', 'haproxy.connections.active'],
  ['fc', 'haproxy.connections.frontend'],
  ['bc', 'haproxy.connections.backend'],
  ['sc', 'haproxy.connections.server'],
  ['bp', 'haproxy.backend_source_port'],
  ['bq', 'haproxy.backend_queue'],
  ['cp', 'source.port'],
  ['fp', 'destination.port'],
  ['lc', 'haproxy.log_counter'],
  ['pid', 'process.pid'],
  ['rt', 'haproxy.request_counter'],
  ['sp', 'haproxy.server_port'],
  ['sq', 'haproxy.server_queue'],
  ['ST', 'http.response.status_code'],
];

const plainTexts: readonly (readonly [string, string])[] = [
  ['CC', 'haproxy.http.request.captured_cookie'],
  ['CS', 'haproxy.http.response.captured_cookie'],
  ['H', 'haproxy.source'],
  ['ID', 'http.request.id'],
  ['OG', 'haproxy.log_origin'],
  ['b', 'haproxy.backend_name'],
  ['f', 'haproxy.frontend_name'],
  ['s', 'haproxy.server_name'],
  ['sslc', 'tls.cipher'],
];

export const logVariables: ReadonlyMap<string, LogVariable> = new Map<string, LogVariable>([
  ...plainNumbers.map(
    ([name, field]) => [name, { kind: (_, flags) => counted(path(field), flags), isText: false }] as [string, LogVariable],
  ),
  ...plainTexts.map(([name, field]) => [name, { kind: () => textVariable(path(field)), isText: true }] as [string, LogVariable]),
  [
    'B',
    {
      kind: ({ isHttp }) => bytes(isHttp ? ['haproxy.bytes_read', 'http.response.bytes'] : ['haproxy.bytes_read']),
      isText: false,
    },
  ],
  [
    'U',
    {
      kind: ({ isHttp }) => bytes(isHttp ? ['haproxy.bytes_uploaded', 'http.request.bytes'] : ['haproxy.bytes_uploaded']),
      isText: false,
    },
  ],
  ['Ta', { kind: () => duration(path('event.duration'), nanosecondsOfMs), isText: false, isOfHttp: true }],
  [
    'Tt',
    {
      kind: ({ hasActiveTime }) =>
        hasActiveTime ? duration(path('haproxy.time_total'), 1) : duration(path('event.duration'), nanosecondsOfMs),
      isText: false,
    },
  ],
  ['rc', { kind: () => withPlus(path('haproxy.connections.retries'), path('haproxy.redispatched'), 1), isText: false }],
  ['ci', { kind: (_, flags) => address('source.address', 'source.ip', flags), isText: true }],
  ['fi', { kind: (_, flags) => address('destination.address', 'destination.ip', flags), isText: true }],
  ['bi', { kind: (_, flags) => address('haproxy.backend_source_address', 'haproxy.backend_source_ip', flags), isText: true }],
  ['si', { kind: (_, flags) => address('haproxy.server_address', 'haproxy.server_ip', flags), isText: true }],
  ['ft', { kind: frontendWithTransport, isText: true }],
  ['hr', { kind: () => headers('request'), isText: true, isOfHttp: true }],
  ['hs', { kind: () => headers('response'), isText: true, isOfHttp: true }],
  ['hrl', { kind: () => textVariable(path('haproxy.http.request.captured_header_list'), unescapedNumberSigns), isText: true }],
  ['hsl', { kind: () => textVariable(path('haproxy.http.response.captured_header_list'), unescapedNumberSigns), isText: true }],
  ['HM', ofRequest(() => textVariable(path('http.request.method'), withoutBadRequest))],
  ['HP', ofRequest(() => textVariable(path('url.path'), withoutBadRequest))],
  ['HPO', ofRequest(() => textVariable(path('url.path'), withoutBadRequest))],
  ['HQ', ofRequest(() => textVariable(path('url.query'), (text) => withoutBadRequest(text).replace(/^\?/, '')))],
  ['HU', ofRequest(() => urlVariable(withoutBadRequest))],
  ['HV', ofRequest(httpVersion)],
  ['r', ofRequest(() => requestVariable(path('haproxy.http.request.raw_request_line'), unescapedNumberSigns))],
  ['sslv', { kind: tlsVersionVariable, isText: true }],
  ['ts', { kind: terminationState, isText: false }],
  ['tsc', { kind: terminationState, isText: false, isOfHttp: true }],
  ['Ts', { kind: (_, flags) => timestamp(flags), isText: false }],
  ['ms', { kind: () => ended(timeVariable('fraction', thousandth), (text, from) => digitsEnd(text, from)), isText: false }],
  ['t', { kind: ({ zone }) => commonTime(zone, 'exact'), isText: false }],
  ['tr', { kind: ({ zone }) => commonTime(zone, 'exact'), isText: false, isOfHttp: true }],
  ...['T', 'Tl', 'trg', 'trl'].map(
    (name) => [name, { kind: ({ zone }) => commonTime(zone, 'seconds'), isText: false }] as [string, LogVariable],
  ),
]);

function ofRequest(kind: () => VariableKind): LogVariable {
  return { kind, isText: true, isOfHttp: true };
}

/** What a client sent that is no HTTP has none of the parts. */
function withoutBadRequest(text: string): string {
  return text === '<BADREQ>' ? '' : unescapedNumberSigns(text);
}

function httpVersion(): VariableKind {
  const { paths, store } = httpVersionVariable();
  return { paths, store: (text, out, place) => store(text === '<BADREQ>' ? '' : text, out, place) };
}

/** Written as nothing, or as two or four characters with dashes for what was normal: a dash here is no sign of absence. */
function terminationState(): VariableKind {
  return {
    paths: [path('haproxy.termination_state')],
    store: (text, { values }, { slot }) => {
      values[slot] = text === '' ? undefined : text;
      return text.length <= 4;
    },
  };
}

export function counted(field: FieldPath, { isHexadecimal }: Pick<VariableFlags, 'isHexadecimal'>): VariableKind {
  if (!isHexadecimal) return ended(numberVariable(field), numberEnd);
  return {
    paths: [field],
    store: (text, { values }, { slot }) => {
      values[slot] = isAbsent(text) ? undefined : Number.parseInt(text, 16);
      return isAbsent(text) || /^[0-9A-Fa-f]{1,13}$/.test(text);
    },
  };
}

/** With `option logasap` there is a plus before what was not at its end. */
function bytes(fields: readonly string[]): VariableKind {
  const [first = '', ...others] = fields;
  const { paths, store } = withPlus(path(first), path('haproxy.incomplete'), 1);
  return {
    paths: [...paths, ...others.map(path)],
    endOf: numberEnd,
    store: (text, out, place) => {
      if (!store(text, out, place)) return false;
      if (others.length > 0) out.values[place.slot + 2] = out.values[place.slot];
      return true;
    },
  };
}

function duration(field: FieldPath, scale: number): VariableKind {
  return withPlus(field, path('haproxy.incomplete'), scale);
}

function withPlus(field: FieldPath, plusField: FieldPath, scale: number): VariableKind {
  const { store } = numberVariable(field, scale);
  return {
    paths: [field, plusField],
    endOf: numberEnd,
    store: (text, out, place) => {
      out.values[place.slot + 1] = text.startsWith('+') ? true : undefined;
      return store(text, out, place);
    },
  };
}

function address(field: string, ipField: string, { isHexadecimal }: VariableFlags): VariableKind {
  const { store } = addressVariable('source');
  return {
    paths: [path(field), path(ipField)],
    store: (text, out, place) => store(isHexadecimal ? ipOfHexadecimal(text) : text, out, place),
  };
}

/** `7F000001`; any other text stays as it is. */
function ipOfHexadecimal(text: string): string {
  if (/^[0-9A-F]{8}$/i.test(text)) return Buffer.from(text, 'hex').join('.');
  const groups = /^[0-9A-F]{32}$/i.test(text) ? (text.toLowerCase().match(/.{4}/g) ?? []) : [];
  const ip = groups.map((group) => group.replace(/^0{1,3}/, '')).join(':');
  return isIp(ip) ? ip : text;
}

/** A tilde behind the name says that TLS is spoken there. */
function frontendWithTransport(): VariableKind {
  return {
    paths: [path('haproxy.frontend_name'), path('tls.established')],
    store: (text, { values }, { slot }) => {
      const isTls = text.endsWith('~');
      values[slot] = isTls ? text.slice(0, -1) : text;
      values[slot + 1] = isTls ? true : undefined;
      return text !== '';
    },
  };
}

/** `{first|second}`. Without captured headers there is nothing, and one space less. */
function headers(message: 'request' | 'response'): VariableKind {
  return {
    paths: [path(`haproxy.http.${message}.captured_headers`)],
    endOf: (text, from) => {
      const isQuoted = text.startsWith('"{', from);
      if (isQuoted || text.startsWith('{', from)) return text.indexOf(isQuoted ? '}"' : '}', from) + (isQuoted ? 2 : 1) || -1;
      return text.startsWith(' ', from - 1) ? from - 1 : from;
    },
    store: (text, { values }, { slot }) => {
      const inside = text.replaceAll('"', '').slice(1, -1);
      values[slot] = inside === '' ? undefined : capturedHeaders(inside);
      return true;
    },
  };
}

function timestamp({ isHexadecimal }: VariableFlags): VariableKind {
  const pattern = isHexadecimal ? /^[0-9A-F]{8,9}$/i : /^\d{9,11}$/;
  return timeVariable('seconds', (text) =>
    pattern.test(text) ? Number.parseInt(text, isHexadecimal ? 16 : 10) * 1000 : undefined,
  );
}

function thousandth(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function commonTime(zone: TimeZone, precision: 'exact' | 'seconds'): VariableKind {
  const time = new CommonLogTime(zone);
  return ended(
    timeVariable(precision, (text) => time.at(text, 0, text.length)),
    (text, from) => {
      if (text.startsWith('-', from)) return from + 1;
      const end = text.startsWith('.', from + timeLength) ? digitsEnd(text, from + timeLength + 1) : from + timeLength;
      return /^ [+-]\d{4}$/.test(text.slice(end, end + 6)) ? end + 6 : end;
    },
  );
}

function ended(kind: VariableKind, endOf: (text: string, from: number) => number): VariableKind {
  return { ...kind, endOf };
}

function numberEnd(text: string, from: number): number {
  const code = text.charCodeAt(from);
  return digitsEnd(text, isDigit(code) ? from : from + 1);
}

/** A value of JSON as the text that a line would have. */
export function storeValue(kind: VariableKind, value: unknown, { out, place }: { out: LineValues; place: LinePlace }): boolean {
  if (typeof value === 'number' && Number.isFinite(value)) return kind.store(String(value), out, place);
  if (typeof value === 'boolean') return kind.store(value ? '1' : '0', out, place);
  return kind.store(typeof value === 'string' ? value : '', out, place);
}
