import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject, parseJson } from './json.ts';
import { until } from './until.ts';
import type { Command } from './programs.ts';

export interface ProgramOptions {
  readonly name: string;
  readonly command: Command;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is kept of a process's output: enough to see why it failed, little enough for a long run. */
const outputLinesMax = 4000;

/** A real process of ours: its output is kept, it is stopped by its own pid and is gone when it is disposed of. */
export class Program implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #stderr: string[] = [];
  readonly exited: Promise<Exit>;
  #stdout = '';
  #stderrBytes = 0;
  #exit: Exit | undefined;
  #onLog: ((line: LogLine) => void) | undefined;

  constructor(options: ProgramOptions) {
    const [file, ...first] = options.command;
    this.name = options.name;
    this.#child = spawn(file, [...first, ...options.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...cleanEnvironment(), ...compileCacheOf(options.command), ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      // `close` comes after the last of the output; `exit` may come before it.
      this.#child.once('exit', (code, signal) => (this.#exit = { code, signal }));
      this.#child.once('close', () => resolve(this.#exit ?? { code: null, signal: null }));
    });
    this.exited.catch(() => undefined);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    let rest = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrBytes += Buffer.byteLength(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#keep(line);
    });
    this.#child.stderr?.once('end', () => rest !== '' && this.#keep(rest));
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} was not started`);
    return pid;
  }

  get running(): boolean {
    return this.#exit === undefined && this.#child.pid !== undefined;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr.join('\n');
  }

  /** All of it, also what is not kept. */
  get stderrBytes(): number {
    return this.#stderrBytes;
  }

  get logs(): readonly LogLine[] {
    return this.#stderr.map(parseLog).filter((line) => line !== undefined);
  }

  onLog(listener: (line: LogLine) => void): void {
    this.#onLog = listener;
  }

  /** The last lines of both outputs, for messages of failed tests. */
  tail(lines = 40): string {
    return `--- ${this.name} (pid ${this.#child.pid ?? 'none'})\n${this.#stderr.slice(-lines).join('\n')}\n${this.#stdout.slice(-2000)}`;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) process.kill(this.pid, signal);
  }

  /** `kill -9`, and resolves once it is gone. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return await this.exited;
  }

  /** SIGTERM, and an error when that does not end it. */
  async stop(deadlineMs = 120_000): Promise<Exit> {
    this.signal('SIGTERM');
    await until(`${this.name} stops on SIGTERM`, () => !this.running, { deadlineMs, detail: () => this.tail() });
    return await this.exited;
  }

  /** User and system time so far, in seconds. */
  async cpuSeconds(): Promise<number> {
    return cpuSecondsOf(await readFile(`/proc/${this.pid}/stat`, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.kill();
  }

  #keep(line: string): void {
    this.#stderr.push(line);
    // TRIBUTARY_TEST_LOGS names a folder for a person who wants all that the programs said.
    const folder = process.env['TRIBUTARY_TEST_LOGS'];
    if (folder !== undefined) appendFileSync(join(folder, `${this.name}-${this.pid}.log`), `${line}\n`);
    if (this.#stderr.length > outputLinesMax) this.#stderr.splice(0, outputLinesMax / 2);
    if (this.#onLog === undefined) return;
    const parsed = parseLog(line);
    if (parsed !== undefined) this.#onLog(parsed);
  }
}

/** Runs a command to its end. */
export async function runProgram(options: ProgramOptions & { readonly deadlineMs?: number }): Promise<{
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}> {
  await using program = new Program(options);
  const what = `${options.name} ${options.args.join(' ')} ends`;
  const exited = program.exited.then((exit) => exit);
  await until(what, () => !program.running, { deadlineMs: options.deadlineMs ?? 120_000, detail: () => program.tail() });
  const { code } = await exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Fields 14 and 15 of /proc/PID/stat, counted behind the name in parentheses, in ticks of 1/100 s. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function parseLog(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = parseJson(line);
    if (!isObject(entry)) return undefined;
    const { message, 'log.level': level, ...fields } = entry;
    return typeof message === 'string' && typeof level === 'string' ? { message, level, fields } : undefined;
  } catch {
    return undefined;
  }
}

/** The test runner's own settings must not reach what it starts, nor a proxy of the machine. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (/^(node_|npm_|tributary_|https?_proxy$|all_proxy$|no_proxy$)/i.test(key)) continue;
    result[key] = value;
  }
  return result;
}

/** From source half of a start would be the removal of types. What is shipped, or has its system calls watched, starts as it always does. */
function compileCacheOf(command: Command): NodeJS.ProcessEnv {
  const folder = process.env['NODE_COMPILE_CACHE'];
  const wanted = command.includes(process.execPath) && !command.includes('strace');
  return wanted && folder !== undefined ? { NODE_COMPILE_CACHE: folder } : {};
}
