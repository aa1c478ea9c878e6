/**
 * Bodies of batches, inflated. With small ones it is making a decoder that takes the time: many are inflated by one, as frames that follow each other
 * (RFC 8878, 3.1). The decoder holds each frame to the size that it declares, so that it is known where each of them begins.
 */
import { promisify } from 'node:util';
import { zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { declaredBytes } from '../intake/zstd-frame.ts';
import type { Entry } from '../queue/queue.ts';
import { inflatedHereBytesMax, inflatedTogetherBytesMax } from './limits.ts';

export interface InflatedBody {
  readonly entry: Entry;
  readonly lines: Buffer;
}

const inflateElsewhere = promisify(zstdDecompress);

/** All of them in order, some at a time; one that cannot be inflated is left out. */
export async function* inflatedBodies(entries: readonly Entry[]): AsyncGenerator<readonly InflatedBody[]> {
  for (const bundle of bundlesOf(entries)) {
    yield bundle.length === 1 ? await alone(bundle) : (together(bundle) ?? (await alone(bundle)));
  }
}

function* bundlesOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let bundle: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const { inflatedBytes } = entry;
    const fits = isForBundle(entry);
    if (bundle.length > 0 && (!fits || bytes + inflatedBytes > inflatedTogetherBytesMax)) {
      yield bundle;
      [bundle, bytes] = [[], 0];
    }
    if (!fits) {
      yield [entry];
      continue;
    }
    bundle.push(entry);
    bytes += inflatedBytes;
  }
  if (bundle.length > 0) yield bundle;
}

function isForBundle({ body, inflatedBytes }: Entry): boolean {
  return inflatedBytes <= inflatedHereBytesMax && declaredBytes(body) === inflatedBytes;
}

/** Undefined: at least one of them is no such frame, and nobody knows which. */
function together(bundle: readonly Entry[]): InflatedBody[] | undefined {
  const bytes = bundle.reduce((sum, { inflatedBytes }) => sum + inflatedBytes, 0);
  try {
    const lines = zstdDecompressSync(Buffer.concat(bundle.map(({ body }) => body)), optionsFor(bytes));
    if (lines.length !== bytes) return undefined;
    let from = 0;
    return bundle.map((entry) => {
      const begin = from;
      from += entry.inflatedBytes;
      return { entry, lines: lines.subarray(begin, from) };
    });
  } catch {
    return undefined;
  }
}

async function alone(entries: readonly Entry[]): Promise<InflatedBody[]> {
  const bodies: InflatedBody[] = [];
  for (const entry of entries) {
    const lines = await inflated(entry);
    if (lines !== undefined) bodies.push({ entry, lines });
  }
  return bodies;
}

/** What is small takes less time than telling another thread of it. */
async function inflated({ body, inflatedBytes }: Entry): Promise<Buffer | undefined> {
  const options = optionsFor(inflatedBytes);
  try {
    return inflatedBytes <= inflatedHereBytesMax ? zstdDecompressSync(body, options) : await inflateElsewhere(body, options);
  } catch {
    return undefined;
  }
}

/** In one piece, and a little more: a buffer that is exactly full is followed by another one. */
function optionsFor(bytes: number): { readonly maxOutputLength: number; readonly chunkSize: number } {
  return { maxOutputLength: Math.max(1, bytes), chunkSize: bytes + 64 };
}
