/** What the kernel counts in: neither changes while a machine runs. */
import type { ProcReader } from './proc-reader.ts';

export interface Units {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

/** Keys of the auxiliary vector: what the kernel tells each process at its start. */
const pageSizeKey = 6n;
const clockTickKey = 17n;

/** Of this process itself: units are the same for all, and only it has its own vector for sure. */
export function unitsOf(reader: ProcReader): Units {
  const vector = reader.read('/proc/self/auxv');
  const units = { pageBytes: 4096, ticksPerSecond: 100 };
  if (vector === undefined) return units;
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const key = vector.readBigUInt64LE(at);
    const value = Number(vector.readBigUInt64LE(at + 8));
    if (key === pageSizeKey && value > 0) units.pageBytes = value;
    if (key === clockTickKey && value > 0) units.ticksPerSecond = value;
  }
  return units;
}
