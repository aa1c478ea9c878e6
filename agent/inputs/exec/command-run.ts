/**
 * One run of a command, without a shell, in a process group of its own: whoever is killed is killed with all children that stayed in it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '@tributary/shared/clock.ts';
import { killAfterMs, lastWordsBytesMax, lingerMs } from './limits.ts';

type Child = ChildProcessByStdio<null, Readable, Readable>;

export class CommandRun {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves with how it ended, in words: `exit code 0`, `SIGKILL`. */
  readonly ended: Promise<string>;
  readonly #child: Child;
  readonly #clock: Clock;
  #isKilled = false;
  #hasEnded = false;

  private constructor(child: Child, pid: number, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.pid = pid;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#hasEnded = true;
        resolve(signal ?? `exit code ${code}`);
      });
    });
    void this.#closePipes();
  }

  /** Rejects when there is no such program, or it may not be run. */
  static async start(command: readonly string[], folder: string, clock: Clock): Promise<CommandRun> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // Signals that cannot be sent are errors of the child, too; of its pipes whoever reads them is told.
    for (const source of [child, child.stdout, child.stderr]) source.on('error', () => undefined);
    return new CommandRun(child, child.pid ?? 0, clock);
  }

  /** Asks the whole group to end, and kills it when it does not. Resolves when the command ended. */
  async kill(): Promise<void> {
    if (!this.#isKilled) {
      this.#isKilled = true;
      this.#signal('SIGTERM');
      const patience = new AbortController();
      void this.#clock.sleep(killAfterMs, patience.signal).then(
        () => this.#signal('SIGKILL'),
        () => undefined,
      );
      await this.ended;
      patience.abort();
      // Children that do not heed the first signal outlive it.
      this.#signal('SIGKILL');
    }
    await this.ended;
  }

  /** Children that outlive the command hold its pipes open: they get a moment, then they go, too. */
  async #closePipes(): Promise<void> {
    await this.ended;
    const closed = new AbortController();
    this.#child.once('close', () => closed.abort());
    await this.#clock.sleep(lingerMs, closed.signal).catch(() => undefined);
    if (closed.signal.aborted) return;
    this.#signal('SIGKILL');
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      // The group has its first process's number for as long as one of them lives.
      if (process.platform === 'win32') this.#child.kill(signal);
      else process.kill(-this.pid, signal);
    } catch {
      // All of them have ended.
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }
}

/** The last line of what a command said on standard error. */
export class LastWords {
  #text = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#text = Buffer.concat([this.#text, chunk]).subarray(-4 * lastWordsBytesMax);
  }

  get line(): string {
    const lines = this.#text.toString('utf8').trimEnd().split('\n');
    return (lines.at(-1) ?? '').slice(0, lastWordsBytesMax);
  }
}
