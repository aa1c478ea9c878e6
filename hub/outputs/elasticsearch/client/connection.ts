/**
 * The way to an Elasticsearch cluster: several nodes of which one that does not answer is left out for a time, authentication, TLS. Requests are
 * ready bytes or JSON; nothing is repeated here, as only the caller knows whether it may be.
 *
 * Headers are plain `application/json` instead of those of the client's own version, so that a server of the major version before understands them.
 */
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type * as library from '@elastic/elasticsearch';
import type { Client, ClientOptions } from '@elastic/elasticsearch';
import type { ElasticsearchOutputOptions } from '../../../config/elasticsearch-options.ts';
import { nodeAwayMs, nodeAwayTimesMax, pingTimeoutMs, requestTimeoutMs, sniffIntervalMs } from '../limits.ts';

export type ConnectionOptions = Pick<ElasticsearchOutputOptions, 'urls' | 'sniff'> &
  Pick<Partial<ElasticsearchOutputOptions>, 'api_key' | 'username' | 'password' | 'ca'>;

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Escaped by the caller; begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON; bytes and text go as they are. */
  readonly body?: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the server's tasks and slow logs name it by. */
  readonly opaqueId?: string;
  readonly signal?: AbortSignal;
}

/** Of any status. */
export interface Answer {
  readonly status: number;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

/** No answer came. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'ELASTICSEARCH_NO_ANSWER';
  /** The server may have it, and may have done it. */
  readonly mayHaveArrived: boolean;
  constructor(message: string, mayHaveArrived: boolean, options?: ErrorOptions) {
    super(message, options);
    this.mayHaveArrived = mayHaveArrived;
  }
}

export class Connection implements AsyncDisposable {
  readonly #client: Client;
  readonly #errors: Library['errors'];

  private constructor(client: Client, errors: Library['errors']) {
    this.#client = client;
    this.#errors = errors;
  }

  /** Connects to nothing yet. Throws what reading the file of authorities throws. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const loaded = await import('@elastic/elasticsearch');
    return new Connection(new loaded.Client(clientOptions(options, loaded)), loaded.errors);
  }

  /** Rejects with a NoAnswerError, and with nothing else unless it was aborted. */
  async request({ method, path, query = {}, body, headers, opaqueId, signal }: Request): Promise<Answer> {
    // The library fires events at the signal that it is given.
    const own = new AbortController();
    const onAbort = (): void => own.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    try {
      signal?.throwIfAborted();
      const { statusCode, body: answer } = await this.#client.transport.request(
        { method, path, querystring: query, ...(body === undefined ? {} : { body }) },
        {
          meta: true,
          maxRetries: 0,
          signal: own.signal,
          headers: {
            accept: 'application/json',
            ...(body !== undefined && { 'content-type': isText ? 'application/x-ndjson' : 'application/json' }),
            ...headers,
          },
          ...(opaqueId !== undefined && { opaqueId }),
        },
      );
      return { status: statusCode ?? 0, body: answer };
    } catch (error) {
      if (error instanceof this.#errors.ResponseError) return { status: error.statusCode ?? 0, body: error.body };
      signal?.throwIfAborted();
      throw noAnswer(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

type Library = typeof library;

function clientOptions(
  { urls, sniff, api_key: apiKey, username, password, ca }: ConnectionOptions,
  loaded: Library,
): ClientOptions {
  const isSecure = urls.some((url) => new URL(url).protocol === 'https:');
  return {
    nodes: [...urls],
    ConnectionPool: poolOf(loaded),
    Serializer: serializerOf(loaded),
    maxRetries: 0,
    requestTimeout: requestTimeoutMs,
    pingTimeout: pingTimeoutMs,
    enableMetaHeader: false,
    sniffInterval: sniff ? sniffIntervalMs : false,
    sniffOnConnectionFault: sniff,
    // Else a node that dies in the first minutes takes what it could tell of the others with it.
    sniffOnStart: sniff,
    ...(isSecure && { tls: { ca: ca === undefined ? systemAuthorities() : readFileSync(ca) } }),
    ...(apiKey !== undefined && { auth: { apiKey } }),
    ...(username !== undefined && password !== undefined && { auth: { username, password } }),
  };
}

/** Node's own, and those that this machine trusts besides. */
function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

/** Asks a node that did not answer again much sooner than the library does: it may be all there is. */
function poolOf({ ClusterConnectionPool }: Library): Library['ClusterConnectionPool'] {
  return class NodePool extends ClusterConnectionPool {
    constructor(options: ConstructorParameters<typeof ClusterConnectionPool>[0]) {
      super(options);
      this.resurrectTimeout = nodeAwayMs;
      this.resurrectTimeoutCutoff = nodeAwayTimesMax;
    }
  };
}

/** What most bulk requests are answered with is not looked through. */
function serializerOf({ Serializer }: Library): Library['Serializer'] {
  class BulkSerializer extends Serializer {
    // The library's own signature.
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
    override deserialize<Value>(json: string): Value {
      return super.deserialize(json.startsWith('{"errors":false') ? '{"errors":false}' : json);
    }
  }
  return BulkSerializer;
}

/** What the library's errors say of a connection that was never made: nothing of the request has left this machine. */
const notConnectedPattern =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|connect timeout|certificate|altname|ERR_TLS|ERR_SSL|SSL routines|no living connections/i;

function noAnswer(error: unknown): NoAnswerError {
  const message = error instanceof Error ? error.message : String(error);
  // Of which port it was sent says nothing, and is another one each time.
  const told = message.replace(/ - Local: \S+, Remote: \S+/, '');
  const text = told === '' ? 'no answer' : told;
  return new NoAnswerError(text, !notConnectedPattern.test(text), { cause: error });
}
