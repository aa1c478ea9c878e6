import type { InputEvents } from '../input.ts';

/** Raises one event per trouble of a path, and one when it is over, however often it is tried in between. */
export class Troubles {
  readonly #events: InputEvents;
  readonly #paths = new Set<string>();

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
    this.#events.sourceSkipped(path, 'it is no regular file');
  }

  /** It works again. */
  clear(path: string): void {
    if (this.#paths.delete(path)) this.#events.sourceRecovered(path);
  }

  /** What was in trouble is not there any more. */
  forget(path: string): void {
    this.#paths.delete(path);
  }

  paths(): readonly string[] {
    return [...this.#paths];
  }
}

/** What a path leads to cannot be read line by line. */
export class NotAFileError extends Error {
  override readonly name = 'NotAFileError';
  readonly code = 'NOT_A_FILE';
}

/** An error of the file system, in contrast to one of our own. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && (error instanceof NotAFileError || 'syscall' in error);
}

export function isMissing(error: unknown): boolean {
  return isFileError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
