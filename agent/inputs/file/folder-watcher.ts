import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { foldersMax } from './limits.ts';

interface WatchedFolder {
  readonly watcher: FSWatcher;
  /** A folder that was removed and made again has another inode, and its old watch is deaf. */
  readonly key: string;
}

export interface FolderWatcherOptions {
  /** Something happened to this path. A hint only: some are lost, some come twice. */
  readonly onHint: (path: string) => void;
}

/** Watches folders for hints. Never more than that: whoever needs to know looks at the files themselves. */
export class FolderWatcher {
  readonly #onHint: (path: string) => void;
  readonly #folders = new Map<string, WatchedFolder>();
  #isComplete = true;

  constructor(options: FolderWatcherOptions) {
    this.#onHint = options.onHint;
  }

  /** False when some folder gives no hints: it must be looked at more often. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Watches exactly these folders from now on; those that cannot be watched are not, and tried again at the next call. */
  async keep(folders: ReadonlySet<string>): Promise<void> {
    for (const folder of this.#folders.keys()) {
      if (!folders.has(folder)) this.#drop(folder);
    }
    this.#isComplete = true;
    for (const folder of folders) {
      const key = await keyOfFolder(folder);
      const watched = this.#folders.get(folder);
      if (watched !== undefined && watched.key === key) continue;
      this.#drop(folder);
      if (key !== undefined) this.#add(folder, key);
    }
  }

  /** Watches this folder too, until the next `keep`. */
  async add(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    const key = await keyOfFolder(folder);
    if (key !== undefined && !this.#folders.has(folder)) this.#add(folder, key);
  }

  close(): void {
    for (const folder of this.#folders.keys()) this.#drop(folder);
  }

  #add(folder: string, key: string): void {
    if (this.#folders.size >= foldersMax) {
      this.#isComplete = false;
      return;
    }
    try {
      const watcher = watch(folder, { persistent: false });
      watcher.on('change', (_kind, name) => this.#onHint(join(folder, String(name))));
      watcher.on('error', () => this.#drop(folder));
      this.#folders.set(folder, { watcher, key });
    } catch {
      // The system's limit of watches, or no permission: the scan finds what happens here.
      this.#isComplete = false;
    }
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }
}

async function keyOfFolder(folder: string): Promise<string | undefined> {
  try {
    const stats = await stat(folder, { bigint: true });
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}
