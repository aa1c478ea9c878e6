import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { growth } from '../ratio.ts';
import type { ProcReader } from './proc-reader.ts';
import { Scanner } from './scanner.ts';

/** In which the kernel counts, whatever the device's sectors are. */
const sectorBytes = 512;
/** Made of other disks, or of memory: in a sum they would be counted twice. */
const madeOfOthers = /^(?:dm-|md|loop|ram|zram|sr|fd|bcache|drbd|rbd)\d/;

interface Disk {
  readonly name: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** `system.diskio`: sums since the machine started, one document per device that was ever used; and of all disks what was added. */
export class DiskioSet implements MetricSet {
  readonly name = 'diskio';
  readonly #reader: ProcReader;
  #before: ReadonlyMap<string, Disk> | undefined;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const metrics: Metric[] = [];
    const disks = new Map<string, Disk>();
    const whole = new Set(this.#reader.names(this.#reader.path('sys', 'block')));
    const scanner = new Scanner(this.#reader.mustRead(this.#reader.proc('diskstats')));
    while (scanner.line()) {
      const name = scanner.skip(2).word();
      const read = { count: scanner.number(), merged: scanner.number(), sectors: scanner.number(), time: scanner.number() };
      const write = { count: scanner.number(), merged: scanner.number(), sectors: scanner.number(), time: scanner.number() };
      const io = { ops: scanner.number(), time: scanner.number() };
      if (read.count + write.count === 0) continue;
      const disk = { name, readBytes: read.sectors * sectorBytes, writtenBytes: write.sectors * sectorBytes };
      if (whole.has(name) && !madeOfOthers.test(name)) disks.set(name, disk);
      const diskio = {
        name,
        read: { count: read.count, bytes: disk.readBytes, time: read.time },
        write: { count: write.count, bytes: disk.writtenBytes, time: write.time },
        io,
      };
      metrics.push({ dataset: 'system.diskio', metricset: 'diskio', fields: { system: { diskio } } });
    }
    const added = addedSince(this.#before, disks);
    this.#before = disks;
    if (added !== undefined) metrics.push({ dataset: 'system.diskio', metricset: 'diskio', fields: { host: { disk: added } } });
    return metrics;
  }
}

/** A disk that was put in since counts from the next time on. */
function addedSince(before: ReadonlyMap<string, Disk> | undefined, now: ReadonlyMap<string, Disk>): object | undefined {
  if (before === undefined) return undefined;
  let read = 0;
  let written = 0;
  for (const disk of now.values()) {
    const known = before.get(disk.name);
    if (known === undefined) continue;
    read += growth(disk.readBytes, known.readBytes);
    written += growth(disk.writtenBytes, known.writtenBytes);
  }
  return { read: { bytes: read }, write: { bytes: written } };
}
