/**
 * A real server of somebody else's that runs for the tests: started until it is ready, killed, stopped, paused and started again by its own
 * pid, gone when it is disposed of.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface ServerProcessOptions {
  /** How often it is looked at while it starts. */
  readonly everyMs?: number;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal | undefined;
}

const triesMax = 5;
const startDeadlineMs = 300_000;
const outputKept = 65_536;
const outputShown = 6000;

/** It ended instead of being ready. */
class ServerEnded extends Error {
  /** All that is kept, where the message has the end of it. */
  readonly output: string;

  constructor(server: string, output: string) {
    super(`${server} ended:\n${output.slice(-outputShown)}`);
    this.output = output;
  }
}

export abstract class ServerProcess implements AsyncDisposable {
  readonly #options: ServerProcessOptions;
  #child: ChildProcess | undefined;
  #pid: number | undefined;
  #output = '';

  protected constructor(options: ServerProcessOptions = {}) {
    this.#options = options;
  }

  /** As messages name it: `the Redis at 127.0.0.1:6379`. */
  protected abstract get title(): string;

  /** Of the file in the folder of TRIBUTARY_TEST_LOGS. */
  protected abstract get logName(): string;

  /** With its outputs piped. */
  protected abstract launch(): ChildProcess | Promise<ChildProcess>;

  /** Asked again and again. `output` is what it wrote since it was launched. */
  protected abstract isReady(output: string): boolean | Promise<boolean>;

  /** Of the server itself, where what was launched is only its launcher; undefined until it is known. */
  protected findPid(launched: ChildProcess): number | undefined | Promise<number | undefined> {
    return launched.pid;
  }

  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.title} does not run`);
    return this.#pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** The last that it wrote, for messages of failed tests. */
  get output(): string {
    return this.#output.slice(-outputShown);
  }

  /** `kill -9`; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it write what it has to. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGSTOP: it takes connections and answers nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** With the same port and files, after it was killed or stopped. */
  async restart(): Promise<void> {
    if (this.running) await this.stop();
    await this.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** Resolves when it is ready; it is gone when this rejects. */
  protected async run(): Promise<void> {
    this.#output = '';
    const child = await this.launch();
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.once('exit', () => this.#forget(child));
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    const { everyMs = 20, signal } = this.#options;
    const check = async (): Promise<boolean> => {
      signal?.throwIfAborted();
      if (failure !== undefined) throw failure;
      if (this.#child === undefined) throw new ServerEnded(this.title, this.#output);
      this.#pid ??= await this.findPid(child);
      return this.#pid !== undefined && (await this.isReady(this.#output));
    };
    try {
      await until(`${this.title} is ready`, check, { deadlineMs: startDeadlineMs, everyMs, detail: () => this.output });
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  #forget(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#pid = undefined;
  }

  #keep(text: string): void {
    this.#output = `${this.#output}${text}`.slice(-outputKept);
    // TRIBUTARY_TEST_LOGS names a folder for a person who wants all that the programs said.
    const folder = process.env['TRIBUTARY_TEST_LOGS'];
    if (folder !== undefined) appendFileSync(join(folder, `${this.logName}.log`), text);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    const pid = this.#pid ?? (await this.findPid(child)) ?? child.pid;
    signalTo(pid, signal);
    // One that is stopped hears of no other signal than SIGKILL.
    signalTo(pid, 'SIGCONT');
    await gone;
    this.#forget(child);
  }
}

/** Between the search for a port and its use somebody else may have taken it, as `taken` in the server's output tells: then it has another. */
export async function onFreePort<Server>(
  given: number | undefined,
  taken: string,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(given ?? (await freePort()));
    } catch (error) {
      const isTaken = error instanceof ServerEnded && error.output.includes(taken);
      if (!isTaken || tries === triesMax || given !== undefined) throw error;
    }
  }
}

/** It may be gone already. */
function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
