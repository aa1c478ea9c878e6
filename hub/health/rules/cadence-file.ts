/** What is usual of channels, listeners and sources, kept over a start of the hub: written now and then and at a stop. */
import { join } from 'node:path';
import * as z from 'zod';
import type { Logger } from '@tributary/shared/log.ts';
import { KeptJson } from '../kept-json.ts';
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
  readonly #file: KeptJson<typeof content>;

  constructor(dataDir: string, logger: Logger) {
    const what = 'what is usual of channels and sources';
    this.#file = new KeptJson({ file: join(dataDir, 'usual-silences.json'), shape: content, what, logger });
  }

  async read(): Promise<KnownCadences> {
    return (await this.#file.read())?.known ?? {};
  }

  async write(known: KnownCadences): Promise<void> {
    await this.#file.write({ version, known });
  }
}
