/** Opens registries in temporary folders for tests, with a clock that only the test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { RegistryFixture } from '../contract/contract-test.ts';
import { testNowMs } from '../fixture.ts';
import { openRegistry } from '../open-registry.ts';
import type { Registry } from '../registry.ts';
import type { SharedOptions } from './registry-calls.ts';

export interface SqliteRegistryFixture extends RegistryFixture {
  readonly folder: string;
  readonly logged: readonly LogEntry[];
}

/** `folder` is made and removed by the fixture unless it is given. */
export async function openRegistryFixture(
  options: { readonly thread?: boolean; readonly folder?: string; readonly shared?: SharedOptions } = {},
): Promise<SqliteRegistryFixture> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tributary-registry-'));
  const clock = new HandClock();
  const logged: LogEntry[] = [];
  const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
  const open = (): Promise<Registry> =>
    openRegistry({ folder, log, clock, thread: options.thread ?? false, shared: options.shared });
  let registry = await open();
  return {
    get registry() {
      return registry;
    },
    get nowMs() {
      return clock.now();
    },
    folder,
    logged,
    advance: async (ms) => {
      clock.advance(ms);
      // What was woken has its turn; a call to the writer that it made is answered before the test's next one.
      await setImmediate();
      await registry.setMeta({});
    },
    reopen: async () => {
      await registry[Symbol.asyncDispose]();
      registry = await open();
    },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      if (options.folder === undefined) rmSync(folder, { recursive: true });
    },
  };
}

class HandClock implements Clock {
  #nowMs = testNowMs;
  readonly #waiting = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const waiting of this.#waiting) if (waiting.atMs <= this.#nowMs) waiting.wake();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new Error('aborted'));
        return;
      }
      const waiting = { atMs: this.#nowMs + ms, wake: () => end(resolve) };
      const end = (settle: () => void): void => {
        this.#waiting.delete(waiting);
        settle();
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', () => end(() => reject(new Error('aborted'))), { once: true });
    });
  }
}
