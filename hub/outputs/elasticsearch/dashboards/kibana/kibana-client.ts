/** The way to a Kibana: its HTTP API, one request at a time. Redirects are not followed: they lead to a page for people to sign in. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { answerBytesMax, requestTimeoutMs } from './limits.ts';

export interface KibanaAccess {
  /** May have a path, `server.basePath` of Kibana. */
  readonly url: string;
  readonly api_key?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
}

export interface KibanaRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash. */
  readonly path: string;
  readonly body?: Buffer;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** Of any status. */
export interface KibanaAnswer {
  readonly status: number;
  readonly text: string;
  /** What the JSON holds; undefined where it is none. */
  readonly body: unknown;
}

/** Kibana does not answer, or refuses; the message says what to do. */
export class KibanaError extends Error {
  override readonly name = 'KibanaError';
  readonly code = 'KIBANA';
}

const reasonCharsMax = 400;

export class KibanaClient {
  readonly url: string;
  readonly #access: KibanaAccess;

  constructor(access: KibanaAccess) {
    this.#access = access;
    this.url = access.url.replace(/\/+$/, '');
  }

  /** Rejects with a KibanaError when no answer came. */
  async ask({
    method,
    path,
    body,
    contentType = 'application/json',
    timeoutMs = requestTimeoutMs,
  }: KibanaRequest): Promise<KibanaAnswer> {
    const target = new URL(`${this.url}${path}`);
    const isSecure = target.protocol === 'https:';
    const { promise, resolve, reject } = Promise.withResolvers<KibanaAnswer>();
    try {
      const call = (isSecure ? httpsRequest : httpRequest)(target, {
        method,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        ...(isSecure && { ca: this.#authorities() }),
        headers: {
          accept: 'application/json, application/x-ndjson',
          'kbn-xsrf': 'tributary',
          ...this.#authorization(),
          ...(body !== undefined && { 'content-type': contentType, 'content-length': body.length }),
        },
      });
      call.once('response', (response) => void readAnswer(response).then(resolve, reject));
      call.once('error', reject);
      call.end(body);
      return await promise;
    } catch (error) {
      if (error instanceof KibanaError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new KibanaError(`no answer from Kibana at ${this.url}: ${reason}`, { cause: error });
    }
  }

  #authorization(): Readonly<Record<string, string>> {
    const { api_key: key, username, password } = this.#access;
    if (key !== undefined) return { authorization: `ApiKey ${key}` };
    if (username === undefined || password === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  #authorities(): string | string[] {
    const { ca } = this.#access;
    if (ca !== undefined) return readFileSync(ca, 'utf8');
    return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  }
}

async function readAnswer(response: IncomingMessage): Promise<KibanaAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > answerBytesMax) throw new KibanaError(`the answer of Kibana has more than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  return { status: response.statusCode ?? 0, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What Kibana says of a refusal, and what to do about the usual ones. */
export function refusal(what: string, { status, text, body }: KibanaAnswer): KibanaError {
  if (status === 401 || (status >= 300 && status < 400))
    return new KibanaError(
      `Kibana does not know these credentials: ${what} answered ${status}. Give kibana: an api_key, or username and password`,
    );
  if (status === 403)
    return new KibanaError(
      `Kibana does not allow ${what} to this user or key: it needs "all" for Saved Objects Management and for Dashboard in this space`,
    );
  if (status === 404)
    return new KibanaError(`${what} answered 404: what answers there is no Kibana 8.9 or later, or has no such space`);
  const said = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : text;
  return new KibanaError(`Kibana answered ${what} with ${status}: ${said.slice(0, reasonCharsMax).toWellFormed()}`);
}
