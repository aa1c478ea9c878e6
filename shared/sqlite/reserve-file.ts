/**
 * Room set aside for the day the disk is full: what frees room (acks, deletes, trims) needs a little room itself, because
 * SQLite's write-ahead log grows before the database shrinks. The file holds real, written bytes, since a sparse one reserves nothing.
 */
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

const chunkBytes = 1024 * 1024;

export class ReserveFile {
  readonly #path: string;
  readonly #bytes: number;
  #held: boolean;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
    this.#held = statSync(path, { throwIfNoEntry: false })?.size === bytes;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Sets the room aside. False when there is none; then nothing half-made stays behind. */
  take(): boolean {
    if (this.#held) return true;
    try {
      this.#write();
      this.#held = true;
    } catch {
      // Whatever the reason, there is no reserve now; the owner tries again later and says so meanwhile.
      rmSync(this.#path, { force: true });
    }
    return this.#held;
  }

  /** Gives the room back to the file system. */
  giveUp(): void {
    rmSync(this.#path, { force: true });
    this.#held = false;
  }

  /** In small chunks: a reserve of any size needs no memory of that size. */
  #write(): void {
    const file = openSync(this.#path, 'w', 0o600);
    try {
      const zeros = new Uint8Array(Math.min(chunkBytes, this.#bytes));
      let left = this.#bytes;
      while (left > 0) left -= writeSync(file, zeros, 0, Math.min(left, zeros.length));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
