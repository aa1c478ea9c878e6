/**
 * Files that steps read again when they change, such as tables and geo databases. Looked at between batches, as rarely as is enough; of one
 * that is gone or bad what it held before is used, and that is told until it is good again.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StepOptionError, type WatchedFile, type WatchedFileRequest } from '../steps/step.ts';
import { watchedFileBytesMax, watchedFilesLookMs } from './limits.ts';

export interface FilePlace {
  /** Relative paths are below it. */
  readonly folder: string;
  /** Undefined: it is good again. */
  readonly tell: (problem: string | undefined) => void;
}

interface Watched {
  readonly file: string;
  readonly read: (bytes: Buffer<ArrayBuffer>) => void;
  readonly tell: FilePlace['tell'];
  /** Of what was looked at last, good or not. */
  version: string;
  isGood: boolean;
}

/** Sentences about files that are not what they should be. */
class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

export class WatchedFiles {
  readonly #monotonic: () => number;
  readonly #watched: Watched[] = [];
  #lookedMs: number;

  constructor({ monotonic }: { readonly monotonic: () => number }) {
    this.#monotonic = monotonic;
    this.#lookedMs = monotonic();
  }

  /** As CompileHost.watchFile. Throws a StepOptionError where it cannot be read now. */
  watch<Content>({ path, option, read }: WatchedFileRequest<Content>, { folder, tell }: FilePlace): WatchedFile<Content> {
    const file = resolve(folder, path);
    const version = versionOf(file);
    let content: Content;
    try {
      content = read(bytesOf(file));
    } catch (cause) {
      throw new StepOptionError(option, `${file} ${reasonOf(cause)}`, { cause });
    }
    const readAgain = (bytes: Buffer<ArrayBuffer>): void => {
      content = read(bytes);
    };
    this.#watched.push({ file, read: readAgain, tell, version, isGood: true });
    return {
      get content(): Content {
        return content;
      },
    };
  }

  /** Between batches: reads what changed, when the last look is long enough ago. */
  look(): void {
    const nowMs = this.#monotonic();
    if (nowMs - this.#lookedMs < watchedFilesLookMs) return;
    this.#lookedMs = nowMs;
    for (const watched of this.#watched) look(watched);
  }
}

function look(watched: Watched): void {
  const { file, read, tell } = watched;
  const version = versionOf(file);
  if (version === watched.version) return;
  watched.version = version;
  try {
    read(bytesOf(file));
    if (!watched.isGood) tell(undefined);
    watched.isGood = true;
  } catch (error) {
    watched.isGood = false;
    tell(`${file} ${reasonOf(error)}: what it held before is used`);
  }
}

/** Another one whenever the file is another, or was written; also where there is none. */
function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

function bytesOf(file: string): Buffer<ArrayBuffer> {
  const stat = statSync(file);
  if (!stat.isFile()) throw new FileProblem('is no file');
  if (stat.size > watchedFileBytesMax) throw new FileProblem(`has ${stat.size} bytes, over ${watchedFileBytesMax}`);
  return readFileSync(file);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error) || error instanceof FileProblem) return error.message;
  return error.code === 'ENOENT' ? 'is not there' : `cannot be read (${String(error.code)})`;
}
