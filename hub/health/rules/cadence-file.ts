/**
 * What is usual of channels, listeners and sources, kept over a start of the hub: a file beside the queue, written now and then and at a stop. What
 * is in it can be learned again, so one that is lost, damaged or of another version is as none.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Logger } from '@tributary/shared/log.ts';
import type { KnownCadences } from './silence.ts';

const version = 1;
const time = z.number().min(0);
const cadence = z.object({
  firstMs: time,
  lastMs: time,
  usual: z.array(time).max(48),
  rests: z.boolean().optional(),
  missed: z.boolean().optional(),
});
const content = z.object({ version: z.literal(version), known: z.record(z.string().max(2000), cadence) });

export class CadenceFile {
  readonly #file: string;
  readonly #logger: Logger;

  constructor(dataDir: string, logger: Logger) {
    this.#file = join(dataDir, 'usual-silences.json');
    this.#logger = logger;
  }

  async read(): Promise<KnownCadences> {
    try {
      return content.parse(JSON.parse(await readFile(this.#file, 'utf8'))).known;
    } catch (error) {
      const isNone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isNone)
        this.#logger.warn('what is usual of channels and sources cannot be read and is learned anew', {
          file: this.#file,
          error,
        });
      return {};
    }
  }

  async write(known: KnownCadences): Promise<void> {
    try {
      await writeFile(`${this.#file}.tmp`, JSON.stringify({ version, known }), { mode: 0o600 });
      await rename(`${this.#file}.tmp`, this.#file);
    } catch (error) {
      this.#logger.warn('what is usual of channels and sources cannot be kept', { file: this.#file, error });
    }
  }
}
