import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { type Deadly, lineTypes, type LineType, makeDeadlyLine, makeTypedLine } from './typed-lines.ts';

/** One inode's content: what must arrive as one stream. */
export interface TypedFile {
  readonly type: LineType;
  readonly stream: number;
  readonly generation: number;
  path: string;
}

export interface TypedWriterOptions {
  readonly folder: string;
  readonly random: Random;
  readonly bytesPerSecond: number;
  /** The version of a type's pipeline that holds for what is written from now on. */
  readonly floorOf: (type: LineType) => number;
}

const tickMs = 20;
const logsPerType = 2;
const rotateBytes = 150_000;

/** Writes whole lines of every type at a pace, into files that are rotated by rename and stay where the agent looks. */
export class TypedWriter {
  readonly #options: TypedWriterOptions;
  readonly #logs: readonly TypedLog[];
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;
  #error: unknown;

  constructor(options: TypedWriterOptions) {
    this.#options = options;
    this.#logs = lineTypes.flatMap((type, index) =>
      Array.from({ length: logsPerType }, (_, at) => {
        const stream = index * logsPerType + at;
        return new TypedLog({ ...options, type, stream, random: options.random.fork(stream) });
      }),
    );
  }

  /** Bytes that the archive will hold of what is written: some go to several types, some nowhere. */
  get expectedBytes(): number {
    return this.#logs.reduce((sum, log) => sum + log.expectedBytes, 0);
  }

  get files(): readonly TypedFile[] {
    return this.#logs.flatMap((log) => log.files);
  }

  start(): void {
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => {
      try {
        this.#tick();
      } catch (error) {
        this.#error = error;
        clearInterval(this.#timer);
      }
    }, tickMs);
    // A scenario that fails does not stop it.
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#error !== undefined) throw new Error('the writer failed', { cause: this.#error });
    for (const log of this.#logs) log.close();
  }

  /** A line that ends the thread that works on it. */
  writeDeadly(rule: Deadly): void {
    this.#options.random.pick(this.#logs.filter(({ type }) => type === 'script')).appendDeadly(rule);
  }

  #tick(): void {
    const now = performance.now();
    // After a pause of this process it does not try to catch up in one burst.
    const elapsedMs = Math.min(now - this.#lastMs, 200);
    this.#lastMs = now;
    const bytes = (this.#options.bytesPerSecond * elapsedMs) / 1000 / this.#logs.length;
    for (const log of this.#logs) log.append(this.#options.random.below(Math.ceil(bytes * 2)));
  }
}

class TypedLog {
  readonly #options: TypedWriterOptions & { readonly type: LineType; readonly stream: number };
  readonly files: TypedFile[] = [];
  expectedBytes = 0;
  #file: TypedFile;
  #handle: number;
  #bytes = 0;
  #lines = 0;

  constructor(options: TypedWriterOptions & { readonly type: LineType; readonly stream: number }) {
    this.#options = options;
    ({ file: this.#file, handle: this.#handle } = this.#begin());
  }

  get type(): LineType {
    return this.#options.type;
  }

  append(bytes: number): void {
    const { random } = this.#options;
    const pieces: Buffer[] = [];
    for (let sum = 0; sum < bytes; sum += pieces.at(-1)?.length ?? 0) {
      const { bytes: line, copies } = makeTypedLine(this.type, this.#nextPlace(), random);
      pieces.push(line);
      this.expectedBytes += line.length * copies;
    }
    this.#write(Buffer.concat(pieces));
    if (this.#bytes > rotateBytes) this.#rotate();
  }

  appendDeadly(rule: Deadly): void {
    const { bytes, copies } = makeDeadlyLine(rule, this.#nextPlace(), this.#options.random);
    this.expectedBytes += bytes.length * copies;
    this.#write(bytes);
  }

  close(): void {
    closeSync(this.#handle);
  }

  #nextPlace(): Parameters<typeof makeTypedLine>[1] {
    const { stream, generation } = this.#file;
    this.#lines += 1;
    return { stream, generation, line: this.#lines - 1, floor: this.#options.floorOf(this.type) };
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#handle, bytes, at);
    this.#bytes += bytes.length;
  }

  #rotate(): void {
    const { path, generation } = this.#file;
    renameSync(path, `${path}.${generation}`);
    this.#file.path = `${path}.${generation}`;
    closeSync(this.#handle);
    ({ file: this.#file, handle: this.#handle } = this.#begin());
  }

  #begin(): { file: TypedFile; handle: number } {
    const { folder, type, stream } = this.#options;
    const path = join(folder, `${type}${stream}.log`);
    const file = { type, stream, generation: this.files.length, path };
    this.files.push(file);
    this.#bytes = 0;
    this.#lines = 0;
    return { file, handle: openSync(path, 'a') };
  }
}
