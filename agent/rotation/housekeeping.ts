/**
 * What becomes of rotated files: they are compressed and, beyond the limits of `keep`, removed. A file is removed only when every byte
 * of it is acknowledged, and nobody writes to it any more; one that is compressed had been before that.
 *
 *   app.log-…Z ──acked, left by its writer──► .app.log-…Z.zst.part, synced ──► app.log-…Z.zst ──► app.log-…Z removed
 *
 * A crash leaves a part, which is removed, or both files, of which the compressed one is made again.
 */
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { gatesOf, nameCopy, syncFolder } from '../inputs/file/collapse.ts';
import { keyOf } from '../inputs/file/identity.ts';
import type { FileProgress } from '../inputs/input.ts';
import { compressAfterMsDefault } from './limits.ts';
import { rotatedPath } from './naming.ts';
import type { RotationGroupOptions } from './options.ts';
import type { QuietFile } from './quiet-file.ts';
import { excess } from './retention.ts';
import type { FoundFile } from './rotated-files.ts';
import { isSystemError, type RotationParts } from './rotation.ts';
import { ackedBytes, readersOf } from './shipped.ts';
import type { Troubles } from './troubles.ts';
import { writeCopy } from './write-copy.ts';

export interface HousekeepingOptions {
  readonly group: RotationGroupOptions;
  readonly parts: RotationParts;
  readonly troubles: Troubles;
}

/** An open rotated file, and who reads it. */
interface Examined {
  readonly file: FoundFile;
  readonly quiet: QuietFile;
  readonly readers: readonly FileProgress[];
}

export class Housekeeping {
  readonly #group: RotationGroupOptions;
  readonly #parts: RotationParts;
  readonly #troubles: Troubles;

  constructor({ group, parts, troubles }: HousekeepingOptions) {
    this.#group = group;
    this.#parts = parts;
    this.#troubles = troubles;
  }

  /** The rotated files of one log. */
  async keep(files: readonly FoundFile[]): Promise<void> {
    const nowMs = this.#parts.clock.now();
    const named = files.filter(({ isPart }) => !isPart);
    const toRemove = new Map(excess(named, this.#group.keep, nowMs).map(({ file, reason }) => [file, reason]));
    for (const file of named) {
      const reason = toRemove.get(file);
      try {
        if (reason !== undefined) await this.#remove(file, reason);
        else if (this.#isToCompress(file, nowMs)) await this.#examine(file, (examined) => this.#compress(examined));
      } catch (error) {
        if (this.#parts.stop.aborted) return;
        if (!isSystemError(error)) throw error;
        if (error.code !== 'ENOENT') this.#troubles.raise(file.path, error.message, error);
      }
    }
  }

  #isToCompress({ compression, stampMs }: FoundFile, nowMs: number): boolean {
    const { compress, compress_after: afterMs = compressAfterMsDefault } = this.#group;
    return compress !== 'none' && compression === 'none' && nowMs - stampMs >= afterMs;
  }

  async #remove(file: FoundFile, reason: string): Promise<void> {
    if (file.compression !== 'none') await this.#removed(file, reason);
    else await this.#examine(file, async () => await this.#removed(file, reason), reason);
  }

  /**
   * Does `work` with a file that may go: whoever reads it has all of it acknowledged, and nobody writes to it. Otherwise tells what it
   * waits for; or, with a reason to remove it and if that is allowed, removes it with what is not shipped.
   */
  async #examine(file: FoundFile, work: (examined: Examined) => Promise<void>, expireReason?: string): Promise<void> {
    const { openQuiet, clock, sink } = this.#parts;
    const { compress_after: quietMs = compressAfterMsDefault, mode, unread, expire_unshipped: expires } = this.#group;
    const opened = await openQuiet(file.path, quietMs, clock.now());
    if (opened === 'written') {
      if (expires && expireReason !== undefined) await this.#expire(file, expireReason);
      else this.#troubles.raise(file.path, 'a process has the rotated file open for writing');
      return;
    }
    await using quiet = opened;
    const readers = await readersOf(sink, quiet.handle, quiet.stats);
    const isAcked = readers.length > 0 && ackedBytes(readers) >= Number(quiet.stats.size);
    // A copy holds only what was acknowledged, or what nobody waits for.
    const isFree = readers.length === 0 && (mode === 'copytruncate' || unread === 'rotate' || quiet.stats.size === 0n);
    if (isAcked || isFree) {
      this.#troubles.clear(file.path);
      await work({ file, quiet, readers });
    } else if (expires && expireReason !== undefined) await this.#expire(file, expireReason);
    else if (expireReason !== undefined) this.#troubles.raise(file.path, notShippedReason(readers));
  }

  async #compress({ file, quiet }: Examined): Promise<void> {
    const { compress } = this.#group;
    const { handle, stats } = quiet;
    const { stop, copies } = this.#parts;
    const copy = rotatedPath(file.base, file.stampMs, compress);
    const to = Number(stats.size);
    await copies.run(() => writeCopy({ source: handle, stats, from: 0, to, copy, compression: compress, stop }));
    crashPoint('agent.rotation.after-compress');
    if (!(await quiet.isQuiet())) return;
    await nameCopy(copy);
    crashPoint('agent.rotation.before-remove-original');
    await rm(file.path);
    await syncFolder(dirname(file.path));
  }

  async #removed(file: FoundFile, reason: string): Promise<void> {
    await rm(file.path);
    this.#troubles.clear(file.path);
    this.#parts.events.rotationRemoved(file.path, { bytes: file.bytes, reason });
  }

  /** Removes a file of which a hub does not have all. What was read before is in the buffer and arrives; the rest is lost. */
  async #expire(file: FoundFile, reason: string): Promise<void> {
    const { sink, events } = this.#parts;
    await using handle = await open(file.path, 'r');
    const stats = await handle.stat({ bigint: true });
    const readers = await readersOf(sink, handle, stats);
    // The name goes first: a file that has one and no reader is found as a new one, and read from its beginning.
    await rm(file.path);
    const dropped = new Map((await gatesOf(sink).drop(keyOf(stats))).map(({ streamId, position }) => [streamId, position]));
    const lostOf = ({ stream }: FileProgress): number => {
      const position = dropped.get(stream.streamId) ?? stream.position;
      return Math.max(0, Number(stats.size) - (position - stream.identity.base));
    };
    const unshippedBytes = readers.length === 0 ? Number(stats.size) : readers.reduce((sum, reader) => sum + lostOf(reader), 0);
    this.#troubles.clear(file.path);
    events.rotationExpired(file.path, { bytes: Number(stats.size), unshippedBytes, reason });
  }
}

function notShippedReason(readers: readonly FileProgress[]): string {
  if (readers.length === 0) return 'the rotated file is to be removed, but no input has read it';
  return 'the rotated file is to be removed, but not every byte of it is acknowledged by a hub';
}
