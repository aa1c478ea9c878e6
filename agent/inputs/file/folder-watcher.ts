import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { foldersMax } from './limits.ts';
import { givesHints } from './linux.ts';

interface WatchedFolder {
  /** Undefined: its file system gives no hints. */
  readonly watcher: FSWatcher | undefined;
  /** A folder that was removed and made again has another inode, and its old watch is deaf. */
  readonly key: string;
}

export interface FolderWatcherOptions {
  /** Something happened to this path. A hint only: some are lost, some come twice. */
  readonly onHint: (path: string) => void;
  /** False: no folder is watched. */
  readonly isOn: boolean;
}

/** Watches folders for hints. Never more than that: whoever needs to know looks at the files themselves. */
export class FolderWatcher {
  readonly #onHint: (path: string) => void;
  readonly #isOn: boolean;
  readonly #folders = new Map<string, WatchedFolder>();
  /** Folders that could not be watched at the last try. */
  readonly #unwatched = new Set<string>();

  constructor(options: FolderWatcherOptions) {
    this.#onHint = options.onHint;
    this.#isOn = options.isOn;
  }

  /** False when some folder gives no hints: what happens in it must be looked for more often. */
  get isComplete(): boolean {
    return this.#isOn && this.#unwatched.size === 0;
  }

  /** Watches exactly these folders from now on; those that cannot be watched are not, and tried again at the next call. */
  async keep(folders: ReadonlySet<string>): Promise<void> {
    for (const folder of this.#folders.keys()) {
      if (!folders.has(folder)) this.#drop(folder);
    }
    for (const folder of this.#unwatched) if (!folders.has(folder)) this.#unwatched.delete(folder);
    for (const folder of folders) await this.add(folder);
  }

  /** Watches this folder too, until the next `keep`. */
  async add(folder: string): Promise<void> {
    if (!this.#isOn) return;
    const key = await keyOfFolder(folder);
    const watched = this.#folders.get(folder);
    if (watched !== undefined && watched.key === key) return;
    this.#drop(folder);
    if (key === undefined) this.#unwatched.delete(folder);
    else await this.#watch(folder, key);
  }

  close(): void {
    for (const folder of this.#folders.keys()) this.#drop(folder);
  }

  async #watch(folder: string, key: string): Promise<void> {
    const isHinted = await givesHints(folder);
    if (this.#folders.has(folder)) return;
    if (!isHinted) {
      this.#folders.set(folder, { watcher: undefined, key });
      this.#unwatched.add(folder);
      return;
    }
    if (this.#folders.size >= foldersMax) {
      this.#unwatched.add(folder);
      return;
    }
    try {
      const watcher = watch(folder, { persistent: false });
      watcher.on('change', (_kind, name) => this.#onHint(join(folder, String(name))));
      watcher.on('error', () => this.#drop(folder));
      this.#folders.set(folder, { watcher, key });
      this.#unwatched.delete(folder);
    } catch {
      // The system's limit of watches, or no permission: the scan finds what happens here.
      this.#unwatched.add(folder);
    }
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher?.close();
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
