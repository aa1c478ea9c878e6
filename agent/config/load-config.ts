import { once } from 'node:events';
import { assert } from '@tributary/shared/assert.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { AgentConfig } from '../options.ts';
import { configWorker } from '../workers.ts';

export interface ConfigRequest {
  /** Also the name that problems are reported under. */
  readonly file: string;
  /** Instead of the file's content. */
  readonly text?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ConfigAnswer = { readonly config: AgentConfig } | { readonly problem: string };

/** A configuration that cannot be used: the message is for the person who wrote it, one line per problem. */
export class AgentConfigError extends Error {
  override readonly name = 'AgentConfigError';
  readonly code = 'CONFIG';
}

/** Reads and checks a configuration in a short-lived thread. Throws an AgentConfigError with everything that is wrong. */
export async function loadConfig(request: ConfigRequest): Promise<AgentConfig> {
  const worker = startWorker(configWorker, { workerData: { ...request, env: { ...request.env } } });
  try {
    const received: ConfigAnswer[] = await once(worker, 'message');
    const [answer] = received;
    assert(answer !== undefined, 'the thread answers before it ends');
    if ('problem' in answer) throw new AgentConfigError(answer.problem);
    return answer.config;
  } finally {
    // Nobody waits for its end: what the configuration is for goes on meanwhile.
    void worker.terminate();
  }
}
