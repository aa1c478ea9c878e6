/**
 * Runs journalctl: the journal's files are read by the program that knows every version of their format.
 *
 * - `--merge` is always given: without it, following shows the current boot only. The journal of this machine is chosen by a match then,
 *   and so is the boot.
 * - Reading goes on at `--cursor`, which includes the entry itself: `--after-cursor` skips the first entry it finds even if that is
 *   another one, because the cursor's own was vacuumed or does not fit the matches any more (systemd 252). The caller leaves out the
 *   entry that it has.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from '@tributary/shared/clock.ts';
import { ExportParser } from './export-parser.ts';
import { cursorOf } from './journal-record.ts';
import { stderrBytesMax, stopWaitMs } from './limits.ts';
import type { MachineNames } from './linux.ts';
import type { JournaldInputOptions } from './options.ts';

/** The program, and arguments before ours: for tests. */
export type JournalctlCommand = readonly [string, ...string[]];

export const journalctlCommand: JournalctlCommand = ['journalctl'];

export interface JournalQuery {
  /** '' is the beginning. */
  readonly cursor: string;
  readonly select: 'all' | 'matching';
  /** Wait for what comes, instead of ending at the end. */
  readonly follow?: boolean;
  /** So many from the cursor on; without a cursor, the last ones. */
  readonly count?: number;
  readonly newestFirst?: boolean;
}

export class JournalctlError extends Error {
  override readonly name = 'JournalctlError';
  readonly code = 'JOURNALCTL';
}

export function argumentsFor(query: JournalQuery, options: JournaldInputOptions, names: MachineNames): string[] {
  const { cursor, select, follow = false, count, newestFirst = false } = query;
  const { directory, units, identifiers, priority, boot, matches } = options;
  const result = ['--output=export', '--no-pager', '--merge'];
  if (directory !== undefined) result.push(`--directory=${directory}`);
  if (cursor !== '') result.push(`--cursor=${cursor}`);
  if (follow) result.push('--follow', '--no-tail');
  if (count !== undefined) result.push(`--lines=${count}`);
  if (newestFirst) result.push('--reverse');
  if (select === 'matching') {
    for (const unit of units) result.push(`--unit=${unit}`);
    for (const identifier of identifiers) result.push(`--identifier=${identifier}`);
    if (priority !== undefined) result.push(`--priority=${priority}`);
    result.push(...matches);
    if (boot === 'current' && names.bootId !== undefined) result.push(`_BOOT_ID=${names.bootId}`);
  }
  if (directory === undefined && names.machineId !== undefined) result.push(`_MACHINE_ID=${names.machineId}`);
  return result;
}

/** A running journalctl, which is gone when it is disposed of. */
export class Journalctl implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #output: Readable;
  readonly #closed: Promise<unknown>;
  #failure: Error | undefined;
  #stderr = '';

  constructor(command: JournalctlCommand, args: readonly string[], clock: Clock) {
    const [file, ...first] = command;
    this.#clock = clock;
    const child = spawn(file, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    this.#child = child;
    this.#output = child.stdout;
    this.#closed = once(child, 'close').catch(() => undefined);
    child.on('error', (error) => (this.#failure = error));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrBytesMax);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it writes, until it ends by itself or is disposed of. Rejects when it failed. */
  async *pieces(): AsyncGenerator<Buffer> {
    for await (const piece of this.#output) yield piece;
    await this.#closed;
    if (this.#failure !== undefined) throw new JournalctlError(`cannot run journalctl: ${this.#failure.message}`);
    const { exitCode, signalCode } = this.#child;
    if (exitCode === 0) return;
    const words = this.#stderr.trim().split('\n').at(-1) ?? '';
    const end = signalCode === null ? `with status ${exitCode}` : `by ${signalCode}`;
    throw new JournalctlError(`journalctl ended ${end}${words === '' ? '' : `: ${words}`}`);
  }

  /** Ends it when the signal is aborted. */
  stopOn(signal: AbortSignal): Disposable {
    const stop = (): void => this.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    return { [Symbol.dispose]: () => signal.removeEventListener('abort', stop) };
  }

  /** Asks it to end: `pieces` rejects. */
  stop(): void {
    this.#child.kill('SIGTERM');
    this.#output.destroy();
  }

  /** Ends it by its own pid, and resolves once it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const settled = new AbortController();
    this.stop();
    const deadline = this.#clock.sleep(stopWaitMs, settled.signal).then(
      () => void this.#child.kill('SIGKILL'),
      () => undefined,
    );
    await this.#closed;
    settled.abort();
    await deadline;
  }
}

/** Asks for the cursors of entries, until `isEnough` says so or there are no more. Resolves with the last one it was given. */
export async function askForCursor(
  journalctl: Journalctl,
  isEnough: (cursor: string) => boolean,
): Promise<{ readonly cursor: string; readonly found: boolean } | undefined> {
  const parser = new ExportParser(cursorBytesMax);
  let last: string | undefined;
  for await (const piece of journalctl.pieces()) {
    for (const entry of parser.push(piece)) {
      last = cursorOf(entry);
      if (isEnough(last)) return { cursor: last, found: true };
    }
  }
  return last === undefined ? undefined : { cursor: last, found: false };
}

const cursorBytesMax = 4096;

/** Nothing that a person set for their own journalctl reaches ours. */
const environment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  SYSTEMD_COLORS: '0',
};
