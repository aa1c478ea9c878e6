/** Opens SQLite queues in temporary folders for tests, with a clock that only the test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { QueueLimits } from '../limits.ts';
import type { QueueFixture } from '../contract/contract-test.ts';
import { openSqliteQueue } from './open-sqlite-queue.ts';
import type { SqliteQueue } from './sqlite-queue.ts';

export interface SqliteQueueFixture extends QueueFixture {
  readonly queue: SqliteQueue;
  readonly folder: string;
  readonly logged: readonly LogEntry[];
  /** Ends the wait of the housekeeping as if its time had come. */
  tick(): void;
}

/** `folder` is made and removed by the fixture unless it is given. */
export async function openSqliteFixture(limits: Partial<QueueLimits> = {}, givenFolder?: string): Promise<SqliteQueueFixture> {
  const folder = givenFolder ?? mkdtempSync(join(tmpdir(), 'tributary-queue-'));
  const clock = new HandClock();
  const logged: LogEntry[] = [];
  const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
  const open = (): Promise<SqliteQueue> => openSqliteQueue({ folder, log, clock, limits: { reserveBytes: 65_536, ...limits } });
  let queue = await open();
  return {
    get queue() {
      return queue;
    },
    folder,
    logged,
    advance: (ms) => clock.advance(ms),
    tick: () => clock.wake(),
    reopen: async () => {
      await queue[Symbol.asyncDispose]();
      queue = await open();
    },
    [Symbol.asyncDispose]: async () => {
      await queue[Symbol.asyncDispose]();
      if (givenFolder === undefined) rmSync(folder, { recursive: true });
    },
  };
}

class HandClock implements Clock {
  #nowMs = 1_700_000_000_000;
  #wake: (() => void) | undefined;

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  wake(): void {
    this.#wake?.();
  }

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) reject(new Error('aborted'));
      this.#wake = resolve;
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  }
}
