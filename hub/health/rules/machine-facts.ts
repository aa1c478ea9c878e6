/** The machine of this hub: how full its disks are, and its memory. Asked of the system, and what cannot be told is left out. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../../groups/retry.ts';
import { folderPatienceMs } from './limits.ts';

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

type DiskUsage = Pick<StatsFs, 'bsize' | 'blocks' | 'bfree' | 'bavail'>;

export interface MachineLookParts {
  readonly clock: Clock;
  /** Of the system, but in tests. */
  readonly usageOf?: (path: string) => Promise<DiskUsage>;
}

/** A file system that does not answer, such as one of a server that is away, is asked once and not waited for. */
export class MachineLook {
  readonly #clock: Clock;
  readonly #usageOf: (path: string) => Promise<DiskUsage>;
  /** Folders that are being asked. */
  readonly #asked = new Map<string, Promise<FolderFact | undefined>>();

  constructor({ clock, usageOf = statfs }: MachineLookParts) {
    this.#clock = clock;
    this.#usageOf = usageOf;
  }

  async facts(folders: readonly LookedFolder[], signal: AbortSignal): Promise<MachineFacts> {
    const answered = new AbortController();
    const late = pause(this.#clock, folderPatienceMs, AbortSignal.any([signal, answered.signal]));
    const found = await Promise.all(folders.map((folder) => Promise.race([this.#ask(folder), late])));
    answered.abort();
    return { folders: found.flatMap((fact) => fact ?? []), memory: memoryFact() };
  }

  #ask(folder: LookedFolder): Promise<FolderFact | undefined> {
    const { path } = folder;
    return this.#asked.getOrInsertComputed(path, () => this.#look(folder).finally(() => this.#asked.delete(path)));
  }

  async #look({ name, path, output }: LookedFolder): Promise<FolderFact | undefined> {
    try {
      const { bsize, blocks, bfree, bavail } = await this.#usageOf(path);
      const used = blocks - bfree;
      // As df has it: what is kept for root is no room for anybody else.
      const usedPercent = used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
      return { name, ...(output === undefined ? {} : { output }), usedPercent, freeBytes: bavail * bsize };
    } catch {
      return undefined;
    }
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
