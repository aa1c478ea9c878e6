/**
 * Requests to an S3 server, signed here (AWS Signature Version 4) and not by the product's client: what a test prepares and looks at does
 * not depend on what it tests. Buckets are in the path.
 */
import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** PEM of the authority of its certificate. */
  readonly authority?: string | undefined;
}

export interface S3Request {
  readonly method: string;
  /** `/bucket/key`, not encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface S3Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Any answer is one, also a refusal. Rejects when there is none. */
export async function requestS3(access: S3Access, wanted: S3Request, now = new Date()): Promise<S3Response> {
  const url = new URL(access.endpoint);
  const path = wanted.path.split('/').map(encoded).join('/');
  const query = canonicalQuery(wanted.query ?? {});
  const isTls = url.protocol === 'https:';
  const request = (isTls ? httpsRequest : httpRequest)({
    host: url.hostname,
    port: url.port,
    method: wanted.method,
    path: query === '' ? path : `${path}?${query}`,
    // A connection that outlives its server would fail the first request after a restart.
    agent: false,
    timeout: 120_000,
    headers: signedHeaders({ access, wanted, path, query, host: url.host, now }),
    ...(access.authority === undefined ? {} : { ca: access.authority }),
  });
  return await new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error(`${wanted.method} ${path}: no answer for a minute`)));
    request.once('response', (response) => {
      buffer(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject);
    });
    request.end(wanted.body);
  });
}

interface ToSign {
  readonly access: S3Access;
  readonly wanted: S3Request;
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly now: Date;
}

function signedHeaders({ access, wanted, path, query, host, now }: ToSign): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const bodyHash = sha256(wanted.body ?? '');
  const own = Object.entries(wanted.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
  const headers = Object.fromEntries([...own, ['host', host], ['x-amz-content-sha256', bodyHash], ['x-amz-date', time]]);
  const names = Object.keys(headers).toSorted();
  const listed = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const request = [wanted.method, path, query, listed, names.join(';'), bodyHash].join('\n');
  const scope = `${day}/${access.region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n');
  const key = [day, access.region, 's3', 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${access.secretKey}`));
  const credential = `Credential=${access.accessKey}/${scope}`;
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.toSorted().join('&');
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
