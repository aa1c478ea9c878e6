/**
 * Requests to an Elasticsearch by Node's own HTTP client, with nothing of the product's in between: what a test prepares and looks at does not
 * depend on what it tests.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { parseJson } from '../json.ts';

export interface ElasticsearchAccess {
  readonly url: string;
  readonly user?: { readonly name: string; readonly password: string } | undefined;
  /** PEM of the authority of its certificate. */
  readonly authority?: string | undefined;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the JSON holds; the text where it is none. */
  readonly body: unknown;
}

/** Text that ends with a line feed goes as lines of JSON; anything but text and bytes is made JSON. */
export type RawBody = string | Uint8Array | object;

export class RawElasticsearch {
  readonly url: string;
  readonly #access: ElasticsearchAccess;

  constructor(access: ElasticsearchAccess) {
    this.url = access.url;
    this.#access = access;
  }

  /** Any answer is one, also a refusal. Rejects when there is none. */
  async request(method: string, path: string, body?: RawBody): Promise<RawResponse> {
    const { url, user, authority } = this.#access;
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const content = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const isLines = content instanceof Uint8Array ? content.at(-1) === 10 : content?.endsWith('\n') === true;
    const request = send(new URL(path, url), {
      method,
      // A connection that outlives its server would fail the first request after a restart.
      agent: false,
      timeout: 120_000,
      ...(user === undefined ? {} : { auth: `${user.name}:${user.password}` }),
      ...(authority === undefined ? {} : { ca: authority }),
      headers: content === undefined ? {} : { 'content-type': isLines ? 'application/x-ndjson' : 'application/json' },
    });
    return await new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('timeout', () => request.destroy(new Error(`${method} ${path}: no answer for a minute`)));
      request.once('response', (response) => {
        buffer(response).then(
          (bytes) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: contentOf(bytes.toString('utf8')) }),
          reject,
        );
      });
      request.end(content);
    });
  }

  /** The body of an answer that is none of a failure. */
  async ask(method: string, path: string, body?: RawBody): Promise<unknown> {
    const answer = await this.request(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)?.slice(0, 4000)}`);
    }
    return answer.body;
  }
}

function contentOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
