/**
 * Files beside a pipeline that its steps are made of, such as scripts. Read when the pipeline is made for the first time, and given along
 * with its text from then on (PipelineSource.files): all threads make the same of it, also after the file has changed.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { StepOptionError } from '../steps/step.ts';
import type { StepPlace } from './compile.ts';
import type { PipelineSource } from './pipeline-set.ts';

/** Scripts and patterns are written by people. */
export const besideFileBytesMax = 4 * 1024 * 1024;

export class BesideFiles {
  readonly #sources: readonly PipelineSource[];
  readonly #read = new Map<string, Buffer<ArrayBuffer>>();
  readonly #missing = new Set<string>();

  constructor(sources: readonly PipelineSource[]) {
    this.#sources = sources;
  }

  /** What was read. */
  get files(): Readonly<Record<string, Uint8Array>> {
    return Object.fromEntries(this.#read);
  }

  /** What was asked for and could not be read. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** It was asked for elsewhere, in vain. */
  miss(path: string, { folder }: Pick<StepPlace, 'folder'>): void {
    this.#missing.add(resolve(folder, path));
  }

  /** As CompileHost.readFile. */
  read(path: string, option: readonly (string | number)[], { pipeline, folder }: StepPlace): Buffer<ArrayBuffer> {
    const file = resolve(folder, path);
    const given = this.#sources.find(({ name }) => name === pipeline)?.files?.[file];
    if (given !== undefined) return Buffer.from(given);
    try {
      const bytes = readBounded(file, option);
      this.#read.set(file, bytes);
      return bytes;
    } catch (cause) {
      this.#missing.add(file);
      if (cause instanceof StepOptionError) throw cause;
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new StepOptionError(option, `names ${file}, which cannot be read (${code})`, { cause });
    }
  }
}

function readBounded(file: string, option: readonly (string | number)[]): Buffer<ArrayBuffer> {
  // A pipe that nobody writes to would hold up who opens it.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new StepOptionError(option, `names ${file}, which is no file`);
    if (stat.size > besideFileBytesMax)
      throw new StepOptionError(option, `names ${file}, which is larger than ${besideFileBytesMax} bytes`);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
