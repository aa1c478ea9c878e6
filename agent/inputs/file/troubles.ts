import type { InputEvents } from '../input.ts';
import { DamagedFileError } from './inflated-file.ts';

/** Raises one event per trouble of a path, and one when it is over, however often it is tried in between. */
export class Troubles {
  readonly #events: InputEvents;
  readonly #paths = new Set<string>();
  readonly #skipped = new Set<string>();

  constructor(events: InputEvents) {
    this.#events = events;
  }

  raise(path: string, error: Error): void {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#events.sourceFailed(path, error);
  }

  /** A glob matched what is no file, such as a FIFO. */
  skip(path: string): void {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#skipped.add(path);
    this.#events.sourceSkipped(path, 'it is no regular file');
  }

  /** It works again. */
  clear(path: string): void {
    this.#skipped.delete(path);
    if (this.#paths.delete(path)) this.#events.sourceRecovered(path);
  }

  /** What was in trouble is not there any more. */
  forget(path: string): void {
    this.#skipped.delete(path);
    this.#paths.delete(path);
  }

  paths(): readonly string[] {
    return [...this.#paths];
  }

  /** Without what is no file and is left out. */
  failing(): readonly string[] {
    return this.paths().filter((path) => !this.#skipped.has(path));
  }
}

/** What a path leads to cannot be read line by line. */
export class NotAFileError extends Error {
  override readonly name = 'NotAFileError';
  readonly code = 'NOT_A_FILE';
}

/** Files that were renamed away or deleted wait to be read, or to be acknowledged, and there are too many of them. */
export class TooManyRotatedError extends Error {
  override readonly name = 'TooManyRotatedError';
  readonly code = 'TOO_MANY_ROTATED';
}

/** An error of the file system or of a file, in contrast to one of our own. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false;
  return error instanceof NotAFileError || error instanceof DamagedFileError || 'syscall' in error;
}

/** We are not allowed to look. */
export function isClosed(error: unknown): boolean {
  return isFileError(error) && (error.code === 'EACCES' || error.code === 'EPERM');
}

export function isMissing(error: unknown): boolean {
  return isFileError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
