import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';

/** What one run of a command cost. */
export interface Cost {
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** From the start of the process to the first thing it said on standard output; its end when it said nothing. */
  readonly saidSeconds: number;
  /** User and system time of the process and all its threads, as the kernel counted it when the process was waited for. */
  readonly cpuSeconds: number;
  /** Greatest resident size seen (VmHWM), in megabytes of 10^6 bytes; 0 for one too short to be looked at. */
  readonly peakMb: number;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const peakEveryMs = 10;
const clockTicksPerSecond = 100;

/** Runs a command to its end. No other child of this process may end meanwhile: their time would be counted with it. */
export async function measure(command: readonly string[]): Promise<Cost> {
  const [file = '', ...args] = command;
  const cpuBefore = childrenCpuSeconds();
  const start = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let saidSeconds: number | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    saidSeconds ??= (performance.now() - start) / 1000;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let peakMb = 0;
  const timer = setInterval(() => {
    // The kernel keeps the peak: a look now and then misses only what comes after the last one.
    peakMb = Math.max(peakMb, statusMb(child.pid, 'VmHWM'));
  }, peakEveryMs);
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; seconds: number }>();
  child.once('error', reject);
  let seconds = 0;
  child.once('exit', () => (seconds = (performance.now() - start) / 1000));
  child.once('close', (code) => resolve({ code, seconds }));
  const exit = await promise.finally(() => clearInterval(timer));
  return {
    ...exit,
    saidSeconds: saidSeconds ?? exit.seconds,
    cpuSeconds: childrenCpuSeconds() - cpuBefore,
    peakMb,
    stdout,
    stderr,
  };
}

/** Runs a command of which only the time matters; its output goes to /dev/null, as a shell would send it. */
export async function measureQuiet(command: string): Promise<Cost> {
  const cost = await measure(['sh', '-c', `exec 2>&1; ${command}`]);
  if (cost.code !== 0) throw new Error(`${command} failed: ${cost.stdout}`);
  return cost;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('the median of nothing');
  return middle;
}

/** A field of /proc/PID/status in megabytes; 0 when the process is gone. */
export function statusMb(pid: number | undefined, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'));
    return (Number(line?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}

/** Fields of /proc/PID/smaps_rollup, in megabytes. */
export async function smaps(pid: number): Promise<{ readonly rss: number; readonly privateDirty: number; readonly pss: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (field: string): number => (Number(text.match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0) * 1024) / 1e6;
  return { rss: mb('Rss'), privateDirty: mb('Private_Dirty'), pss: mb('Pss') };
}

/** Fields 16 and 17 of /proc/self/stat: time of children that were waited for, with all their threads. */
function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / clockTicksPerSecond;
}
