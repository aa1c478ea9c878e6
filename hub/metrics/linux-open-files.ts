/** How many files and sockets this process has open, and may have, as Linux tells. */
import { readdir, readFile } from 'node:fs/promises';

export interface OpenFiles {
  readonly open: number;
  /** Undefined: as many as it likes. */
  readonly max: number | undefined;
}

/** Undefined where the system does not tell. */
export async function openFiles(): Promise<OpenFiles | undefined> {
  try {
    const [open, limits] = await Promise.all([readdir('/proc/self/fd'), readFile('/proc/self/limits', 'utf8')]);
    const [, max] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    // The folder itself is open while it is read.
    return { open: open.length - 1, max: max === undefined ? undefined : Number(max) };
  } catch {
    return undefined;
  }
}
