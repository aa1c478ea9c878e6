/**
 * All bytes that a folder holds, as who looks for a secret in it would see them: files as they are, what is in the cells of SQLite databases,
 * and every zstd frame anywhere in these, inflated.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createZstdDecompress } from 'node:zlib';

const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** All pieces of bytes in the folder's files, by the files' names. Programs that write there must have ended. */
export async function allBytes(folder: string): Promise<ReadonlyMap<string, readonly Buffer[]>> {
  const files = (await readdir(folder, { withFileTypes: true, recursive: true })).filter((entry) => entry.isFile());
  const found = new Map<string, Buffer[]>();
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    found.set(path, await withInflated(await readFile(path)));
  }
  // To open a database changes files beside it.
  for (const [path, pieces] of found) {
    if (path.endsWith('.db')) for (const cell of cellsOf(path)) pieces.push(...(await withInflated(cell)));
  }
  return found;
}

async function withInflated(bytes: Buffer): Promise<Buffer[]> {
  const pieces = [bytes];
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) pieces.push(await inflated(bytes.subarray(at)));
  return pieces;
}

/** As far as it is a frame; what follows it is none of it. */
async function inflated(bytes: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const stream = createZstdDecompress();
  stream.on('data', (part: Buffer) => void parts.push(part));
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.once('end', () => resolve());
    stream.end(bytes);
  });
  return Buffer.concat(parts);
}

function cellsOf(path: string): Buffer[] {
  using database = new DatabaseSync(path);
  const cells: Buffer[] = [];
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
    for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).iterate()) {
      for (const cell of Object.values(row)) {
        if (cell instanceof Uint8Array) cells.push(Buffer.from(cell));
        else if (typeof cell === 'string') cells.push(Buffer.from(cell));
      }
    }
  }
  return cells;
}
