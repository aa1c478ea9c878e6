/**
 * A file beside the queue with what a hub knows and can do without: replaced as a whole, so that a hub that is killed leaves the old or the new. One that is
 * lost, damaged or of another version is as none.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type * as z from 'zod';
import type { Logger } from '@tributary/shared/log.ts';

export interface KeptJsonParts<Shape extends z.ZodType> {
  readonly file: string;
  readonly shape: Shape;
  /** Such as `what is usual of channels`, for the log. */
  readonly what: string;
  readonly logger: Logger;
}

export class KeptJson<Shape extends z.ZodType> {
  readonly #parts: KeptJsonParts<Shape>;
  #isRefused = false;

  constructor(parts: KeptJsonParts<Shape>) {
    this.#parts = parts;
  }

  async read(): Promise<z.output<Shape> | undefined> {
    const { file, shape, what, logger } = this.#parts;
    try {
      return shape.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (error) {
      const isNone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isNone) logger.warn(`${what} cannot be read and is learned anew`, { file, error });
      return undefined;
    }
  }

  /** Whether it could be written; told once where not. */
  async write(content: object): Promise<boolean> {
    const { file, what, logger } = this.#parts;
    try {
      await writeFile(`${file}.tmp`, JSON.stringify(content), { mode: 0o600 });
      await rename(`${file}.tmp`, file);
      this.#isRefused = false;
      return true;
    } catch (error) {
      if (!this.#isRefused) logger.warn(`${what} cannot be kept`, { file, error });
      this.#isRefused = true;
      return false;
    }
  }
}
