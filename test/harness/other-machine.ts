/**
 * Another machine, or another boot of one, on this machine: what goes before a command so that it reads another machine id and boot
 * id, and other folders in the places of given ones. In a mount namespace of its own, which goes with the process.
 */
import { copyFile, writeFile } from 'node:fs/promises';
import type { Scratch } from './scratch.ts';
import { unshareArgs } from './require.ts';

export interface OtherMachine {
  /** 32 hexadecimal digits. */
  readonly machineId: string;
  readonly bootId: string;
  /** What is seen in the place of what: the folder of this machine by that of the other. */
  readonly folders?: Readonly<Record<string, string>>;
}

const bootIdFile = '/proc/sys/kernel/random/boot_id';
/** Of /etc a program needs little: names, and where its libraries are. */
const etcFiles = ['passwd', 'group', 'hosts', 'nsswitch.conf', 'ld.so.cache'];

export async function otherMachine(
  scratch: Scratch,
  { machineId, bootId, folders = {} }: OtherMachine,
): Promise<readonly string[]> {
  const name = `machine-${machineId.slice(0, 8)}-${bootId.slice(0, 8)}`;
  const etc = await scratch.folder(name, 'etc');
  // One that is not here is not missed.
  for (const file of etcFiles) await copyFile(`/etc/${file}`, `${etc}/${file}`).catch(() => undefined);
  await writeFile(`${etc}/machine-id`, `${machineId}\n`);
  await writeFile(scratch.file(name, 'boot_id'), `${bootId}\n`);
  const mounts = [[etc, '/etc'], [scratch.file(name, 'boot_id'), bootIdFile], ...Object.entries(folders)];
  const script = [...mounts.map(([theirs, ours]) => `mount --bind '${theirs}' '${ours}'`), 'exec "$@"'].join(' && ');
  return ['unshare', ...unshareArgs(), 'sh', '-c', script, 'sh'];
}
