/** The machine of this hub: how full its disks are, and its memory. Asked of the system, and what cannot be told is left out. */
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';

export interface FolderFact {
  /** For people, such as `data_dir (/var/lib/tributary/hub)`. */
  readonly name: string;
  /** The output that writes there; undefined of what the hub itself needs. */
  readonly output?: string;
  readonly usedPercent: number;
  readonly freeBytes: number;
}

export interface MachineFacts {
  readonly folders: readonly FolderFact[];
  readonly memory: { readonly usedPercent: number; readonly ownBytes: number } | undefined;
}

export interface LookedFolder {
  readonly name: string;
  readonly path: string;
  readonly output?: string;
}

export async function machineFacts(folders: readonly LookedFolder[]): Promise<MachineFacts> {
  const found = await Promise.all(folders.map((folder) => folderFact(folder)));
  return { folders: found.flatMap((fact) => fact ?? []), memory: memoryFact() };
}

async function folderFact({ name, path, output }: LookedFolder): Promise<FolderFact | undefined> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(path);
    const used = blocks - bfree;
    // As df has it: what is kept for root is no room for anybody else.
    const usedPercent = used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
    return { name, ...(output === undefined ? {} : { output }), usedPercent, freeBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

/** Of the control group where that has a limit. Undefined where the system tells nothing, as in a root without its folder of processes. */
function memoryFact(): MachineFacts['memory'] {
  try {
    const limit = process.constrainedMemory();
    const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
    const usedPercent = (1 - Math.min(process.availableMemory(), total) / total) * 100;
    return { usedPercent, ownBytes: process.memoryUsage.rss() };
  } catch {
    return undefined;
  }
}
