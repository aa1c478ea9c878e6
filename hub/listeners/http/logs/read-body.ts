/**
 * The body of a push, inflated. Its size is counted while it is inflated, so a bomb costs no more than the limit and one chunk; all
 * bodies together have a budget; windows that a sender may choose are bounded; and who sends slower than a modem is let go.
 */
import type { IncomingMessage } from 'node:http';
import { finished, type Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { HttpError, retryAfter } from '../http-error.ts';
import type { HttpLimits } from '../limits.ts';
import type { ByteShare } from './byte-budget.ts';

export interface BodyOptions {
  /** Inflated. */
  readonly bytesMax: number;
  readonly share: ByteShare;
  readonly limits: Pick<HttpLimits, 'slowGraceMs' | 'slowBytesPerSecond'>;
}

/** `bytesWritten`: how much of what came it has used. */
type Inflater = Transform & { readonly bytesWritten: number };

/** What a window of so many bits costs, at most. */
const zstdWindowLogMax = 23;
const windowBytes: Readonly<Record<string, number>> = { gzip: 1 << 16, deflate: 1 << 16, zstd: 1 << 23, br: 1 << 24 };
/** What a request costs besides its body: so the budget also bounds how many there are at a time. */
const requestBytes = 8 * 1024;
const slowLooksMs = 1000;

/**
 * Rejects with an HttpError, or with another error when the sender is gone. The request is paused then, and whoever answers it decides what
 * becomes of the rest.
 */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const encoding = encodingOf(request);
  const { bytesMax, share } = options;
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  if (!share.take(requestBytes + (windowBytes[encoding] ?? 0))) throw noRoom();
  using reading = new Reading(request, options);
  return await (encoding === 'identity' ? reading.plain() : reading.inflated(encoding));
}

const encodings: Readonly<Record<string, string>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  zstd: 'zstd',
  br: 'br',
};

function encodingOf(request: IncomingMessage): string {
  const name = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  const known = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
  if (known !== undefined) return known;
  const accepted = { 'accept-encoding': 'gzip, deflate, zstd, br' };
  throw new HttpError(415, 'unknown-encoding', 'the content-encoding is none of gzip, deflate, zstd, br', accepted);
}

function inflaterOf(encoding: string, first: Buffer): Inflater {
  switch (encoding) {
    case 'gzip':
      return createGunzip();
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } });
    case 'br':
      return createBrotliDecompress();
    default:
      // `deflate` is zlib's format by the book, and without its head by custom.
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
  }
}

/** One body on its way; the first thing that goes wrong ends it. */
class Reading implements Disposable {
  readonly #request: IncomingMessage;
  readonly #options: BodyOptions;
  readonly #failed = Promise.withResolvers<never>();
  readonly #sinceMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #owned = new DisposableStack();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #bytesReceived = 0;

  constructor(request: IncomingMessage, options: BodyOptions) {
    this.#request = request;
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
    this.#timer = setInterval(() => this.#look(), Math.min(slowLooksMs, options.limits.slowGraceMs));
  }

  async plain(): Promise<Buffer> {
    await Promise.race([this.#received((chunk) => this.#keep(chunk)), this.#failed.promise]);
    return this.#whole();
  }

  async inflated(encoding: string): Promise<Buffer> {
    const ended = Promise.withResolvers<void>();
    let inflater: Inflater | undefined;
    const received = this.#received((chunk) => {
      inflater ??= this.#inflater(encoding, chunk, ended.resolve);
      // What stands behind the end of what was compressed would wait there for ever.
      if (inflater.readableEnded) this.#failed.reject(notInflatable());
      else if (!inflater.write(chunk)) this.#request.pause();
    });
    await Promise.race([received, this.#failed.promise]);
    if (inflater === undefined) throw notInflatable();
    inflater.end();
    await Promise.race([ended.promise, this.#failed.promise]);
    // Some inflaters end at what they do not understand, and say nothing.
    if (inflater.bytesWritten !== this.#bytesReceived) throw notInflatable();
    return this.#whole();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#owned.dispose();
  }

  /** Resolves at the end of the request. */
  #received(take: (chunk: Buffer) => void): Promise<void> {
    const request = this.#request;
    const onData = (chunk: Buffer): void => {
      this.#bytesReceived += chunk.length;
      if (this.#bytesReceived > this.#options.bytesMax) this.#failed.reject(tooLarge(this.#options.bytesMax));
      else take(chunk);
    };
    return new Promise((resolve, reject) => {
      const unwatch = finished(request, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      request.on('data', onData);
      this.#owned.defer(() => {
        unwatch();
        request.off('data', onData);
        request.pause();
      });
    });
  }

  #inflater(encoding: string, first: Buffer, ended: () => void): Inflater {
    const inflater = inflaterOf(encoding, first);
    inflater.on('error', () => this.#failed.reject(notInflatable()));
    inflater.on('data', (chunk: Buffer) => this.#keep(chunk));
    inflater.on('drain', () => this.#request.resume());
    inflater.on('end', () => {
      this.#request.resume();
      ended();
    });
    this.#owned.defer(() => inflater.destroy());
    return inflater;
  }

  #keep(chunk: Buffer): void {
    const { bytesMax, share } = this.#options;
    this.#bytes += chunk.length;
    if (this.#bytes > bytesMax) this.#failed.reject(tooLarge(bytesMax));
    else if (!share.take(chunk.length)) this.#failed.reject(noRoom());
    else this.#chunks.push(chunk);
  }

  #whole(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks, this.#bytes);
  }

  #look(): void {
    // What has come and waits here for its turn is not slow.
    if (this.#request.complete) return;
    const { slowGraceMs, slowBytesPerSecond } = this.#options.limits;
    const elapsedMs = performance.now() - this.#sinceMs;
    if (elapsedMs < slowGraceMs || (this.#bytesReceived * 1000) / elapsedMs >= slowBytesPerSecond) return;
    this.#failed.reject(new HttpError(408, 'too-slow', `the body came slower than ${slowBytesPerSecond} bytes a second`));
  }
}

function tooLarge(bytesMax: number): HttpError {
  return new HttpError(413, 'too-large', `a push has at most ${bytesMax} bytes, inflated: send it in several`);
}

export function noRoom(): HttpError {
  return new HttpError(503, 'busy', 'too much is being sent to this hub at once: send it again later', retryAfter(1000));
}

function notInflatable(): HttpError {
  return new HttpError(400, 'malformed', 'the body cannot be inflated: it is damaged, cut off, or not of its content-encoding');
}
