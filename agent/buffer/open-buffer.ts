import { mkdirSync } from 'node:fs';
import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { bufferWriterWorker } from '../workers.ts';
import { type BufferLimits, checkLimits } from './limits.ts';
import { bufferFile } from './open-store.ts';
import type { SourceMark } from './source-mark.ts';
import { SqliteBuffer } from './sqlite-buffer.ts';
import type { DamageReport, WriterCalls, WriterEvent } from './writer-contract.ts';

export interface OpenBufferOptions {
  readonly folder: string;
  readonly limits: BufferLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once when the buffer cannot go on; it is to be closed, and may be opened again. */
  readonly onFailed: (error: Error) => void;
  /** For the writer thread, which arms it itself. */
  readonly crashPoint?: string | undefined;
  readonly sourceMark: SourceMark;
}

/** What the writer's heap needs is small: bodies live outside of it. */
const writerResources = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 } as const;
const readerCacheKibibytes = 256;

/** Opens the buffer in `folder`; makes it when there is none, and sets a damaged one aside. */
export async function openBuffer(options: OpenBufferOptions): Promise<SqliteBuffer> {
  const { folder, limits, clock, logger, onFailed, crashPoint, sourceMark } = options;
  checkLimits(limits);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let buffer: SqliteBuffer | undefined;
  const events: WriterEvent[] = [];
  const worker = startWorker(bufferWriterWorker, { workerData: { crashPoint }, resourceLimits: writerResources });
  const writer = new ThreadCalls<WriterCalls, WriterEvent>(worker, {
    onEvent: (event) => (buffer === undefined ? events.push(event) : buffer.handleEvent(event)),
    onFailed: (error) => buffer?.handleFailure(error),
  });
  try {
    const report = await writer.call('open', { folder, reserveBytes: limits.reserveBytes });
    if (report.damaged !== undefined) tellDamage(logger, report.damaged);
    const db = openDatabase(bufferFile(folder), { readOnly: true });
    db.exec(`PRAGMA cache_size=-${readerCacheKibibytes}`);
    buffer = new SqliteBuffer({ folder, limits, clock, logger, sourceMark, onFailed, writer, db });
    for (const event of events) buffer.handleEvent(event);
    return buffer;
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    throw error;
  }
}

function tellDamage(logger: Logger, damaged: DamageReport): void {
  logger.error('the buffer was damaged and set aside; what is whole in it is shipped again, the rest is read again', {
    event: 'buffer-damaged',
    ...damaged,
  });
}
