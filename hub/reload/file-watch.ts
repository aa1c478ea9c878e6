/**
 * Looks at files now and then, and tells when what is in them is another. By looking, as this sees the same on every file system, through
 * links and mounts. What is being written is waited for: it is told once it has stayed the same for a moment.
 */
import { hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Clock } from '@tributary/shared/clock.ts';
import { fileHashBytesMax, filesLookMs, filesSettleLooksMax, filesSettleMs } from './limits.ts';

export interface FileWatchParts {
  /** Asked for at every look; also files that are not there. */
  readonly paths: () => readonly string[];
  /** Does not reject. */
  readonly changed: () => Promise<void>;
  readonly clock: Clock;
}

interface Seen {
  /** Changes with every write, but for two within one tick of the file system's clock. */
  readonly stat: string;
  readonly content: string;
}

/** A file that was written so lately may be written again without its times showing it. */
const lateMs = 3000;

export class FileWatch {
  readonly #parts: FileWatchParts;
  #seen: ReadonlyMap<string, Seen> = new Map();

  /** What is there now is known. */
  constructor(parts: FileWatchParts) {
    this.#parts = parts;
    this.look();
  }

  /** What is there now is known. */
  look(): void {
    this.#seen = this.#lookAgain();
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, changed } = this.#parts;
    try {
      for (;;) {
        await clock.sleep(filesLookMs, signal);
        if (!this.#isOther()) continue;
        for (let looks = 0; looks < filesSettleLooksMax; looks += 1) {
          await clock.sleep(filesSettleMs, signal);
          if (!this.#isOther()) break;
        }
        await changed();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #isOther(): boolean {
    const before = this.#seen;
    const now = this.#lookAgain();
    this.#seen = now;
    return now.size !== before.size || [...now].some(([path, { content }]) => before.get(path)?.content !== content);
  }

  #lookAgain(): ReadonlyMap<string, Seen> {
    const known = this.#seen;
    const nowMs = this.#parts.clock.now();
    return new Map(this.#parts.paths().map((path) => [path, seenOf(path, known.get(path), nowMs)]));
  }
}

function seenOf(path: string, known: Seen | undefined, nowMs: number): Seen {
  const stat = statOf(path);
  if (stat === undefined) return { stat: '', content: 'absent' };
  const text = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
  const isLate = Number(stat.mtimeMs) > nowMs - lateMs;
  if (known !== undefined && known.stat === text && !isLate) return known;
  return { stat: text, content: stat.size > fileHashBytesMax ? text : contentOf(path) };
}

/** Undefined also where it may not be looked at: to read it tells why. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function contentOf(path: string): string {
  let descriptor: number | undefined;
  try {
    // A pipe that nobody writes to would hold up who opens it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return fstatSync(descriptor).isFile() ? hash('sha256', readFileSync(descriptor)) : 'no file';
  } catch (error) {
    return `unreadable ${error instanceof Error && 'code' in error ? String(error.code) : ''}`;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
