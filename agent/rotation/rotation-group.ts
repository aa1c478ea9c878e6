/**
 * One group of the configuration: looks for files that are due and rotates them, then compresses and removes what was rotated before.
 * Everything of a group happens one after the other.
 */
import type { BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { parseToken, partPath } from '../inputs/file/collapse.ts';
import { FilePatterns } from '../inputs/file/file-patterns.ts';
import { dueReason } from './due.ts';
import { Housekeeping } from './housekeeping.ts';
import { lookMs, tickMs } from './limits.ts';
import { nextStampMs, rotatedGlobs } from './naming.ts';
import type { RotationGroupOptions } from './options.ts';
import { findRotated, type FoundFile, removeLeftovers } from './rotated-files.ts';
import { rotateFile } from './rotate-file.ts';
import { isSystemError, type RotationParts } from './rotation.ts';
import { tellWriter } from './tell-writer.ts';
import { Troubles } from './troubles.ts';

export interface RotationStatus {
  readonly name: string;
  readonly files: number;
  readonly rotated: { readonly files: number; readonly bytes: number };
  /** Since the agent started. */
  readonly rotations: number;
  readonly lastMs: number | undefined;
  readonly blocked: readonly { readonly path: string; readonly reason: string }[];
}

/** What was asked for by `rotate`. */
export interface RotateAnswer {
  readonly group: string;
  readonly rotated: readonly { readonly path: string; readonly to: string; readonly bytes: number }[];
  readonly waiting: readonly { readonly path: string; readonly reason: string }[];
}

/** The file is not there or empty, or has nothing new that is acknowledged. */
export const nothingYet = 'nothing to rotate yet';

export class RotationGroup {
  readonly options: RotationGroupOptions;
  readonly #parts: RotationParts;
  readonly #patterns: FilePatterns;
  readonly #troubles: Troubles;
  readonly #housekeeping: Housekeeping;
  #paths: ReadonlySet<string> = new Set();
  #rotated: ReadonlyMap<string, readonly FoundFile[]> = new Map();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isRecovered = false;
  /** Files that were begun in the future, and when that was noticed. */
  readonly #ahead = new Map<string, number>();
  /** The writer of these was not told of its last rotation yet. */
  readonly #untold = new Set<string>();
  /** The path that the trouble with that is told of. */
  #untoldSince: string | undefined;
  #scheduled = false;
  #last: Promise<unknown> = Promise.resolve();
  #rotations = 0;
  #lastMs: number | undefined;

  constructor(options: RotationGroupOptions, parts: RotationParts) {
    this.options = options;
    this.#parts = parts;
    const exclude = [...options.exclude, ...rotatedGlobs(options.paths)];
    this.#patterns = new FilePatterns({ paths: options.paths, exclude });
    this.#troubles = new Troubles((path, reason, error) => {
      if (error === undefined) parts.events.rotationBlocked(path, reason);
      else parts.events.rotationFailed(path, error);
    });
    this.#housekeeping = new Housekeeping({ group: options, parts, troubles: this.#troubles });
  }

  /** The schedule is due: the next tick rotates all files. */
  schedule(): void {
    this.#scheduled = true;
  }

  /** Rotates what is due until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    try {
      while (!signal.aborted) {
        await this.tick();
        await clock.sleep(tickMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Rotates what is due, and looks after what was rotated before. */
  async tick(): Promise<void> {
    await this.#inTurn(async () => await this.#rotateDue());
  }

  /** Rotates all files now, whatever their size and age. */
  async rotateNow(): Promise<RotateAnswer> {
    return await this.#inTurn(async () => await this.#rotateAll());
  }

  async #rotateDue(): Promise<void> {
    const { clock } = this.#parts;
    if (clock.monotonic() - this.#lookedMs >= lookMs) await this.#look();
    const all = this.#scheduled;
    this.#scheduled = false;
    let isChanged = false;
    for (const path of this.#paths) {
      if (this.#parts.stop.aborted) return;
      const stats = await statOf(path);
      if (stats === undefined || !(all || this.#isDue(path, stats))) continue;
      const { rotated } = await this.#rotate(path);
      isChanged ||= rotated;
    }
    if (this.#untold.size > 0) await this.#tellWriter();
    if (isChanged) await this.#look();
  }

  async #rotateAll(): Promise<RotateAnswer> {
    await this.#look();
    const rotated: RotateAnswer['rotated'][number][] = [];
    const waiting: RotateAnswer['waiting'][number][] = [];
    for (const path of this.#paths) {
      const answer = await this.#rotate(path);
      if (answer.rotated) rotated.push({ path, to: answer.to, bytes: answer.bytes });
      else waiting.push({ path, reason: answer.reason });
    }
    if (this.#untold.size > 0) await this.#tellWriter();
    await this.#look();
    return { group: this.options.name, rotated, waiting };
  }

  status(): RotationStatus {
    const files = [...this.#rotated.values()].flat();
    return {
      name: this.options.name,
      files: this.#paths.size,
      rotated: { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) },
      rotations: this.#rotations,
      lastMs: this.#lastMs,
      blocked: this.#troubles.all,
    };
  }

  /** Finds the files, and keeps house among what was rotated of them. */
  async #look(): Promise<void> {
    this.#lookedMs = this.#parts.clock.monotonic();
    const paths = await this.#expand();
    this.#rotated = await findRotated(this.#patterns, paths);
    // A log that was renamed is not there until its writer opens it anew.
    this.#paths = new Set([...paths, ...this.#rotated.keys()]);
    if (!this.#isRecovered) await this.#recover();
    for (const files of this.#rotated.values()) await this.#housekeeping.keep(files);
    this.#rotated = await findRotated(this.#patterns, paths);
    const rotated = [...this.#rotated.values()].flat().map(({ path }) => path);
    for (const path of this.#ahead.keys()) if (!this.#paths.has(path)) this.#ahead.delete(path);
    this.#troubles.keep(new Set([...this.#paths, ...this.#rotated.keys(), ...rotated]));
  }

  /** Real paths: what a link leads to is rotated, where it is. */
  async #expand(): Promise<ReadonlySet<string>> {
    const paths = new Set<string>();
    for (const path of await this.#patterns.expand()) {
      const real = await realpath(path).catch(() => undefined);
      if (real !== undefined && (await statOf(real))?.isFile() === true) paths.add(real);
    }
    return paths;
  }

  /** What the process before this one left behind. */
  async #recover(): Promise<void> {
    const begun = new Set(
      this.#parts.sink
        .streams()
        .map(({ identity }) => parseToken(identity.token))
        .map((cut) => (cut === undefined ? '' : partPath(cut.copy))),
    );
    for (const [base, files] of this.#rotated) {
      await removeLeftovers(files, (path) => begun.has(path));
      // It may have died between the rename and the signal. To be told twice is harmless.
      const newest = files.toSorted((left, right) => right.stampMs - left.stampMs)[0];
      const isTold = newest?.compression !== 'none' || newest.isPart;
      if (!isTold && (this.options.signal !== undefined || this.options.command !== undefined)) this.#untold.add(base);
    }
    this.#rotated = await findRotated(this.#patterns, this.#paths);
    this.#isRecovered = true;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  #isDue(path: string, stats: BigIntStats): boolean {
    const nowMs = this.#parts.clock.now();
    return (
      dueReason({ bytes: Number(stats.size), begunMs: this.#begunMs(path, stats, nowMs) }, this.options, nowMs) !== undefined
    );
  }

  /** When a file was begun or rotated last. A clock that was set back makes that lie ahead: then it is when that was noticed. */
  #begunMs(path: string, stats: BigIntStats, nowMs: number): number {
    const last = Math.max(0, ...(this.#rotated.get(path) ?? []).map(({ stampMs }) => stampMs));
    const begunMs = Math.max(last, Number(stats.birthtimeMs));
    if (begunMs <= nowMs) {
      this.#ahead.delete(path);
      return begunMs;
    }
    const noticedMs = Math.min(this.#ahead.get(path) ?? nowMs, nowMs);
    this.#ahead.set(path, noticedMs);
    return noticedMs;
  }

  async #rotate(
    path: string,
  ): Promise<{ rotated: true; to: string; bytes: number } | { readonly rotated: false; readonly reason: string }> {
    const { clock, events, stop } = this.#parts;
    const taken = (this.#rotated.get(path) ?? []).map(({ stampMs }) => stampMs);
    try {
      const result = await rotateFile({
        path,
        stampMs: nextStampMs(clock.now(), taken),
        group: this.options,
        parts: this.#parts,
      });
      if (result.kind === 'waits') {
        if (result.reason !== '') this.#troubles.raise(path, result.reason);
        return { rotated: false, reason: result.reason === '' ? nothingYet : result.reason };
      }
      this.#troubles.clear(path);
      this.#ahead.delete(path);
      this.#rotations += 1;
      this.#lastMs = clock.now();
      if (result.method === 'rename') this.#untold.add(path);
      events.rotationDone(path, { rotatedTo: result.to, bytes: result.bytes, method: result.method });
      const { trouble } = result;
      if (trouble !== undefined) this.#troubles.raise(path, `the new file could not be made: ${trouble.message}`, trouble);
      return { rotated: true, to: result.to, bytes: result.bytes };
    } catch (error) {
      if (stop.aborted) return { rotated: false, reason: 'the agent stops' };
      if (!isSystemError(error)) throw error;
      // Its writer has not opened it anew, or somebody else rotates it too.
      if (error.code === 'ENOENT') return { rotated: false, reason: nothingYet };
      this.#troubles.raise(path, error.message, error);
      return { rotated: false, reason: error.message };
    }
  }

  async #tellWriter(): Promise<void> {
    const [path = ''] = this.#untold;
    try {
      await tellWriter(this.options, { files: [...this.#paths], stop: this.#parts.stop });
      if (this.#untoldSince !== undefined) this.#troubles.clear(this.#untoldSince);
      this.#untoldSince = undefined;
      this.#untold.clear();
    } catch (error) {
      if (this.#parts.stop.aborted) return;
      if (!isSystemError(error)) throw error;
      this.#untoldSince ??= path;
      this.#troubles.raise(this.#untoldSince, error.message, error);
    }
  }
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  return await stat(path, { bigint: true }).catch(() => undefined);
}
