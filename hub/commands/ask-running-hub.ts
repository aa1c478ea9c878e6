/** Commands that have the running hub do something: by its socket, which only its own user and root can open. */
import { statusSocket } from '../hub-paths.ts';
import { askHub, type HubQuestion } from '../status/ask-status.ts';
import { consoleActor } from './console-actor.ts';
import type { CommandHost } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';

/** Why the hub did not do it, in its own words. */
export class HubRefusal extends Error {
  override readonly name = 'HubRefusal';
  /** Of the OperationError. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type AskHub = (question: Omit<HubQuestion, 'actor'>) => Promise<Readonly<Record<string, unknown>>>;

/** Asks as whoever types. Rejects with a HubRefusal, or when no hub runs. */
export function runningHub(request: ConfigRequest, host: CommandHost): AskHub {
  const socketPath = statusSocket(loadConfig(request, host));
  const actor = consoleActor(host.env);
  return async (question) => {
    const answer = await askHub(socketPath, { ...question, actor });
    if (answer === undefined) throw new Error(`no tributary-hub answers at ${socketPath}: it must run for this`);
    const body = typeof answer.body === 'object' && answer.body !== null ? { ...answer.body } : {};
    if (answer.status === 200) return body;
    const { error = '', message = 'the hub could not do it' } = body as { error?: unknown; message?: unknown };
    throw new HubRefusal(String(error), String(message));
  };
}
