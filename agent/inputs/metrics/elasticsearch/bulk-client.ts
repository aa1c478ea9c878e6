/**
 * Sends bulk requests to Elasticsearch. Node's own client of the web cannot be given authorities to trust, so this is `https.request`;
 * it is loaded only when there is something to send.
 */
import { readFileSync } from 'node:fs';
import type { Agent as HttpAgent, OutgoingHttpHeaders } from 'node:http';

export interface BulkClientOptions {
  readonly url: string;
  readonly api_key?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly ca_file?: string | undefined;
}

export interface BulkAnswer {
  readonly status: number;
  readonly body: string;
}

const answerMsMax = 30_000;
const answerBytesMax = 8 * 1024 * 1024;
/** Only what is looked at: the answer to a thousand documents that were taken is short. */
const path = '_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason';

export class BulkClient implements Disposable {
  readonly #url: URL;
  readonly #headers: OutgoingHttpHeaders;
  readonly #ca: Buffer | undefined;
  #agent: HttpAgent | undefined;

  constructor(options: BulkClientOptions) {
    const { url, api_key: apiKey, username, password, ca_file: caFile } = options;
    this.#url = new URL(path, url.endsWith('/') ? url : `${url}/`);
    this.#ca = caFile === undefined ? undefined : readFileSync(caFile);
    const basic = username === undefined ? undefined : Buffer.from(`${username}:${password ?? ''}`).toString('base64');
    const authorization = apiKey !== undefined ? `ApiKey ${apiKey}` : basic !== undefined ? `Basic ${basic}` : undefined;
    this.#headers = { 'content-type': 'application/x-ndjson', ...(authorization === undefined ? {} : { authorization }) };
  }

  /** Rejects when there is no answer. */
  async send(body: Buffer, signal: AbortSignal): Promise<BulkAnswer> {
    const answered = Promise.withResolvers<BulkAnswer>();
    const headers = { ...this.#headers, 'content-length': body.length };
    const common = { method: 'POST', headers, timeout: answerMsMax, signal };
    const isTls = this.#url.protocol === 'https:';
    const http = process.getBuiltinModule(isTls ? 'node:https' : 'node:http');
    this.#agent ??= new http.Agent({ keepAlive: true, maxSockets: 1, ...(this.#ca === undefined ? {} : { ca: this.#ca }) });
    const call = http.request(this.#url, { ...common, agent: this.#agent }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) call.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', answered.reject);
      response.on('end', () =>
        answered.resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${answerMsMax} ms`)));
    call.on('error', answered.reject);
    call.end(body);
    return await answered.promise;
  }

  [Symbol.dispose](): void {
    this.#agent?.destroy();
  }
}
