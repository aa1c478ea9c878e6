import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { makeLine } from './content.ts';

/**
 * How a file is rotated, always by rename:
 * - `shift`: `app.log` → `app.log.1` → `app.log.2` → `app.log.old-<generation>`, all of which the glob matches;
 * - `dated`: `app.log` → `app.log.<generation>`, which the glob matches;
 * - `away`: `app.log` → `app-<generation>.rotated`, which it does not: only the old handle, or the inode, leads there.
 */
export type RotationStyle = 'shift' | 'dated' | 'away';

/** One inode's content: what must arrive as one stream. */
export interface WrittenFile {
  readonly stream: number;
  readonly generation: number;
  path: string;
  bytes: number;
  lines: number;
}

/** A log file as a program and its log rotation treat it: lines appended in pieces, renamed every now and then. */
export class RotatingFile {
  readonly #folder: string;
  readonly #name: string;
  readonly style: RotationStyle;
  readonly #stream: number;
  readonly #random: Random;
  readonly #generations: WrittenFile[] = [];
  #current: WrittenFile;
  #handle: number;
  /** The rest of a line of which the beginning is written already. */
  #unwritten: Buffer = Buffer.alloc(0);

  constructor(options: { folder: string; name: string; style: RotationStyle; stream: number; random: Random }) {
    this.#folder = options.folder;
    this.#name = options.name;
    this.style = options.style;
    this.#stream = options.stream;
    this.#random = options.random;
    ({ file: this.#current, handle: this.#handle } = this.#begin());
  }

  get files(): readonly WrittenFile[] {
    return this.#generations;
  }

  get path(): string {
    return this.#current.path;
  }

  get currentBytes(): number {
    return this.#current.bytes;
  }

  /** Appends about so many bytes; the last line may be written in two pieces. */
  append(bytes: number): void {
    const pieces: Buffer[] = [];
    let sum = this.#finishLine(pieces);
    while (sum < bytes) {
      const line = this.#nextLine();
      pieces.push(line);
      sum += line.length;
    }
    if (this.#random.chance(0.3)) {
      const line = this.#nextLine();
      const cut = this.#random.between(1, line.length - 1);
      pieces.push(line.subarray(0, cut));
      this.#unwritten = line.subarray(cut);
    }
    this.#write(pieces);
  }

  rotate(): void {
    // Programs end their line before they let go of the file, and sometimes do not.
    this.endLine();
    if (this.#random.chance(0.2))
      this.#write([
        Buffer.from(
          this.#nextLine()
            .toString('latin1')
            .replace(/\r?\n$/, ''),
          'latin1',
        ),
      ]);
    this.#rename();
    // As after a rotation of which the program hears a moment later.
    if (this.style !== 'away' && this.#current.bytes > 0 && this.#endsWithLine && this.#random.chance(0.3)) this.append(500);
    this.endLine();
    closeSync(this.#handle);
    ({ file: this.#current, handle: this.#handle } = this.#begin());
  }

  /** Before a pause: what of a line was there would be taken for the line in it. */
  endLine(): void {
    const pieces: Buffer[] = [];
    this.#finishLine(pieces);
    this.#write(pieces);
  }

  close(): void {
    this.endLine();
    closeSync(this.#handle);
  }

  #endsWithLine = true;

  #begin(): { file: WrittenFile; handle: number } {
    const path = join(this.#folder, this.#name);
    const file = { stream: this.#stream, generation: this.#generations.length, path, bytes: 0, lines: 0 };
    this.#generations.push(file);
    return { file, handle: openSync(path, 'a') };
  }

  #nextLine(): Buffer {
    const { stream, generation, lines } = this.#current;
    this.#current.lines += 1;
    return makeLine({ stream, generation, line: lines }, this.#random);
  }

  #finishLine(pieces: Buffer[]): number {
    const rest = this.#unwritten;
    this.#unwritten = Buffer.alloc(0);
    if (rest.length > 0) pieces.push(rest);
    return rest.length;
  }

  #write(pieces: readonly Buffer[]): void {
    const bytes = Buffer.concat(pieces);
    if (bytes.length === 0) return;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#handle, bytes, at);
    this.#current.bytes += bytes.length;
    this.#endsWithLine = bytes.at(-1) === 0x0a;
  }

  #rename(): void {
    const at = (suffix: string): string => join(this.#folder, `${this.#name}${suffix}`);
    if (this.style === 'shift') {
      this.#move(at('.2'), at(`.old-${this.#current.generation}`));
      this.#move(at('.1'), at('.2'));
      this.#move(at(''), at('.1'));
    } else if (this.style === 'dated') this.#move(at(''), at(`.${this.#current.generation}`));
    else this.#move(at(''), join(this.#folder, `${this.#name.replace(/\.log$/, '')}-${this.#current.generation}.rotated`));
  }

  #move(from: string, to: string): void {
    const file = this.#generations.find(({ path }) => path === from);
    if (file === undefined) return;
    renameSync(from, to);
    file.path = to;
  }
}
