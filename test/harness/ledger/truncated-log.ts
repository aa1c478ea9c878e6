import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { makeLine } from './content.ts';
import type { WrittenFile } from './rotating-file.ts';

/** A log that others truncate while its writer pauses. What each of its contents was is kept in a shadow. */
export class TruncatedLog implements Disposable {
  readonly path: string;
  readonly files: WrittenFile[] = [];
  readonly #shadows: string;
  readonly #random: Random;
  readonly #log: number;
  #shadow: number;
  #current: WrittenFile;

  constructor(options: { path: string; shadows: string; random: Random }) {
    this.path = options.path;
    this.#shadows = options.shadows;
    this.#random = options.random;
    this.#log = openSync(options.path, 'a');
    ({ file: this.#current, handle: this.#shadow } = this.#begin());
  }

  /** Bytes in the log now. */
  get bytes(): number {
    return this.#current.bytes;
  }

  /** About so many bytes of whole lines. */
  append(bytes: number): void {
    const pieces: Buffer[] = [];
    for (let sum = 0; sum < bytes;) {
      const line = this.#nextLine();
      pieces.push(line);
      sum += line.length;
    }
    this.#write(Buffer.concat(pieces));
  }

  /** A line and the beginning of another one, whose end is never written, in one write. Tells how long the beginning is. */
  appendBegunLine(): number {
    const line = this.#nextLine();
    const begun = Buffer.concat([this.#nextLine().subarray(0, -1), Buffer.from(' and it goes on')]);
    this.#write(Buffer.concat([line, begun]));
    return begun.length;
  }

  /** Somebody truncated it: what comes now is another content. */
  truncated(): void {
    closeSync(this.#shadow);
    ({ file: this.#current, handle: this.#shadow } = this.#begin());
  }

  /** Truncates it, with no copy. */
  truncate(): void {
    truncateSync(this.path, 0);
    this.truncated();
  }

  [Symbol.dispose](): void {
    closeSync(this.#log);
    closeSync(this.#shadow);
  }

  #begin(): { file: WrittenFile; handle: number } {
    const generation = this.files.length;
    const path = join(this.#shadows, `0-${generation}`);
    const file = { stream: 0, generation, path, bytes: 0, lines: 0 };
    this.files.push(file);
    return { file, handle: openSync(path, 'a') };
  }

  #nextLine(): Buffer {
    const { stream, generation, lines } = this.#current;
    this.#current.lines += 1;
    return makeLine({ stream, generation, line: lines }, this.#random);
  }

  #write(bytes: Buffer): void {
    for (const handle of [this.#shadow, this.#log]) {
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    }
    this.#current.bytes += bytes.length;
  }
}
