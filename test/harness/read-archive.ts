import { fileURLToPath } from 'node:url';
import { archiveFiles } from './archive-objects.ts';
import { at, listAt, numberAt, parseJson, textAt } from './json.ts';
import { runPython } from './python.ts';

export interface ArchivedPiece {
  readonly position: number;
  readonly bytes: number;
  readonly flags: string;
  /** Ascends over the whole archive. */
  readonly row: number;
}

/** One stream as `zstd -dc` and Python's csv module read it from an archive. */
export interface ArchivedStream {
  readonly stream: string;
  readonly source: string;
  /** As written: JSON, or nothing. */
  readonly labels: string;
  readonly channel: string;
  readonly rows: number;
  readonly pieces: readonly ArchivedPiece[];
  /** The raw column, put together in the order of the archive. */
  readonly raw: Buffer;
}

const program = fileURLToPath(new URL('./read_archive.py', import.meta.url));

/** What was read last of each folder, and of which files: objects are never changed, and who waits for something asks many times. */
const lastRead = new Map<string, { readonly files: string; readonly streams: readonly ArchivedStream[] }>();

/** For archives of some megabytes: all of it is held in memory. */
export async function readArchive(folder: string, what: 'logs' | 'platform' = 'logs'): Promise<readonly ArchivedStream[]> {
  const key = `${what} ${folder}`;
  const files = await archiveFiles(folder);
  const last = lastRead.get(key);
  if (last?.files === files) return last.streams;
  const streams = await readAll(folder, what);
  lastRead.set(key, { files, streams });
  return streams;
}

async function readAll(folder: string, what: 'logs' | 'platform'): Promise<readonly ArchivedStream[]> {
  const printed = await runPython(program, [folder, what], 1 << 28);
  return listAt(parseJson(printed)).map((stream) => ({
    stream: textAt(stream, 'stream'),
    source: textAt(stream, 'source'),
    labels: textAt(stream, 'labels'),
    channel: textAt(stream, 'channel'),
    rows: numberAt(stream, 'rows'),
    pieces: listAt(stream, 'pieces').map((piece) => ({
      position: numberAt(piece, 0),
      bytes: numberAt(piece, 1),
      flags: String(at(piece, 2)),
      row: numberAt(piece, 3),
    })),
    raw: Buffer.from(textAt(stream, 'raw'), 'base64'),
  }));
}

/** True when each piece begins where the one before it ended, from position 0 on: nothing is missing, doubled or out of place. */
export function isContiguous(stream: ArchivedStream): boolean {
  let end = 0;
  for (const { position, bytes } of stream.pieces) {
    if (position !== end) return false;
    end += bytes;
  }
  return true;
}

/** The documents that agents sent of themselves and their machines, in the order of the archive. */
export async function readPlatformDocuments(folder: string): Promise<readonly unknown[]> {
  return (await documentsIn(folder)).filter((document) => at(document, 'agent', 'type') === 'tributary');
}

/** Those that the hub wrote itself: its events and the audit trail. */
export async function readHubDocuments(folder: string): Promise<readonly unknown[]> {
  return (await documentsIn(folder)).filter((document) => at(document, 'agent', 'type') === 'tributary-hub');
}

async function documentsIn(folder: string): Promise<readonly unknown[]> {
  const streams = await readArchive(folder, 'platform');
  return streams.flatMap(({ raw }) => raw.toString('utf8').trimEnd().split('\n')).map(parseJson);
}
