/**
 * All processes, as /proc/PID/stat tells them: read in turn into one buffer, kept as numbers. A process that ends meanwhile, or may not
 * be read, is passed over. No text is made but each process's path, once. Of very many processes others of this program have a turn in
 * between: each takes the kernel some microseconds.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { growth } from '../ratio.ts';
import type { Units } from './machine.ts';
import type { ProcReader } from './proc-reader.ts';
import { Scanner } from './scanner.ts';

export interface Process {
  readonly pid: number;
  readonly statPath: string;
  /** The letter of its state. */
  state: number;
  ppid: number;
  pgid: number;
  userTicks: number;
  systemTicks: number;
  /** In ticks since the machine started; with the pid it tells a process from another. */
  startTicks: number;
  threads: number;
  sizeBytes: number;
  rssBytes: number;
  /** Ticks it ran since the last look. */
  ranTicks: number;
  /** Number of the look that saw it last. */
  seen: number;
}

/** Looked at in one turn: a few milliseconds. */
const processesPerTurn = 200;
const letters = { zero: 48, nine: 57, closingParenthesis: 41 };

export class ProcessTable {
  readonly #reader: ProcReader;
  readonly #units: Units;
  readonly #processes = new Map<string, Process>();
  #looks = 0;

  constructor(reader: ProcReader, units: Units) {
    this.#reader = reader;
    this.#units = units;
  }

  /** Of the first look nobody knows what processes ran since. */
  get hasRates(): boolean {
    return this.#looks > 1;
  }

  /** One at a time. */
  async look(): Promise<readonly Process[]> {
    this.#looks += 1;
    let looked = 0;
    for (const name of this.#reader.names(this.#reader.proc(''))) {
      const first = name.charCodeAt(0);
      if (first < letters.zero || first > letters.nine) continue;
      this.#lookAt(name);
      looked += 1;
      if (looked % processesPerTurn === 0) await turn();
    }
    const found: Process[] = [];
    for (const [name, process] of this.#processes) {
      if (process.seen === this.#looks) found.push(process);
      else this.#processes.delete(name);
    }
    return found;
  }

  #lookAt(name: string): void {
    const known = this.#processes.get(name);
    const statPath = known?.statPath ?? this.#reader.proc(`${name}/stat`);
    const bytes = this.#reader.readAtOnce(statPath);
    if (bytes === undefined) return;
    const process = known ?? newProcess(Number(name), statPath);
    if (!this.#take(process, bytes)) return;
    process.seen = this.#looks;
    if (known === undefined) this.#processes.set(name, process);
  }

  #take(process: Process, bytes: Buffer): boolean {
    // The name before it may hold anything, parentheses and line ends too.
    const end = bytes.lastIndexOf(letters.closingParenthesis);
    if (end === -1) return false;
    const scanner = new Scanner(bytes.subarray(end + 2));
    if (!scanner.line()) return false;
    process.state = bytes[end + 2] ?? 0;
    scanner.skip(1);
    process.ppid = scanner.number();
    process.pgid = scanner.number();
    scanner.skip(8);
    const userTicks = scanner.number();
    const systemTicks = scanner.number();
    scanner.skip(4);
    process.threads = scanner.number();
    scanner.skip(1);
    const startTicks = scanner.number();
    process.sizeBytes = scanner.number();
    process.rssBytes = scanner.number() * this.#units.pageBytes;
    const isSame = process.seen > 0 && process.startTicks === startTicks;
    // One that came since the last look ran all its ticks since; of the first look nothing is known.
    const ticksBefore = isSame ? process.userTicks + process.systemTicks : this.hasRates ? 0 : userTicks + systemTicks;
    process.ranTicks = growth(userTicks + systemTicks, ticksBefore);
    process.userTicks = userTicks;
    process.systemTicks = systemTicks;
    process.startTicks = startTicks;
    return true;
  }
}

export function newProcess(pid: number, statPath: string): Process {
  return {
    pid,
    statPath,
    state: 0,
    ppid: 0,
    pgid: 0,
    userTicks: 0,
    systemTicks: 0,
    startTicks: 0,
    threads: 0,
    sizeBytes: 0,
    rssBytes: 0,
    ranTicks: 0,
    seen: 0,
  };
}

/** The `count` greatest by a measure, greatest first; those with 0 are left out. */
export function greatest(
  processes: readonly Process[],
  count: number,
  measure: (process: Process) => number,
): readonly Process[] {
  const top: Process[] = [];
  for (const process of processes) {
    const value = measure(process);
    const last = top.at(-1);
    if (value <= 0 || (top.length === count && (last === undefined || measure(last) >= value))) continue;
    const place = top.findIndex((other) => measure(other) < value);
    top.splice(place === -1 ? top.length : place, 0, process);
    if (top.length > count) top.pop();
  }
  return top;
}
