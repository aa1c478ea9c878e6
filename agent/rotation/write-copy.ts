import type { FileHandle } from 'node:fs/promises';
import { open, rm } from 'node:fs/promises';
import { type BigIntStats, createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Transform } from 'node:stream';
import { partPath } from '../inputs/file/collapse.ts';
import type { Compression } from './naming.ts';

export interface CopyOptions {
  readonly source: FileHandle;
  /** Of the source: the copy gets its mode, owner and times. */
  readonly stats: BigIntStats;
  readonly from: number;
  readonly to: number;
  /** The name it gets later; it is written to `partPath` of it. */
  readonly copy: string;
  readonly compression: Compression;
  /** Gives it up. */
  readonly stop: AbortSignal;
}

/** The source has fewer bytes than were to be copied: somebody else truncated it. */
export class SourceShrankError extends Error {
  override readonly name = 'SourceShrankError';
  readonly code = 'SOURCE_SHRANK';
}

const chunkBytes = 1024 * 1024;

/** Copies a part of a file, compressed or not. Durable when resolved; when rejected nothing of it is left. */
export async function writeCopy(options: CopyOptions): Promise<void> {
  const part = partPath(options.copy);
  // What a crash left of an earlier try is written anew.
  await rm(part, { force: true });
  const handle = await open(part, 'wx', Number(options.stats.mode) & 0o777);
  try {
    await fill(handle, options);
    await takeAttributes(handle, options.stats);
    await handle.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, { source, from, to, compression, stop }: CopyOptions): Promise<void> {
  // By the descriptors: a stream that a handle makes lets the handle be closed only after itself.
  const read = createReadStream('', { fd: source.fd, start: from, end: to - 1, autoClose: false, highWaterMark: chunkBytes });
  const written = createWriteStream('', { fd: handle.fd, autoClose: false, highWaterMark: chunkBytes });
  const compressor = await openCompressor(compression);
  if (compressor === undefined) await pipeline(read, written, { signal: stop });
  else await pipeline(read, compressor, written, { signal: stop });
  if (read.bytesRead !== to - from) throw new SourceShrankError('the file was truncated while it was copied');
}

async function openCompressor(compression: Compression): Promise<Transform | undefined> {
  if (compression === 'none') return undefined;
  const { constants, createGzip, createZstdCompress } = await import('node:zlib');
  if (compression === 'gzip') return createGzip();
  return createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
}

async function takeAttributes(handle: FileHandle, stats: BigIntStats): Promise<void> {
  await handle.chmod(Number(stats.mode) & 0o7777);
  await handle.utimes(Number(stats.atimeMs) / 1000, Number(stats.mtimeMs) / 1000);
  try {
    await handle.chown(Number(stats.uid), Number(stats.gid));
  } catch (error) {
    // Without the right to give files away the copy is ours.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}
