import { closeSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';

/** A file as a program writes it: appended to through one handle that stays with the file wherever it is renamed to. */
export class LogFile {
  path: string;
  #handle: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#handle = openSync(path, 'a');
  }

  write(content: string | Buffer): void {
    const bytes = Buffer.from(content);
    let done = 0;
    while (done < bytes.length) done += writeSync(this.#open(), bytes, done);
  }

  /** The file gets another name; what is written afterwards still goes into it. */
  rename(path: string): void {
    renameSync(this.path, path);
    this.path = path;
  }

  truncate(bytes = 0): void {
    ftruncateSync(this.#open(), bytes);
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #open(): number {
    if (this.#handle === undefined) throw new Error(`${this.path} was closed`);
    return this.#handle;
  }
}
