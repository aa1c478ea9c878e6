/**
 * A product or the log writer as a child process.
 *
 * Each is the leader of a process group of its own, so that the terminal's Ctrl-C does not reach it: we stop them in order. Should
 * we be killed ourselves, they live on; so their ids are written down, and the next start stops what it finds.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTimeOf } from '../bootstrap/lock.mjs';
import { repositoryRoot } from '../repository.ts';
import { replaceFile } from './place.ts';

const logBytesMax = 20_000_000;
const logTailBytes = 3_000;
const killAfterMs = 30_000;
const orphanWaitMs = 15_000;
const askEveryMs = 50;

export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  /** Where standard error goes, and standard output unless it is wanted. */
  readonly log: string;
  readonly wantOutput?: boolean;
  readonly ipc?: boolean;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child implements AsyncDisposable {
  readonly name: string;
  readonly log: string;
  readonly ended: Promise<ChildEnd>;
  readonly process: ChildProcess;
  #end: ChildEnd | undefined;
  #output = '';

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.log = options.log;
    keepLogSmall(options.log);
    const log = openSync(options.log, 'a');
    const stdio = [
      'ignore',
      options.wantOutput === true ? 'pipe' : log,
      log,
      ...(options.ipc === true ? (['ipc'] as const) : []),
    ] as const;
    this.process = spawn(process.execPath, options.args, { cwd: repositoryRoot, detached: true, stdio: [...stdio] });
    closeSync(log);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    this.ended = promise;
    this.process.once('error', () => resolve((this.#end = { code: 1, signal: null })));
    this.process.once('close', (code, signal) => resolve((this.#end = { code, signal })));
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** What it has printed so far, when that was wanted. */
  get output(): string {
    return this.#output;
  }

  /** Asks it to stop and waits until it has; after a long time it is killed. Idempotent. */
  async stop(): Promise<ChildEnd> {
    if (this.running) this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), killAfterMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  /** The last lines of its log. */
  logTail(): string {
    const text = readFileSync(this.log);
    return text.subarray(-logTailBytes).toString().split('\n').slice(-16).join('\n').trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

interface KnownProcess {
  readonly name: string;
  readonly pid: number;
  readonly started: string;
}

/** Writes down who runs, for the next start. */
export function rememberProcesses(file: string, children: readonly Child[]): void {
  const known = children.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid, started: startTimeOf(pid) }]));
  replaceFile(file, `${JSON.stringify(known)}\n`);
}

export function forgetProcesses(file: string): void {
  rmSync(file, { force: true });
}

/** Stops what an earlier start, killed before it could, left behind. Gives back the names. */
export async function stopOrphans(file: string): Promise<string[]> {
  const orphans = readKnown(file).filter((known) => isAlive(known));
  for (const { pid } of orphans) signalQuietly(pid, 'SIGTERM');
  const giveUpMs = performance.now() + orphanWaitMs;
  while (orphans.some((known) => isAlive(known)) && performance.now() < giveUpMs) await sleep(askEveryMs);
  for (const known of orphans) if (isAlive(known)) signalQuietly(known.pid, 'SIGKILL');
  forgetProcesses(file);
  return orphans.map(({ name }) => name);
}

/** Without a start time to compare (no /proc) an id alone could be somebody else's by now, and is left alone. */
function isAlive({ pid, started }: KnownProcess): boolean {
  return started !== '' && startTimeOf(pid) === started;
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between.
  }
}

function readKnown(file: string): KnownProcess[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(value) ? value.filter((entry) => isKnownProcess(entry)) : [];
  } catch {
    return [];
  }
}

function isKnownProcess(value: unknown): value is KnownProcess {
  if (typeof value !== 'object' || value === null || !('name' in value && 'pid' in value && 'started' in value)) return false;
  return typeof value.name === 'string' && typeof value.pid === 'number' && typeof value.started === 'string';
}

function keepLogSmall(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytesMax) renameSync(log, `${log}.1`);
}
