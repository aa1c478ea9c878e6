/** Whether the process that a pid file names is another one by now: its own ended without removing the file, and the number was used again. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Of `/proc`, on every architecture. */
const ticksPerSecond = 100;
/** The kernel tells its start in whole seconds, and some write the file a moment before they fork. */
const slackMs = 2000;

/**
 * The process began after the file was written, and has none of these files open, nor one whose name begins like them. The times alone
 * could not tell: a clock that was set forward since makes every process look younger.
 */
export async function isTakenByAnother(pid: number, writtenMs: number, files: readonly string[]): Promise<boolean> {
  const folder = join('/proc', String(pid));
  const startedMs = await startOf(folder);
  if (startedMs === undefined || startedMs <= writtenMs + slackMs) return false;
  const names = await readdir(join(folder, 'fd')).catch(() => []);
  const open = await Promise.all(names.map((name) => readlink(join(folder, 'fd', name)).catch(() => '')));
  return !open.some((path) => files.some((file) => path.startsWith(file)));
}

async function startOf(folder: string): Promise<number | undefined> {
  try {
    // Behind the name of the program, which is in parentheses and may hold anything.
    const fields = (await readFile(join(folder, 'stat'), 'latin1')).replace(/^.*\) /s, '').split(' ');
    const bootSeconds = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'latin1'))?.[1];
    const startedMs = (Number(bootSeconds) + Number(fields[19]) / ticksPerSecond) * 1000;
    return Number.isFinite(startedMs) ? startedMs : undefined;
  } catch {
    // It ended meanwhile, or is hidden from us: the signal itself tells.
    return undefined;
  }
}
