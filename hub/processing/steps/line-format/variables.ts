/** The kinds of variables that log formats have, of which each program's table is made. */
import { type FieldPath, type MutableFields, parseFieldPath } from '../../record/fields.ts';
import { assert } from '@tributary/shared/assert.ts';
import { isIp } from '../addresses.ts';
import { wholeNumber } from '../time/digits.ts';
import { requestLine, putAuthority, urlOf } from '../http-request.ts';
import type { LineVariable } from './line-format.ts';

/** A variable of a table: what it is called is added when a format is read. */
export type VariableKind = Omit<LineVariable, 'text'>;

export function path(text: string): FieldPath {
  const parsed = parseFieldPath(text);
  assert(parsed !== undefined, 'a field of a table is a path');
  return parsed;
}

/** What programs write for what is not there. */
export function isAbsent(text: string): boolean {
  return text === '' || text === '-';
}

export function textVariable(field: FieldPath, decode: (text: string) => string = asWritten): VariableKind {
  return {
    paths: [field],
    store: (text, { values }, { slot }) => {
      const value = isAbsent(text) ? '' : decode(text);
      values[slot] = value === '' ? undefined : value;
      return true;
    },
  };
}

/** Numbers below zero stand for what did not come to be. `scale` makes nanoseconds of what is written. */
export function numberVariable(field: FieldPath, scale = 1): VariableKind {
  return {
    paths: [field],
    store: (text, { values }, { slot }) => {
      const value = isAbsent(text) ? -1 : numberOf(text);
      if (Number.isNaN(value)) return false;
      values[slot] = value < 0 ? undefined : scaled(value, scale);
      return true;
    },
  };
}

/** Values for each server that was tried, `0.004, 0.120 : 0.001`. */
export function listedNumbers(field: FieldPath, combine: (values: readonly number[]) => number): VariableKind {
  return {
    paths: [field],
    endOf: listEnd,
    store: (text, { values }, { slot }) => {
      const numbers = text
        .split(/, | : /)
        .filter((part) => !isAbsent(part))
        .map(numberOf);
      if (numbers.some(Number.isNaN)) return false;
      values[slot] = numbers.length === 0 ? undefined : combine(numbers);
      return true;
    },
  };
}

export function listedText(field: FieldPath): VariableKind {
  return { ...textVariable(field), endOf: listEnd };
}

const list = /[^\s,"'|]*(?:(?:, | : )[^\s,"'|]+)*/y;

function listEnd(text: string, from: number): number {
  list.lastIndex = from;
  return from + (list.exec(text)?.[0].length ?? -1);
}

/** `source`, `destination`: the address as written, and as an IP where it is one. */
export function addressVariable(prefix: string): VariableKind {
  return {
    paths: [path(`${prefix}.address`), path(`${prefix}.ip`)],
    store: (text, { values }, { slot }) => {
      values[slot] = isAbsent(text) ? undefined : text;
      values[slot + 1] = isIp(text) ? text : undefined;
      return true;
    },
  };
}

export function timeVariable(
  precision: 'exact' | 'seconds' | 'fraction',
  read: (text: string) => number | undefined,
): VariableKind {
  return {
    paths: [],
    time: precision,
    store: (text, { times }, { time }) => {
      const value = isAbsent(text) ? undefined : read(text);
      times[time] = value;
      return value !== undefined || isAbsent(text);
    },
  };
}

const urlParts = ['original', 'path', 'query', 'scheme', 'domain', 'port'];

export function urlVariable(decode: (text: string) => string = asWritten): VariableKind {
  return {
    paths: urlParts.map((part) => path(`url.${part}`)),
    store: (text, { values }, { slot }) => {
      const target = isAbsent(text) ? '' : decode(text);
      const url: MutableFields = target === '' ? {} : urlOf(target);
      for (let index = 0; index < urlParts.length; index += 1) values[slot + index] = leaf(url[urlParts[index] ?? '']);
      return true;
    },
  };
}

/** The request line; what is none is kept in the field `malformed`. */
export function requestVariable(malformed: FieldPath, decode: (text: string) => string = asWritten): VariableKind {
  const url = urlVariable();
  return {
    paths: [...url.paths, path('http.request.method'), path('http.version'), malformed],
    store: (text, out, place) => {
      const line = isAbsent(text) ? '' : decode(text);
      const request = requestLine(line);
      const first = place.slot + urlParts.length;
      out.values[first] = request?.method;
      out.values[first + 1] = request?.version;
      out.values[first + 2] = request === undefined && line !== '' ? line : undefined;
      return url.store(request?.target ?? '', out, place);
    },
  };
}

/** `example.com:8080`. */
export function authorityVariable(decode: (text: string) => string = asWritten): VariableKind {
  return {
    paths: [path('url.domain'), path('url.port')],
    store: (text, { values }, { slot }) => {
      const url = {};
      if (!isAbsent(text)) putAuthority(url, decode(text));
      values[slot] = leaf(Reflect.get(url, 'domain'));
      values[slot + 1] = leaf(Reflect.get(url, 'port'));
      return true;
    },
  };
}

/** `HTTP/1.1`, of which ECS has the number. */
export function httpVersionVariable(): VariableKind {
  return textVariable(path('http.version'), (text) => (text.startsWith('HTTP/') ? text.slice(5) : text));
}

/** `TLSv1.3`: protocol and number are two fields in ECS. */
export function tlsVersionVariable(): VariableKind {
  return {
    paths: [path('tls.version'), path('tls.version_protocol')],
    store: (text, { values }, { slot }) => {
      const tls = isAbsent(text) ? undefined : tlsVersion(text);
      values[slot] = tls?.version;
      values[slot + 1] = tls?.protocol;
      return true;
    },
  };
}

export function tlsVersion(text: string): { version: string; protocol: string | undefined } {
  const [, protocol, version] = /^(TLS|SSL)v?(\d+(?:\.\d+)?)$/i.exec(text) ?? [];
  return { version: version ?? text, protocol: protocol?.toLowerCase() };
}

/** The same under another field: what gives several fields becomes its text. */
export function renamed(kind: VariableKind, field: FieldPath): VariableKind {
  return kind.paths.length === 1 && kind.time === undefined
    ? { ...kind, paths: [field] }
    : { ...textVariable(field), ...endingAs(kind) };
}

function endingAs({ endOf, escapes }: VariableKind): Partial<VariableKind> {
  return { ...(endOf === undefined ? {} : { endOf }), ...(escapes === undefined ? {} : { escapes }) };
}

function scaled(value: number, scale: number): number {
  return scale === 1 ? value : Math.round(value * scale);
}

/** HAProxy writes a plus before what was not at its end yet. NaN where it is no number. */
export function numberOf(text: string): number {
  const plain = wholeNumber(text, 0, text.length);
  if (plain >= 0) return plain;
  return /^[+-]?\d{1,19}(?:\.\d{1,12})?$/.test(text) ? Number(text) : NaN;
}

function leaf(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function asWritten(text: string): string {
  return text;
}
