import { closeSync, openSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isUtf8 } from 'node:buffer';
import type { Id } from '@tributary/protocol/messages.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import type { StreamState } from '../inputs/input.ts';
import { recordsOf, type StoredRecord } from '../buffer/records-of.ts';
import { BodyReader, readBatches } from '../buffer/sql/batch-rows.ts';
import { FinishedReader } from '../buffer/sql/finished-rows.ts';
import { readStreams } from '../buffer/sql/stream-rows.ts';
import { type BufferPlace, existingBuffer } from './buffer-file.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface BufferExportOptions extends BufferPlace {
  /** One object a record, instead of the records as they are. */
  readonly json: boolean;
  /** What was acknowledged and is kept for a while, too. */
  readonly all: boolean;
  /** A file to write to, which must not be there yet; without it standard output. */
  readonly out?: string | undefined;
  /** Writes to standard output, and resolves when whoever reads it took it. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

const newline = 10;
const pieceBytes = 256 * 1024;

/** `buffer export`: the records that wait for a hub, in the order in which they were stored. Changes nothing in the buffer. */
export async function bufferExportCommand(options: BufferExportOptions, host: CommandHost): Promise<ExitCode> {
  const file = await existingBuffer(options, host);
  if (file === undefined) return exitCode.failed;
  using owned = new DisposableStack();
  const db = openDatabase(file, { readOnly: true });
  owned.defer(() => db.close());
  let { write } = options;
  if (options.out !== undefined) {
    const output = openSync(options.out, 'wx', 0o600);
    owned.defer(() => closeSync(output));
    write = async (bytes) => writeAll(output, bytes);
  }
  const { records, unreadable } = await exportAll(db, options, write);
  host.err(`${records} records\n`);
  if (unreadable === 0) return exitCode.done;
  host.err(`${unreadable} batches could not be read: see \`tributary-agent buffer check\`\n`);
  return exitCode.failed;
}

async function exportAll(
  db: DatabaseSync,
  { json, all }: BufferExportOptions,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<{ readonly records: number; readonly unreadable: number }> {
  // One moment of it, while an agent goes on writing.
  db.exec('BEGIN');
  const streams = new Map([...readStreams(db)].map((stream) => [stream.streamId, stream]));
  const finished = new FinishedReader(db);
  const stream = (streamId: Id): StreamState | undefined => streams.get(streamId) ?? finished.byId(streamId);
  const bodies = new BodyReader(db);
  let [records, unreadable] = [0, 0];
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (bytes > 0) await write(Buffer.concat(pieces));
    [pieces, bytes] = [[], 0];
  };
  for (const { batch, ackedMs } of readBatches(db)) {
    if (ackedMs !== undefined && !all) continue;
    const body = bodies.read(batch);
    if (body === undefined) {
      unreadable += 1;
      continue;
    }
    for (const record of recordsOf(batch, body)) {
      const piece = json ? documentOf(record, batch.channel, stream(record.streamId)) : lineOf(record.bytes);
      pieces.push(piece);
      bytes += piece.length;
      records += 1;
      if (bytes >= pieceBytes) await flush();
    }
  }
  await flush();
  return { records, unreadable };
}

/** Each record ends with a newline, whether or not it had one. */
function lineOf(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === newline ? bytes : Buffer.concat([bytes, Buffer.of(newline)]);
}

/** Bytes that are not UTF-8 are written as base64. */
function documentOf(record: StoredRecord, channel: string, stream: StreamState | undefined): Uint8Array {
  const { streamId: id, position, bytes } = record;
  const raw = isUtf8(bytes) ? { raw: Buffer.from(bytes).toString() } : { raw_base64: Buffer.from(bytes).toString('base64') };
  const { host, labels } = stream?.attributes ?? { host: '', labels: {} };
  return Buffer.from(
    `${JSON.stringify({ channel, stream: id, position, path: stream?.identity.path ?? '', host, labels, ...raw })}\n`,
  );
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
