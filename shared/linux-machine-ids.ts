/** What tells one machine, and one boot of it, from another. The only file that knows where Linux keeps it. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface MachineIds {
  readonly machineId: string | undefined;
  readonly bootId: string | undefined;
}

export const machineIdFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id'] as const;

const bootIdFile = '/proc/sys/kernel/random/boot_id';
const idLength = 32;

export function readMachineIds(): MachineIds {
  const machineId = machineIdFiles.map(readLine).find((text) => text !== undefined);
  return { machineId, bootId: readLine(bootIdFile) };
}

/** 128 bits in hexadecimal, the same for the same parts: nobody need learn what they are. */
export function idOf(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\0'), 'hex').slice(0, idLength);
}

/** What a program says of the machine that it runs on; of itself where the machine does not tell. */
export function instanceOf(
  machine: MachineIds,
  own: { readonly id: string; readonly start: number },
): { readonly instanceId: string; readonly bootId: string } {
  return {
    instanceId: idOf('instance', machine.machineId ?? own.id),
    bootId: idOf('boot', machine.bootId ?? String(own.start)),
  };
}

function readLine(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
