import type { Metric } from '../../../platform/document.ts';
import type { MetricSet, Moment } from '../metric-set.ts';
import { ratio, round } from '../ratio.ts';
import { coresOf } from './cpu.ts';
import type { Units } from './machine.ts';
import { memoryBytesOf } from './memory.ts';
import type { ProcReader } from './proc-reader.ts';
import { greatest, ProcessTable, type Process } from './process-table.ts';
import { Scanner } from './scanner.ts';
import { uptimeSecondsOf } from './uptime.ts';
import { UserNames } from './user-names.ts';

export interface ProcessSetOptions {
  readonly reader: ProcReader;
  readonly units: Units;
  /** So many by processor time, and so many by memory. */
  readonly top: number;
  readonly commandLines: boolean;
}

interface Whole {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly elapsedMs: number;
  /** When the machine started. */
  readonly startMs: number;
}

/** `D`: its memory, where its arguments are, may be locked until a disk or another machine answers, and whoever reads them waits. */
const diskSleep = 68;
/** Of a command line; the rest is not told. */
const commandLineBytesMax = 4096;
const uidKey = Buffer.from('Uid:');
const summaryStates = ['running', 'sleeping', 'idle', 'stopped', 'zombie', 'dead', 'unknown'] as const;
const states: Readonly<Record<string, { readonly name: string; readonly summary: (typeof summaryStates)[number] }>> = {
  R: { name: 'running', summary: 'running' },
  S: { name: 'sleeping', summary: 'sleeping' },
  D: { name: 'disk_sleep', summary: 'sleeping' },
  I: { name: 'idle', summary: 'idle' },
  T: { name: 'stopped', summary: 'stopped' },
  t: { name: 'stopped', summary: 'stopped' },
  Z: { name: 'zombie', summary: 'zombie' },
  X: { name: 'dead', summary: 'dead' },
  x: { name: 'dead', summary: 'dead' },
};
const unknown = { name: 'unknown', summary: 'unknown' } as const;

/** `system.process` of the processes that take most, and `system.process.summary` of all. */
export class ProcessSet implements MetricSet {
  readonly name = 'process';
  readonly #options: ProcessSetOptions;
  readonly #table: ProcessTable;
  readonly #users: UserNames;
  #lookedMs = 0;

  constructor(options: ProcessSetOptions) {
    this.#options = options;
    this.#table = new ProcessTable(options.reader, options.units);
    this.#users = new UserNames(options.reader);
  }

  async measure({ monotonicMs, nowMs }: Moment): Promise<readonly Metric[]> {
    const { reader, top } = this.#options;
    const processes = await this.#table.look();
    const elapsedMs = monotonicMs - this.#lookedMs;
    this.#lookedMs = monotonicMs;
    const metrics: Metric[] = [summaryOf(processes)];
    if (!this.#table.hasRates || top === 0) return metrics;
    const startMs = nowMs - uptimeSecondsOf(reader) * 1000;
    const whole: Whole = { cores: coresOf(reader), memoryBytes: memoryBytesOf(reader), elapsedMs, startMs };
    const chosen = new Set([
      ...greatest(processes, top, ({ ranTicks }) => ranTicks),
      ...greatest(processes, top, ({ rssBytes }) => rssBytes),
    ]);
    for (const process of chosen) {
      const fields = this.#describe(process, whole);
      if (fields !== undefined) metrics.push({ dataset: 'system.process', metricset: 'process', fields });
    }
    return metrics;
  }

  /** Undefined when it ended meanwhile. */
  #describe(process: Process, whole: Whole): Metric['fields'] | undefined {
    const { reader, commandLines, units } = this.#options;
    const { pid, ppid, pgid, userTicks, systemTicks, startTicks, threads, sizeBytes, rssBytes, ranTicks } = process;
    const folder = reader.proc(String(pid));
    const name = reader.text(`${folder}/comm`);
    if (name === '') return undefined;
    const hasArguments = commandLines && process.state !== diskSleep;
    const args = hasArguments ? argumentsOf(reader.read(`${folder}/cmdline`)) : [];
    const user = this.#users.of(uidOf(reader.read(`${folder}/status`)));
    const executable = reader.link(`${folder}/exe`);
    const perTickMs = 1000 / units.ticksPerSecond;
    const share = whole.elapsedMs > 0 ? (ranTicks * perTickMs) / whole.elapsedMs : 0;
    const norm = ratio(share, whole.cores);
    const rss = { bytes: rssBytes, pct: ratio(rssBytes, whole.memoryBytes) };
    const started = new Date(Math.round((whole.startMs + startTicks * perTickMs) / 1000) * 1000).toISOString();
    const state = states[String.fromCharCode(process.state)] ?? unknown;
    const cpu = {
      total: {
        pct: round(Math.min(share, whole.cores)),
        norm: { pct: norm },
        value: Math.round((userTicks + systemTicks) * perTickMs),
      },
      start_time: started,
    };
    return {
      process: {
        pid,
        ppid,
        pgid,
        name,
        ...(args.length === 0 ? {} : { args, command_line: args.join(' ') }),
        ...(executable === '' ? {} : { executable }),
        cpu: { pct: norm, start_time: started },
        memory: { pct: rss.pct },
      },
      ...(user === undefined ? {} : { user: { name: user } }),
      system: {
        process: {
          state: state.name,
          num_threads: threads,
          ...(args.length === 0 ? {} : { cmdline: args.join(' ') }),
          cpu,
          memory: { size: sizeBytes, rss },
        },
      },
    };
  }
}

function summaryOf(processes: readonly Process[]): Metric {
  const summary: Record<string, number> = { total: processes.length };
  for (const name of summaryStates) summary[name] = 0;
  for (const { state } of processes) {
    const name = (states[String.fromCharCode(state)] ?? unknown).summary;
    summary[name] = (summary[name] ?? 0) + 1;
  }
  return { dataset: 'system.process.summary', metricset: 'process_summary', fields: { system: { process: { summary } } } };
}

/** Arguments end with a zero byte each; empty ones are kept but for those at the end. */
function argumentsOf(bytes: Buffer | undefined): readonly string[] {
  if (bytes === undefined || bytes.length === 0) return [];
  const text = bytes.subarray(0, commandLineBytesMax).toString('utf8');
  return text.replace(/\0+$/, '').split('\0');
}

/** The effective user, second number behind `Uid:`. */
function uidOf(bytes: Buffer | undefined): number | undefined {
  const scanner = new Scanner(bytes ?? Buffer.alloc(0));
  while (scanner.line()) {
    if (scanner.takes(uidKey)) return scanner.skip(1).number();
  }
  return undefined;
}
