import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { giveLeaseBack, holdsReadLease, takeReadLease } from './linux/file-lease.ts';

/** A file that nobody writes to, kept so as long as `isQuiet` says so. */
export interface QuietFile extends AsyncDisposable {
  readonly handle: FileHandle;
  /** As it was when it was opened; BigInt, so that times are exact. */
  readonly stats: BigIntStats;
  /** Whether nobody has written since it was opened, nor waits to. */
  isQuiet(): Promise<boolean>;
}

export type OpenQuiet = (path: string, quietMs: number, nowMs: number) => Promise<QuietFile | 'written'>;

/**
 * Opens a file for reading if no process has it open for writing. Where the system does not tell, a file that did not change for
 * `quietMs` counts as left by its writer.
 */
export const openQuiet: OpenQuiet = async (path, quietMs, nowMs) => {
  const handle = await open(path, 'r');
  const lease = process.platform === 'linux' ? takeReadLease(handle.fd) : 'unknown';
  const stats = await handle.stat({ bigint: true });
  if (lease === 'writer' || (lease === 'unknown' && nowMs - Number(stats.mtimeMs) < quietMs)) {
    await handle.close();
    return 'written';
  }
  return {
    handle,
    stats,
    isQuiet: async () => {
      const now = await handle.stat({ bigint: true });
      const isSame = now.size === stats.size && now.mtimeNs === stats.mtimeNs;
      return isSame && (lease === 'unknown' || holdsReadLease(handle.fd));
    },
    [Symbol.asyncDispose]: async () => {
      if (lease === 'held') giveLeaseBack(handle.fd);
      await handle.close();
    },
  };
};
