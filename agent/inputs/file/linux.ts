/** What only Linux has. */
import { constants } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';

/** Opens for reading. A FIFO without a writer does not block the thread, and a terminal does not become ours. */
export function openForReading(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}

/**
 * The path an open file has now, wherever it was renamed to; undefined when it cannot be told. For a deleted file it is a path
 * that leads elsewhere or nowhere: check where it leads.
 */
export async function pathOfHandle(handle: FileHandle): Promise<string | undefined> {
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return undefined;
  }
}
