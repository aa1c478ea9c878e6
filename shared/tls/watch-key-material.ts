/**
 * Follows certificates and keys while their files change: written anew, renamed over, or swapped by a link as certbot and Kubernetes do.
 * The folders are watched and the files are looked at from time to time as well, since a watch misses what happens behind a link and on
 * some network file systems. Certificate and key are two files: between the two writes they do not fit together, so what cannot be
 * used is looked at once more before it is told. Until it can be used, the last good one stays.
 */
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { type KeyMaterial, KeyMaterialError, type KeyMaterialFiles, type WatchedKeyMaterial } from './key-material.ts';
import { dateProblem, loadKeyMaterial } from './load-key-material.ts';

export interface WatchOptions {
  readonly clock: Clock;
  /** Why the files as they are now cannot be used: once per reason. Undefined: they can again. */
  readonly onProblem?: (problem: KeyMaterialError | undefined) => void;
  /** One that is not valid yet may replace a good one: its dates are judged at the other end, by another clock than this one. */
  readonly takesEarly?: boolean;
  readonly pollMs?: number;
  /** Changes come in several steps: so long after the last one the files are read; and once more when they do not fit. */
  readonly settleMs?: number;
}

const pollMsDefault = 30_000;
const settleMsDefault = 500;

/** Throws a KeyMaterialError when the files cannot be used now. */
export function watchKeyMaterial(files: KeyMaterialFiles, options: WatchOptions): WatchedKeyMaterial {
  return new FollowedFiles(files, options);
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly inode: bigint | undefined;
}

class FollowedFiles implements WatchedKeyMaterial {
  readonly #files: KeyMaterialFiles;
  readonly #options: WatchOptions;
  readonly #pollMs: number;
  readonly #settleMs: number;
  readonly #listeners = new Set<(material: KeyMaterial) => void>();
  readonly #stop = new AbortController();
  readonly #watchers = new Map<string, WatchedFolder>();
  readonly #polling: Promise<void>;
  #current: KeyMaterial;
  #problem: KeyMaterialError | undefined;
  /** Hash of the files as they were read last. */
  #seen: string;
  #settling: NodeJS.Timeout | undefined;

  constructor(files: KeyMaterialFiles, options: WatchOptions) {
    this.#files = files;
    this.#options = options;
    this.#pollMs = options.pollMs ?? pollMsDefault;
    this.#settleMs = options.settleMs ?? settleMsDefault;
    // In this order: what changes in between is seen as changed.
    this.#seen = hashOf(files);
    this.#current = loadKeyMaterial(files);
    this.#watchFolders();
    this.#polling = this.#poll();
  }

  get current(): KeyMaterial {
    return this.#current;
  }

  get problem(): KeyMaterialError | undefined {
    return this.#problem;
  }

  onChanged(listener: (material: KeyMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#settling);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#listeners.clear();
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#options.clock.sleep(this.#pollMs, signal).catch(() => undefined);
      if (!signal.aborted) this.#look(false);
    }
  }

  #settle(isLast: boolean): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#look(isLast), this.#settleMs);
    this.#settling.unref();
  }

  /** `isLast`: what cannot be used now is told, as it was there before. */
  #look(isLast: boolean): void {
    this.#watchFolders();
    const seen = hashOf(this.#files);
    if (seen === this.#seen) {
      this.#tell(undefined);
      return;
    }
    try {
      const material = loadKeyMaterial(this.#files);
      this.#refuseWorse(material);
      this.#seen = seen;
      this.#current = material;
      this.#tell(undefined);
      for (const listener of this.#listeners) listener(material);
    } catch (error) {
      if (!(error instanceof KeyMaterialError)) throw error;
      if (isLast) this.#tell(error);
      else this.#settle(true);
    }
  }

  /** A certificate that is out of date does not replace one that is good. */
  #refuseWorse(material: KeyMaterial): void {
    const [leaf] = material.chain;
    const [present] = this.#current.chain;
    if (leaf === undefined || present === undefined) return;
    const nowMs = this.#options.clock.now();
    const { takesEarly = false } = this.#options;
    const problem = takesEarly && nowMs < leaf.validFromDate.getTime() ? undefined : dateProblem(leaf, nowMs);
    if (problem === undefined || dateProblem(present, nowMs) !== undefined) return;
    throw new KeyMaterialError(
      `${this.#files.pkcs12 ?? this.#files.cert}: the new certificate ${problem}; the one before is kept`,
    );
  }

  #tell(problem: KeyMaterialError | undefined): void {
    if (problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }

  /** The folders of the files as they are named, and of what these names lead to. A folder may be replaced by another of its name. */
  #watchFolders(): void {
    const wanted = new Set(pathsOf(this.#files).flatMap(foldersOf));
    for (const [folder, { watcher, inode }] of this.#watchers) {
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#watchFolder(folder);
  }

  #watchFolder(folder: string): void {
    try {
      const inode = inodeOf(folder);
      const watcher = watch(folder, { persistent: false });
      watcher.on('change', () => this.#settle(false));
      watcher.on('error', () => {
        watcher.close();
        if (this.#watchers.get(folder)?.watcher === watcher) this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, { watcher, inode });
    } catch {
      // The folder is gone for a moment, or the system has no more watches: the poll does it.
    }
  }
}

function inodeOf(folder: string): bigint | undefined {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino;
}

function pathsOf({ cert, key, pkcs12, ca }: KeyMaterialFiles): string[] {
  return [cert, key, pkcs12, ca].filter((path) => path !== undefined);
}

function foldersOf(path: string): string[] {
  try {
    return [dirname(path), dirname(realpathSync(path))];
  } catch {
    return [dirname(path)];
  }
}

/** Of all files: whether they are the same as before, without taking them apart. */
function hashOf(files: KeyMaterialFiles): string {
  const hash = createHash('sha256');
  for (const path of pathsOf(files)) {
    try {
      const bytes = readFileSync(path);
      hash.update(`${bytes.length} `).update(bytes);
    } catch (error) {
      hash.update(`- ${error instanceof Error && 'code' in error ? String(error.code) : ''} `);
    }
  }
  return hash.digest('hex');
}
