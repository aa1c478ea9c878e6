/** What only Linux has. */
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, statfs } from 'node:fs/promises';

/** Opens for reading. A FIFO without a writer does not block the thread, and a terminal does not become ours. */
export function openForReading(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}

/**
 * The path an open file has now, wherever it was renamed to; undefined when it cannot be told. For a deleted file it is a path
 * that leads elsewhere or nowhere: check where it leads.
 */
export async function pathOfHandle(handle: FileHandle): Promise<string | undefined> {
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return undefined;
  }
}

/** File systems (`statfs`) whose files others may write to without this machine's system knowing: nobody gives hints about that. */
const remoteTypes: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x65735546, // FUSE
  0x01021997, // 9P
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x5346414f, // AFS
  0x6b414653, // kAFS
  0x73757245, // Coda
  0x01161970, // GFS2
  0x7461636f, // OCFS2
  0x786f4256, // VirtualBox shared folder
  0xbacbacbc, // VMware shared folder
  0x47504653, // GPFS
]);

/** Whether the system tells of every change in this folder. */
export async function givesHints(folder: string): Promise<boolean> {
  try {
    return !remoteTypes.has((await statfs(folder)).type >>> 0);
  } catch {
    return true;
  }
}
