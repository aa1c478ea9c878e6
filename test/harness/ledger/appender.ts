/**
 * A process that writes a log and never stops: appender.ts OPTIONS, a JSON object of `AppenderOptions`. It appends lines in pieces,
 * opens its log anew on SIGHUP, and ends on SIGTERM with a report of what it wrote, one JSON line on standard output.
 *
 * What it writes into each file it also keeps in a shadow of its own: the log itself is renamed, compressed, cut and removed.
 */
import { closeSync, fstatSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, numberAt, textAt } from '../json.ts';
import { Random } from '../random.ts';
import { makeLine } from './content.ts';
import type { WrittenFile } from './rotating-file.ts';

export interface AppenderOptions {
  readonly path: string;
  readonly shadows: string;
  readonly pidFile: string;
  readonly stream: number;
  readonly seed: number;
  readonly bytesPerSecond: number;
}

const tickMs = 5;

class Appender {
  readonly #options: AppenderOptions;
  readonly #random: Random;
  readonly #files: WrittenFile[] = [];
  #log: number;
  #shadow: number;
  #current: WrittenFile;
  #unwritten: Buffer = Buffer.alloc(0);
  #lastMs = performance.now();

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#log = openSync(options.path, 'a');
    ({ file: this.#current, handle: this.#shadow } = this.#begin());
  }

  tick(): void {
    const now = performance.now();
    const bytes = (this.#options.bytesPerSecond * Math.min(now - this.#lastMs, 100)) / 1000;
    this.#lastMs = now;
    const pieces = [this.#unwritten];
    let sum = this.#unwritten.length;
    this.#unwritten = Buffer.alloc(0);
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
    this.#write(Buffer.concat(pieces));
  }

  /** Goes on in a new file; in the same one when nobody renamed it. */
  reopen(): void {
    const log = openSync(this.#options.path, 'a');
    if (fstatSync(log).ino === fstatSync(this.#log).ino) {
      closeSync(log);
      return;
    }
    this.end();
    this.#log = log;
    ({ file: this.#current, handle: this.#shadow } = this.#begin());
  }

  end(): void {
    this.#write(this.#unwritten);
    this.#unwritten = Buffer.alloc(0);
    closeSync(this.#log);
    closeSync(this.#shadow);
  }

  get files(): readonly WrittenFile[] {
    return this.#files;
  }

  #begin(): { file: WrittenFile; handle: number } {
    const { stream, shadows } = this.#options;
    const generation = this.#files.length;
    const path = join(shadows, `${stream}-${generation}`);
    const file = { stream, generation, path, bytes: 0, lines: 0 };
    this.#files.push(file);
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

function optionsOf(text: string): AppenderOptions {
  const given = parseJson(text);
  return {
    path: textAt(given, 'path'),
    shadows: textAt(given, 'shadows'),
    pidFile: textAt(given, 'pidFile'),
    stream: numberAt(given, 'stream'),
    seed: numberAt(given, 'seed'),
    bytesPerSecond: numberAt(given, 'bytesPerSecond'),
  };
}

const options = optionsOf(process.argv[2] ?? '{}');
const appender = new Appender(options);
const timer = setInterval(() => appender.tick(), tickMs);
process.on('SIGHUP', () => appender.reopen());
process.on('SIGTERM', () => {
  clearInterval(timer);
  appender.end();
  process.stdout.write(`${JSON.stringify(appender.files)}\n`);
});
// Whoever reads it may send signals from now on.
writeFileSync(options.pidFile, `${process.pid}\n`);
