/**
 * Keeps the newest good configuration. A changed file or a signal has it read again; a bad one is refused with all its problems
 * in the log, and the old one goes on. Inputs, rotation, tenant and labels take effect at once; other changes are named.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from '@tributary/shared/log.ts';
import type { AgentEvents } from '../events.ts';
import type { AgentConfig } from '../options.ts';

export interface ReloaderOptions {
  readonly file: string;
  readonly config: AgentConfig;
  readonly logger: Logger;
  readonly load: () => Promise<AgentConfig>;
  /** Told of what becomes of a changed file; undefined while no agent runs. */
  readonly events: () => Pick<AgentEvents, 'configChanged' | 'configRefused'> | undefined;
  readonly debounceMs?: number;
}

const debounceMsDefault = 200;
const reloadable: ReadonlySet<string> = new Set(['inputs', 'rotation', 'tenant', 'labels']);

export class Reloader {
  readonly #options: ReloaderOptions;
  #current: AgentConfig;
  #waiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #closed = false;
  /** What is in the file was refused when it was read last. */
  #isRefused = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#current = options.config;
  }

  get current(): AgentConfig {
    return this.#current;
  }

  /** Resolves once another configuration than `known` is the current one; rejects when the signal is aborted. */
  async changed(known: AgentConfig, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#current !== known) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiters.push(resolve);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Reads the file again soon; several requests at once are one. */
  request(cause: 'signal' | 'file'): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const { debounceMs = debounceMsDefault } = this.#options;
    this.#timer = setTimeout(() => this.#reread(cause), cause === 'signal' ? 0 : debounceMs);
  }

  /** Watches the file's folder: editors and configuration tools replace the file. Where that cannot be, SIGHUP remains. */
  watch(): AsyncDisposable {
    const { file, logger } = this.#options;
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(dirname(file), (_, name) => {
        if (name === null || name === basename(file)) this.request('file');
      });
      watcher.on('error', (error) => logger.warn('the configuration file is not watched any more; SIGHUP reloads it', { error }));
    } catch (error) {
      logger.warn('the configuration file cannot be watched; SIGHUP reloads it', { error });
    }
    return {
      [Symbol.asyncDispose]: async () => {
        this.#closed = true;
        clearTimeout(this.#timer);
        watcher?.close();
        await this.#reading;
      },
    };
  }

  #reread(cause: 'signal' | 'file'): void {
    this.#reading = this.#reading.then(async () => await this.#readOnce(cause));
  }

  async #readOnce(cause: 'signal' | 'file'): Promise<void> {
    const { file, logger, load, events } = this.#options;
    let config: AgentConfig;
    try {
      config = await load();
    } catch (error) {
      this.#isRefused = true;
      events()?.configRefused(file, error);
      return;
    }
    const changes = changedKeys(this.#current, config);
    const wasRefused = this.#isRefused;
    this.#isRefused = false;
    // What was told of a file that is not good ends with it, also where it is again what runs.
    if (changes.length === 0 && wasRefused) events()?.configChanged(file, [], []);
    if (changes.length === 0) {
      if (cause === 'signal') logger.info('the configuration is unchanged', { file });
      return;
    }
    const needsRestart = changes.filter((key) => !reloadable.has(key));
    if (needsRestart.length > 0) {
      logger.warn('these changes take effect at the next start', { file, options: needsRestart });
    }
    events()?.configChanged(file, changes, needsRestart);
    this.#current = config;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

function changedKeys(before: AgentConfig, after: AgentConfig): string[] {
  const [left, right] = [textsOf(before), textsOf(after)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((key) => left.get(key) !== right.get(key));
}

function textsOf(config: AgentConfig): Map<string, string> {
  return new Map(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]));
}
