/** Agents without a certificate, of which the registry knows nothing, kept over a start of the hub: written now and then and at a stop. */
import { join } from 'node:path';
import * as z from 'zod';
import type { Logger } from '@tributary/shared/log.ts';
import type { PlainAgent } from './known-agents.ts';
import { KeptJson } from './kept-json.ts';

const version = 1;
const agent = z.object({
  agentId: z.string(),
  host: z.string(),
  tenants: z.union([z.literal('all'), z.array(z.string())]),
  lastSeenMs: z.number().min(0),
});
const content = z.object({ version: z.literal(version), agents: z.array(agent) });

export class PlainAgentsFile {
  readonly #file: KeptJson<typeof content>;
  #isEmpty = true;

  constructor(dataDir: string, logger: Logger) {
    const what = 'which agents came without a certificate';
    this.#file = new KeptJson({ file: join(dataDir, 'plain-agents.json'), shape: content, what, logger });
  }

  async read(): Promise<readonly PlainAgent[]> {
    const { agents = [] } = (await this.#file.read()) ?? {};
    this.#isEmpty = agents.length === 0;
    return agents;
  }

  /** A site where all have one has no such file. */
  async write(agents: readonly PlainAgent[]): Promise<void> {
    if (agents.length === 0 && this.#isEmpty) return;
    this.#isEmpty = agents.length === 0;
    await this.#file.write({ version, agents });
  }
}
