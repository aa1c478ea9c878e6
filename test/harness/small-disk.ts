import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import type { Program } from './program.ts';
import { unshareArgs } from './require.ts';

/**
 * What goes before a command so that it sees `folder`, which exists, as an empty disk of this size. The disk is in a mount namespace
 * of the process's own: nobody else sees it, and it goes with the process.
 */
export function smallDiskCommand(folder: string, megabytes: number): readonly string[] {
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && exec "$@"`;
  return ['unshare', ...unshareArgs(), 'sh', '-c', script, folder];
}

/** That disk seen from outside, through the process that has it. */
export class SmallDisk {
  readonly #folder: string;

  constructor(program: Program, folder: string) {
    this.#folder = `/proc/${program.pid}/root${folder}`;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }

  /** Leaves so little room, and no more. */
  fillUp(leaveBytes: number): void {
    const handle = openSync(`${this.#folder}/filler`, 'w');
    try {
      const bytes = Buffer.alloc(64 * 1024, 1);
      while (this.freeBytes > leaveBytes) writeSync(handle, bytes);
    } finally {
      closeSync(handle);
    }
  }

  makeRoom(): void {
    rmSync(`${this.#folder}/filler`);
  }
}
