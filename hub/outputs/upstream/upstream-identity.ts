/** Who this hub is to its upstream: its own id, and a counter of starts, so that the later one of two connections is known. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hello, Id } from '@tributary/protocol/messages.ts';
import { writeDurably } from '@tributary/shared/durable-file.ts';
import { instanceOf, type MachineIds, readMachineIds } from '@tributary/shared/linux-machine-ids.ts';

const version = 1;

/** Counts this start: durable when it returns. The counter never falls behind the clock, also where the folder was lost. */
export function takeStart(
  folder: string,
  { hubId, nowMs, machine = readMachineIds() }: { readonly hubId: Id; readonly nowMs: number; readonly machine?: MachineIds },
): Pick<Hello, 'agentId' | 'instanceId' | 'bootId' | 'startCounter'> {
  const file = join(folder, 'starts.json');
  const startCounter = Math.max(storedCounter(file) + 1, nowMs);
  writeDurably(file, `${JSON.stringify({ version, startCounter })}\n`, { mode: 0o600 });
  return { agentId: hubId, startCounter, ...instanceOf(machine, { id: hubId, start: startCounter }) };
}

/** A damaged file is as none: the clock counts on. */
function storedCounter(file: string): number {
  if (!existsSync(file)) return 0;
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof stored !== 'object' || stored === null || !('startCounter' in stored)) return 0;
    return typeof stored.startCounter === 'number' && Number.isSafeInteger(stored.startCounter) ? stored.startCounter : 0;
  } catch {
    return 0;
  }
}
