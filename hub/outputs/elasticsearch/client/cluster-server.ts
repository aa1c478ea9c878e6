/** A cluster as the sender sees it. */
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import type { Clock } from '@tributary/shared/clock.ts';
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import type { ElasticsearchOutputOptions } from '../../../config/elasticsearch-options.ts';
import type { BulkServer, Sought } from '../bulk/bulk-server.ts';
import type { NameTroubles } from '../bulk/named-apart.ts';
import { dataStreamParts } from '../index-names.ts';
import type { ServerAbilities } from '../setup/server-abilities.ts';
import { indexFamilies } from '../setup/templates.ts';
import type { Answer, Connection, Request } from './connection.ts';
import { KeptIndices } from './kept-indices.ts';
import { lookUp } from './look-up.ts';

type Encoding = Exclude<ElasticsearchOutputOptions['compression'], 'auto'>;

const compressors: Readonly<Record<Exclude<Encoding, 'none'>, (body: Buffer) => Promise<Buffer>>> = {
  gzip: promisify((body: Buffer, done: (error: Error | null, result: Buffer) => void) => gzip(body, { level: 1 }, done)),
  zstd: promisify((body: Buffer, done: (error: Error | null, result: Buffer) => void) =>
    zstdCompress(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }, done),
  ),
};

const families: ReadonlySet<string> = new Set(indexFamilies);

/** What is not asked for is not sent: an answer per document is a few bytes then. */
const filterPath = 'errors,items.*.status,items.*.error';

/** Of a request whose body cannot be read. */
const notReadStatuses: ReadonlySet<number> = new Set([400, 406, 415]);

export interface ClusterServerParts {
  readonly connection: Pick<Connection, 'request'>;
  readonly clock: Clock;
  /** What the requests of this output are called, whoever makes them. */
  readonly name: string;
  readonly options: Pick<ElasticsearchOutputOptions, 'urls' | 'compression' | 'indices'>;
  readonly mayBeVolatile: boolean;
  readonly onLookedUp: (documents: number, found: number) => void;
}

export class ClusterServer implements BulkServer {
  readonly #parts: ClusterServerParts;
  readonly #indices: KeptIndices;
  #encoding: Encoding;
  #mayRequireStreams = false;
  /** Of the requests whose answer is waited for. */
  readonly #underWay = new Set<string>();
  readonly #instance = randomUUID();
  #requests = 0;

  constructor(parts: ClusterServerParts) {
    const { connection: server, clock, options, mayBeVolatile } = parts;
    this.#parts = parts;
    this.#indices = new KeptIndices({ server, clock, isDaily: options.indices === 'daily', mayBeVolatile });
    this.#encoding = encodingOf(options);
  }

  make(names: ReadonlySet<string>): Promise<NameTroubles> {
    return this.#indices.make(names);
  }

  check(names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    return this.#indices.check(names, signal);
  }

  /** By this hub. Whoever sets it up otherwise may have meant what is there. */
  isSetUp({ requireDataStream }: Pick<ServerAbilities, 'requireDataStream'>): void {
    this.#mayRequireStreams = requireDataStream && this.#parts.options.indices === 'data_stream';
  }

  /** A name that the hub has templates for: if they were missing, the server would make an index whose mapping nobody meant. */
  isStream(name: string): boolean {
    return this.#mayRequireStreams && families.has(name.slice(0, name.indexOf('-'))) && dataStreamParts(name) !== undefined;
  }

  async post(body: Buffer, isOfStreams: boolean, signal: AbortSignal): Promise<Answer> {
    const query = { filter_path: filterPath, ...(isOfStreams && { require_data_stream: true }) };
    const answer = await this.#send({ body, query }, this.#encoding, signal);
    if (this.#encoding !== 'zstd' || !notReadStatuses.has(answer.status)) return answer;
    // Nothing was done: few builds read zstd, and all of them gzip.
    this.#encoding = 'gzip';
    return await this.#send({ body, query }, 'gzip', signal);
  }

  async #send(
    { body, query }: { readonly body: Buffer; readonly query: NonNullable<Request['query']> },
    encoding: Encoding,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { connection } = this.#parts;
    const packed = encoding === 'none' ? body : await compressors[encoding](body);
    this.#requests += 1;
    const opaqueId = `${this.#prefix}${this.#instance}/${this.#requests}`;
    this.#underWay.add(opaqueId);
    try {
      return await connection.request({
        method: 'POST',
        path: '/_bulk',
        query,
        body: packed,
        headers: encoding === 'none' ? {} : { 'content-encoding': encoding },
        opaqueId,
        signal,
      });
    } finally {
      this.#underWay.delete(opaqueId);
    }
  }

  async lookUp(documents: readonly Sought[], signal: AbortSignal): Promise<ReadonlySet<number>> {
    const { connection: server, clock, onLookedUp } = this.#parts;
    const isEarlier = (id: string): boolean => id.startsWith(this.#prefix) && !this.#underWay.has(id);
    return await lookUp({ server, clock, isEarlier, onLookedUp }, documents, signal);
  }

  get #prefix(): string {
    return `tributary/${this.#parts.name}/`;
  }
}

/** A connection within this machine is faster than any compressor. */
function encodingOf({ urls, compression }: Pick<ElasticsearchOutputOptions, 'urls' | 'compression'>): Encoding {
  if (compression !== 'auto') return compression;
  return urls.every((url) => isLoopbackHost(new URL(url).hostname)) ? 'none' : 'gzip';
}
