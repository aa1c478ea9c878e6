import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets the other threads of this process, and of this machine, go first: for work that nobody waits for. `nice` is 1 to 19. On
 * Linux a thread has a priority of its own (sched(7)); where it cannot be lowered the work is done all the same.
 */
export function runInBackground(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), nice);
  } catch {
    // No procfs: the thread keeps the priority of the process.
  }
}
