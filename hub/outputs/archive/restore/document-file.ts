/** Documents as lines of JSON into a file, which is complete or not there, or wherever else text goes. Nothing is known of what went there. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { syncFolder, temporaryPath, writeAll } from '../durable-file.ts';
import { documentLines } from './document-lines.ts';
import type { MadeOfRows, RestoreTarget } from './restore-run.ts';

const partCharacters = 64 * 1024;

export class DocumentStream implements RestoreTarget {
  readonly takesAgain = false;
  readonly #write: (text: string) => Promise<void>;

  constructor(write: (text: string) => Promise<void>) {
    this.#write = write;
  }

  async begin(): ReturnType<RestoreTarget['begin']> {
    return { rows: [], pending: [] };
  }

  async take({ blocks }: MadeOfRows): Promise<'done'> {
    let part = '';
    for (const block of blocks) {
      for (const line of documentLines(block)) {
        part += line;
        if (part.length < partCharacters) continue;
        await this.#write(part);
        part = '';
      }
    }
    if (part !== '') await this.#write(part);
    return 'done';
  }
}

/** A file under its temporary name, until `finish`. */
export class DocumentFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #isOpen = true;

  /** Throws when it cannot be made. */
  constructor(path: string) {
    this.#path = resolve(path);
    this.#file = openSync(temporaryPath(this.#path), 'w', 0o640);
  }

  async write(text: string): Promise<void> {
    writeAll(this.#file, Buffer.from(text));
  }

  /** Durable under its name when it returns. */
  finish(): void {
    fsyncSync(this.#file);
    this.#close();
    renameSync(temporaryPath(this.#path), this.#path);
    syncFolder(dirname(this.#path));
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    rmSync(temporaryPath(this.#path), { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#file);
  }
}
