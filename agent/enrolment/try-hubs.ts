/** Whether a hub lets this agent in with what it has. It is told nothing: a Hello would supersede an agent that runs. */
import type { SecureContext } from 'node:tls';
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { type LeastVersion, secureContextOf } from '@tributary/protocol/uplink/tls/secure-context.ts';
import { opened } from '@tributary/protocol/uplink/open-first.ts';
import { type HowToOpen, openSocket } from '@tributary/protocol/uplink/open-socket.ts';
import { enrolledFiles } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { connectTimeouts } from '@tributary/protocol/enrolment/patience.ts';

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
  const secureContext = (): SecureContext => secureContextOf(context, leastVersion);
  const troubles = new Map<string, string>();
  for (const connectTimeoutMs of connectTimeouts(hubs, timeoutMs)) {
    for (const hub of hubs) {
      try {
        await tryHub(hub, { proxy, timeoutMs: connectTimeoutMs, secureContext }, signal);
        return { hub, trouble: '' };
      } catch (error) {
        signal.throwIfAborted();
        troubles.set(hub, error instanceof Error ? error.message : String(error));
      }
    }
  }
  return { hub: '', trouble: [...troubles].map(([hub, trouble]) => `${hub}: ${trouble}`).join('; ') };
}

async function tryHub(hub: string, how: HowToOpen, signal: AbortSignal): Promise<void> {
  const socket = await openSocket(hub, how, signal);
  const gone = new Promise((resolve) => socket.once('close', resolve));
  try {
    await opened(socket, signal);
  } finally {
    socket.on('error', () => undefined);
    socket.terminate();
    await gone;
  }
}
