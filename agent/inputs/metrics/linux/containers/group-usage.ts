import { join } from 'node:path';
import type { Units } from '../machine.ts';
import type { ProcReader } from '../proc-reader.ts';
import { numbersByKey, Scanner } from '../scanner.ts';
import type { Hierarchy } from './find-containers.ts';

/** What a control group took since it began, and holds now. */
export interface GroupUsage {
  readonly cpu: { readonly totalMs: number; readonly userMs: number; readonly systemMs: number };
  readonly memory: {
    readonly usageBytes: number;
    readonly rssBytes: number;
    /** Undefined without a limit. */
    readonly limitBytes: number | undefined;
    readonly peakBytes: number | undefined;
  };
  readonly read: Io;
  readonly write: Io;
}

export interface Io {
  readonly bytes: number;
  readonly ops: number;
}

const cpuKeys = new Set(['usage_usec', 'user_usec', 'system_usec'] as const);
const ticksKeys = new Set(['user', 'system'] as const);
const memoryKeys = new Set(['anon', 'total_rss'] as const);
/** Version 1 writes no limit as a number near 2^63. */
const noLimitBytes = 2 ** 60;
const nothing: Io = { bytes: 0, ops: 0 };

/** Undefined when the group ended meanwhile. */
export function usageOf(reader: ProcReader, hierarchy: Hierarchy, group: string, units: Units): GroupUsage | undefined {
  return hierarchy.version === 2
    ? usageOf2(reader, join(hierarchy.folder('memory'), group))
    : usageOf1(reader, hierarchy, group, units);
}

function usageOf2(reader: ProcReader, folder: string): GroupUsage | undefined {
  const cpu = numbersByKey(reader.read(`${folder}/cpu.stat`), cpuKeys);
  if (cpu.usage_usec === undefined) return undefined;
  const memory = numbersByKey(reader.read(`${folder}/memory.stat`), memoryKeys);
  const io = ioOf2(reader.read(`${folder}/io.stat`));
  return {
    cpu: { totalMs: cpu.usage_usec / 1000, userMs: (cpu.user_usec ?? 0) / 1000, systemMs: (cpu.system_usec ?? 0) / 1000 },
    memory: {
      usageBytes: numberIn(reader, `${folder}/memory.current`) ?? 0,
      rssBytes: memory.anon ?? 0,
      limitBytes: numberIn(reader, `${folder}/memory.max`),
      peakBytes: numberIn(reader, `${folder}/memory.peak`),
    },
    ...io,
  };
}

function usageOf1(reader: ProcReader, hierarchy: Hierarchy, group: string, units: Units): GroupUsage | undefined {
  const cpuFolder = join(hierarchy.folder('cpuacct'), group);
  const memoryFolder = join(hierarchy.folder('memory'), group);
  const usageBytes = numberIn(reader, `${memoryFolder}/memory.usage_in_bytes`);
  if (usageBytes === undefined) return undefined;
  const perTickMs = 1000 / units.ticksPerSecond;
  const ticks = numbersByKey(reader.read(`${cpuFolder}/cpuacct.stat`), ticksKeys);
  const memory = numbersByKey(reader.read(`${memoryFolder}/memory.stat`), memoryKeys);
  const limitBytes = numberIn(reader, `${memoryFolder}/memory.limit_in_bytes`);
  const ioFolder = join(hierarchy.folder('blkio'), group);
  const bytes = ioOf1(reader.read(`${ioFolder}/blkio.throttle.io_service_bytes`));
  const ops = ioOf1(reader.read(`${ioFolder}/blkio.throttle.io_serviced`));
  return {
    cpu: {
      totalMs: (numberIn(reader, `${cpuFolder}/cpuacct.usage`) ?? 0) / 1e6,
      userMs: (ticks.user ?? 0) * perTickMs,
      systemMs: (ticks.system ?? 0) * perTickMs,
    },
    memory: {
      usageBytes,
      rssBytes: memory.total_rss ?? 0,
      limitBytes: limitBytes === undefined || limitBytes >= noLimitBytes ? undefined : limitBytes,
      peakBytes: numberIn(reader, `${memoryFolder}/memory.max_usage_in_bytes`),
    },
    read: { bytes: bytes.read, ops: ops.read },
    write: { bytes: bytes.write, ops: ops.write },
  };
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`, a line per device. */
function ioOf2(bytes: Uint8Array | undefined): { readonly read: Io; readonly write: Io } {
  if (bytes === undefined) return { read: nothing, write: nothing };
  const sums = new Map<string, number>();
  const scanner = new Scanner(bytes);
  while (scanner.line()) {
    scanner.skip(1);
    for (let key = scanner.word(equals); key !== ''; key = scanner.word(equals)) {
      sums.set(key, (sums.get(key) ?? 0) + scanner.number());
    }
  }
  const sum = (key: string): number => sums.get(key) ?? 0;
  return { read: { bytes: sum('rbytes'), ops: sum('rios') }, write: { bytes: sum('wbytes'), ops: sum('wios') } };
}

const equals = 61;

/** `8:0 Read 1`, a line per device and direction. */
function ioOf1(bytes: Uint8Array | undefined): { readonly read: number; readonly write: number } {
  const sums = { read: 0, write: 0 };
  const scanner = new Scanner(bytes ?? Buffer.alloc(0));
  while (scanner.line()) {
    const direction = scanner.skip(1).word();
    if (direction === 'Read') sums.read += scanner.number();
    if (direction === 'Write') sums.write += scanner.number();
  }
  return sums;
}

/** Undefined when the file is gone or says `max`. */
function numberIn(reader: ProcReader, path: string): number | undefined {
  const text = reader.text(path);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
