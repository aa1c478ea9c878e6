/** What a push says besides its records: where they go, who they are of, what they are, and which request this is. Anything unknown is refused. */
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { HttpError } from '../http-error.ts';
import { idempotencyKeyMax } from '../limits.ts';

export type RecordFormat = 'json' | 'lines';

export interface PushRequest {
  readonly format: RecordFormat;
  /** As the protocol names encodings. */
  readonly encoding: string;
  readonly tenant: string | undefined;
  readonly type: string | undefined;
  readonly host: string | undefined;
  readonly idempotencyKey: string | undefined;
}

const name = /^[a-z0-9_]{1,50}$/;
const parameters: Readonly<Record<string, { readonly pattern: RegExp; readonly rule: string }>> = {
  tenant: { pattern: name, rule: '1 to 50 of a-z, 0-9 and _' },
  type: { pattern: name, rule: '1 to 50 of a-z, 0-9 and _' },
  host: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$/, rule: 'a name or an address of a machine' },
};

const formats: Readonly<Record<string, RecordFormat>> = {
  'application/json': 'json',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'text/plain': 'lines',
};

/** For the OpenAPI description. */
export const pushAbout = {
  query: z.strictObject(
    Object.fromEntries(
      Object.entries(parameters).map(([key, { pattern, rule }]) => [key, z.string().regex(pattern).describe(rule).optional()]),
    ),
  ),
  headers: z.strictObject({ 'idempotency-key': z.string().min(1).max(idempotencyKeyMax).optional() }),
  body: z.unknown(),
  media: Object.keys(formats),
};

/** Throws an HttpError. */
export function pushRequestOf(request: IncomingMessage): PushRequest {
  const query = queryOf(request.url ?? '');
  const { format, encoding } = contentOf(request);
  return {
    format,
    encoding,
    tenant: query.get('tenant'),
    type: query.get('type'),
    host: query.get('host'),
    idempotencyKey: keyOf(request),
  };
}

function queryOf(url: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const [, query = ''] = url.split('?', 2);
  for (const [key, value] of new URLSearchParams(query)) {
    const known = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (known === undefined) throw badRequest('a push knows the parameters type, host and tenant only');
    if (found.has(key)) throw badRequest(`${key} is given twice`);
    if (!known.pattern.test(value)) throw badRequest(`${key} must be ${known.rule}`);
    found.set(key, value);
  }
  return found;
}

const acceptedFormats = 'application/json, application/x-ndjson or text/plain';
/** In these a line ends where a newline byte stands. */
const lineCharset = /^(?:utf-8|us-ascii|iso-8859-(?:[1-9]|1[013-6])|windows-125[0-8])$/;

function contentOf(request: IncomingMessage): { readonly format: RecordFormat; readonly encoding: string } {
  // Small devices say nothing of their content: they send lines.
  const [media = '', ...options] = (request.headers['content-type'] ?? 'text/plain').toLowerCase().split(';');
  const format = Object.hasOwn(formats, media.trim()) ? formats[media.trim()] : undefined;
  if (format === undefined) throw new HttpError(415, 'unknown-content', `the content-type must be ${acceptedFormats}`);
  const [, charset = 'utf-8'] = /^\s*charset\s*=\s*"?([\w-]{1,40})"?\s*$/.exec(options.join(';')) ?? [];
  if (format === 'json' ? charset !== 'utf-8' : !lineCharset.test(charset)) {
    throw new HttpError(
      415,
      'unknown-content',
      format === 'json' ? 'JSON is UTF-8' : 'this charset is not known, or has no lines',
    );
  }
  return { format, encoding: charset };
}

function keyOf(request: IncomingMessage): string | undefined {
  const values = request.headersDistinct['idempotency-key'] ?? [];
  const [key] = values;
  if (key === undefined) return undefined;
  if (values.length > 1) throw badRequest('Idempotency-Key is given twice');
  if (key.length > idempotencyKeyMax || !/^[\x21-\x7e]+$/.test(key)) {
    throw badRequest(`Idempotency-Key must be 1 to ${idempotencyKeyMax} printable characters without spaces`);
  }
  return key;
}

function badRequest(message: string): HttpError {
  return new HttpError(400, 'bad-request', message);
}
