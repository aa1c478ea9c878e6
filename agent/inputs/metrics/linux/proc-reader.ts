/**
 * Reads the small files under /proc and /sys into one buffer, again and again: nothing is allocated per file but its path. They are
 * made by the kernel while they are read, so a synchronous read waits for no disk.
 */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';

const firstBufferBytes = 64 * 1024;
/** A longer file is cut: nothing that is read here is longer on a machine that works. */
const fileBytesMax = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);

export class ProcReader {
  /** Where the machine's root is seen. */
  readonly root: string;
  #buffer = Buffer.allocUnsafeSlow(firstBufferBytes);

  constructor(root: string) {
    this.root = root;
  }

  /** Below /proc of the machine that is measured; `self` is the first process where the agent sees another root than its own. */
  proc(name: string): string {
    return join(this.root, 'proc', name);
  }

  /** Of the network and the mounts as the machine has them. */
  ofMachine(name: string): string {
    return this.proc(this.root === '/' ? join('self', name) : join('1', name));
  }

  path(...names: readonly string[]): string {
    return join(this.root, ...names);
  }

  /** The file's bytes, valid until the next read; undefined when it cannot be read: gone, not allowed, or not there on this machine. */
  read(path: string): Buffer | undefined {
    try {
      return this.mustRead(path);
    } catch {
      return undefined;
    }
  }

  /** As `read`; throws when it cannot be read. */
  mustRead(path: string): Buffer {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      for (;;) {
        if (length === this.#buffer.length) this.#grow();
        const read = readSync(file, this.#buffer, length, this.#buffer.length - length, null);
        length += read;
        if (read === 0 || length >= fileBytesMax) return this.#buffer.subarray(0, length);
      }
    } finally {
      closeSync(file);
    }
  }

  /** As `read`, of a file that the kernel gives whole with one call, and that is shorter than the buffer at its start. */
  readAtOnce(path: string): Buffer | undefined {
    try {
      const file = openSync(path, 'r');
      try {
        return this.#buffer.subarray(0, readSync(file, this.#buffer, 0, firstBufferBytes, null));
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
  }

  /** The file as text without white space around it; '' when it cannot be read. */
  text(path: string): string {
    return (this.read(path) ?? nothing).toString('utf8').trim();
  }

  /** Names in a folder; none when it cannot be read. */
  names(path: string): readonly string[] {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  }

  /** Where a link leads; '' when it cannot be told. */
  link(path: string): string {
    try {
      return readlinkSync(path);
    } catch {
      return '';
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(fileBytesMax, this.#buffer.length * 2));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}
