/** Whether a hub lets this agent in with what it has. It is told nothing: a Hello would supersede an agent that runs. */
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { type LeastVersion, secureContextOf } from '../tls/secure-context.ts';
import { opened } from '../uplink/open-first.ts';
import { openSocket } from '../uplink/open-socket.ts';
import { enrolledFiles } from './enrolled-files.ts';

export interface TryHubsOptions {
  readonly folder: string;
  readonly hubs: readonly string[];
  readonly proxy: string | undefined;
  readonly leastVersion: LeastVersion;
  readonly timeoutMs: number;
}

/** The first hub that opened a connection; `trouble` tells of each when none did. */
export async function tryHubs(
  { folder, hubs, proxy, leastVersion, timeoutMs }: TryHubsOptions,
  signal: AbortSignal,
): Promise<{ readonly hub: string; readonly trouble: string }> {
  const { cert, key, ca } = enrolledFiles(folder);
  const { context } = loadKeyMaterial({ cert, key, ca });
  const how = { proxy, timeoutMs, secureContext: () => secureContextOf(context, leastVersion) };
  const troubles: string[] = [];
  for (const hub of hubs) {
    try {
      const socket = await openSocket(hub, how, signal);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      try {
        await opened(socket, signal);
        return { hub, trouble: '' };
      } finally {
        socket.on('error', () => undefined);
        socket.terminate();
        await gone;
      }
    } catch (error) {
      signal.throwIfAborted();
      troubles.push(`${hub}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { hub: '', trouble: troubles.join('; ') };
}
