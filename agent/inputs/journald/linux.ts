/** What only Linux has: the names under which this machine and this boot are known in a journal. */
import { readFile } from 'node:fs/promises';

export interface MachineNames {
  /** Undefined when nothing tells. */
  readonly machineId: string | undefined;
  readonly bootId: string | undefined;
}

export async function machineNames(): Promise<MachineNames> {
  return { machineId: await idIn('/etc/machine-id'), bootId: await idIn('/proc/sys/kernel/random/boot_id') };
}

/** 128 bits in hexadecimal, as a journal writes them. */
async function idIn(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const id = text.trim().replaceAll('-', '').toLowerCase();
  return /^[\da-f]{32}$/.test(id) ? id : undefined;
}
