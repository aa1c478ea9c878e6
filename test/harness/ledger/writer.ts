import { statSync } from 'node:fs';
import { Random } from '../random.ts';
import { RotatingFile, type RotationStyle, type WrittenFile } from './rotating-file.ts';

const tickMs = 20;

export interface WriterOptions {
  readonly folder: string;
  readonly seed: number;
  /** Several writers of one site number their streams apart; from 0 unless given. */
  readonly firstStream?: number;
  readonly bytesPerSecond: number;
  /**
   * About so much and no more until `allow` is called, as each round does: a round that takes longer on a busy machine must not give it more to do.
   * Without end unless given.
   */
  readonly allowanceBytes?: number;
  /** A file is rotated when it is about this large. */
  readonly rotateBytes: number;
  /** Whether the file at this path may be renamed to a name that no glob matches. */
  readonly mayLeave: (path: string) => boolean;
}

/** Writes several files at a pace, with rotation going on all the time, until it is stopped. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #random: Random;
  readonly #files: readonly RotatingFile[];
  readonly #rotateAt: number[];
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;
  #leftBytes = 0;
  #error: unknown;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.allow();
    this.#random = new Random(options.seed);
    const styles: readonly RotationStyle[] = ['shift', 'dated', 'away', 'shift', 'dated'];
    this.#files = styles.map(
      (style, stream) =>
        new RotatingFile({
          folder: options.folder,
          name: `${style}${stream}.log`,
          style,
          stream: (options.firstStream ?? 0) + stream,
          random: this.#random.fork(stream),
        }),
    );
    this.#rotateAt = styles.map(() => this.#drawRotation());
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

  /** Of what was allowed before nothing is added to it. */
  allow(): void {
    this.#leftBytes = this.#options.allowanceBytes ?? Infinity;
  }

  /** Stops and tells what was written; throws when writing failed, or when a file is not what was written into it. */
  stop(): readonly WrittenFile[] {
    clearInterval(this.#timer);
    if (this.#error !== undefined) throw new Error('the writer failed', { cause: this.#error });
    for (const file of this.#files) file.close();
    const written = this.#files.flatMap((file) => file.files);
    for (const { path, bytes } of written) {
      const { size } = statSync(path);
      if (size !== bytes) throw new Error(`${path} has ${size} bytes, ${bytes} were written`);
    }
    return written;
  }

  #tick(): void {
    const now = performance.now();
    // After a pause of this process (a debugger, a busy machine) it does not try to catch up in one burst.
    const elapsedMs = Math.min(now - this.#lastMs, 200);
    this.#lastMs = now;
    const bytes = Math.min((this.#options.bytesPerSecond * elapsedMs) / 1000, this.#leftBytes);
    if (bytes <= 0) return;
    this.#leftBytes -= bytes;
    this.write(bytes);
    if (this.#leftBytes <= 0) for (const file of this.#files) file.endLine();
  }

  /** About so many bytes spread over the files, some of which are rotated then. */
  write(bytesInAll: number): void {
    const bytes = bytesInAll / this.#files.length;
    for (const [index, file] of this.#files.entries()) {
      if (this.#random.chance(0.1)) continue;
      file.append(this.#random.below(Math.ceil(bytes * 2)) + 1);
      if (file.currentBytes < (this.#rotateAt[index] ?? 0)) continue;
      if (file.style === 'away' && !this.#options.mayLeave(file.path)) continue;
      file.rotate();
      this.#rotateAt[index] = this.#drawRotation();
    }
  }

  #drawRotation(): number {
    return Math.ceil(this.#options.rotateBytes * (0.3 + 1.4 * (this.#random.below(1000) / 1000)));
  }
}
