import { statfs } from 'node:fs/promises';
import type { StatsFs } from 'node:fs';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { ratio } from '../ratio.ts';
import { mountsOf, type Mount } from './mounts.ts';
import type { ProcReader } from './proc-reader.ts';

export interface FilesystemSetOptions {
  readonly reader: ProcReader;
  readonly clock: Clock;
  readonly withOthers: boolean;
  /** Globs of mount points. */
  readonly exclude: readonly string[];
  readonly statfs?: (path: string) => Promise<FilesystemStat>;
}

export type FilesystemStat = Pick<StatsFs, 'bsize' | 'blocks' | 'bfree' | 'bavail' | 'files' | 'ffree'>;

/** A file system that does not answer for so long is left out until it does: a server that is gone must stop nobody else. */
const answerMsMax = 2000;
/**
 * Each that does not answer holds a thread of the few that all of this process share: while one of another machine does, no other such is
 * asked, and none at all while two do.
 */
const waitingMax = 2;

/** `system.filesystem`, one document each, and their sum, `system.fsstat`. Asked one after the other. */
export class FilesystemSet implements MetricSet {
  readonly name = 'filesystem';
  readonly #options: FilesystemSetOptions;
  /** Mount points that do not answer, and whether they are of other machines. */
  readonly #waiting = new Map<string, boolean>();

  constructor(options: FilesystemSetOptions) {
    this.#options = options;
  }

  async measure(): Promise<readonly Metric[]> {
    const { reader, withOthers, exclude } = this.#options;
    const metrics: Metric[] = [];
    const sum = { count: 0, total_files: 0, total_size: { total: 0, free: 0, used: 0 } };
    for (const mount of mountsOf(reader, { withOthers, exclude })) {
      const stat = await this.#ask(mount);
      if (stat === undefined || stat.blocks === 0) continue;
      const filesystem = filesystemFields(mount, stat);
      metrics.push({ dataset: 'system.filesystem', metricset: 'filesystem', fields: { system: { filesystem } } });
      sum.count += 1;
      sum.total_files += filesystem.files;
      sum.total_size.total += filesystem.total;
      sum.total_size.free += filesystem.free;
      sum.total_size.used += filesystem.used.bytes;
    }
    metrics.push({ dataset: 'system.fsstat', metricset: 'fsstat', fields: { system: { fsstat: sum } } });
    return metrics;
  }

  /** Undefined when it is gone, forbidden, or does not answer. */
  async #ask({ point, isOfOthers }: Mount): Promise<FilesystemStat | undefined> {
    const { reader, clock, statfs: ask = statfs } = this.#options;
    if (!this.#mayAsk(point, isOfOthers)) return undefined;
    this.#waiting.set(point, isOfOthers);
    const answered = new AbortController();
    const answer = ask(reader.path(point))
      .catch(() => undefined)
      .finally(() => {
        this.#waiting.delete(point);
        answered.abort();
      });
    const tooLate = clock.sleep(answerMsMax, answered.signal).then(
      () => undefined,
      () => undefined,
    );
    return await Promise.race([answer, tooLate.then(() => (answered.signal.aborted ? answer : undefined))]);
  }

  #mayAsk(point: string, isOfOthers: boolean): boolean {
    const waiting = this.#waiting;
    if (waiting.has(point) || waiting.size >= waitingMax) return false;
    return !isOfOthers || !waiting.values().some((other) => other);
  }
}

function filesystemFields({ device, point, type }: Mount, stat: FilesystemStat): FilesystemFields {
  const { bsize, blocks, bfree, bavail, files, ffree } = stat;
  const used = Math.max(0, blocks - bfree);
  return {
    device_name: device,
    mount_point: point,
    type,
    total: blocks * bsize,
    free: bfree * bsize,
    available: bavail * bsize,
    files,
    free_files: ffree,
    // As `df`: of what users may use, without the blocks that are kept for root.
    used: { bytes: used * bsize, pct: ratio(used, used + bavail) },
  };
}

interface FilesystemFields {
  readonly device_name: string;
  readonly mount_point: string;
  readonly type: string;
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly files: number;
  readonly free_files: number;
  readonly used: { readonly bytes: number; readonly pct: number };
}
