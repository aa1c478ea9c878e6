/**
 * The input of kind `exec`: the lines that a command writes. It runs again whenever it ends, or at an interval, or by a schedule; each
 * run goes on in the streams that began with the input, one of standard output and by choice one of standard error.
 */
import { Backoff } from '@tributary/shared/async/backoff.ts';
import { Condition } from '../../framing/condition.ts';
import { createFilter } from '../../framing/create-filter.ts';
import { openSchedule } from '@tributary/shared/schedule/schedule.ts';
import { CountedStream, endAbandonedStreams } from '../counted-stream.ts';
import type { Input, SourceStatus } from '../input.ts';
import { pumpLines } from '../line-pump.ts';
import type { InputParts } from '../registry.ts';
import { RecordIntake } from '../sockets/record-intake.ts';
import { CommandRun, LastWords } from './command-run.ts';
import { farewellBytesMax, healthyAfterMs, restartBackoff } from './limits.ts';
import type { ExecInputOptions } from './options.ts';

export function createExecInput(parts: InputParts<ExecInputOptions>): Input {
  return new ExecInput(parts);
}

interface Streams {
  readonly stdout: CountedStream;
  readonly stderr: CountedStream | undefined;
}

class ExecInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<ExecInputOptions>;
  readonly #path: string;
  readonly #intake: RecordIntake;
  readonly #ran = new Condition();
  #streams: Streams | undefined;
  #runs = 0;
  #hasFailed = false;

  constructor(parts: InputParts<ExecInputOptions>) {
    const { name, options, sink, events } = parts;
    this.name = name;
    this.#parts = parts;
    this.#path = `exec:${options.command.join(' ')}`.slice(0, 1000);
    this.#intake = new RecordIntake({ sink, events, filter: createFilter(options.filters, options.encoding) });
    sink.onReplaced((streamId, replacement) => {
      for (const stream of this.#all()) if (stream.streamId === streamId) stream.replaced(replacement);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { options, once = false } = this.#parts;
    endAbandonedStreams(this.#parts.sink);
    const stdout = await this.#open('');
    this.#streams = { stdout, stderr: undefined };
    try {
      if (options.stderr === 'stream') this.#streams = { stdout, stderr: await this.#open(' stderr') };
      if (once) await this.#runOnce(signal);
      else if (options.schedule !== undefined) await this.#runBySchedule(options.schedule, signal);
      else if (options.interval !== undefined) await this.#runAtInterval(options.interval, signal);
      else await this.#runAgain(signal);
    } finally {
      for (const stream of this.#all()) stream.end();
      this.#streams = undefined;
    }
  }

  sources(): readonly SourceStatus[] {
    const state = this.#hasFailed ? 'failed' : 'reading';
    return this.#all().map(({ streamId, position }, index) => {
      return { path: index === 0 ? this.#path : `${this.#path} stderr`, streamId, position, size: position, state };
    });
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (this.#runs === 0) await this.#ran.wait(signal);
  }

  async #runAgain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const backoff = new Backoff(restartBackoff);
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      await this.#runOnce(signal);
      if (clock.monotonic() - startedMs >= healthyAfterMs) backoff.reset();
      if (!signal.aborted) await clock.sleep(backoff.next(), signal).catch(() => undefined);
    }
  }

  /** A run that takes longer than the interval is followed by the next at its end. */
  async #runAtInterval(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const dueMs = clock.monotonic() + intervalMs;
      await this.#runOnce(signal);
      if (!signal.aborted) await clock.sleep(Math.max(0, dueMs - clock.monotonic()), signal).catch(() => undefined);
    }
  }

  async #runBySchedule(expression: string, signal: AbortSignal): Promise<void> {
    const due = new Condition();
    const onDue = (): void => due.notify();
    using schedule = await openSchedule({ expression, timeZone: this.#parts.options.time_zone, onDue });
    while (!signal.aborted && schedule.nextMs() !== undefined) {
      await due.wait(signal).catch(() => undefined);
      if (!signal.aborted) await this.#runOnce(signal);
    }
  }

  /** Resolves when the command ended and all it wrote is pushed; a command that cannot be started is told of. */
  async #runOnce(signal: AbortSignal): Promise<void> {
    const { options, events, clock } = this.#parts;
    try {
      const command = await CommandRun.start(options.command, options.working_dir, clock);
      if (this.#hasFailed) events.sourceRecovered(this.#path);
      this.#hasFailed = false;
      events.sourceStarted(this.#path, `process ${command.pid}`);
      const { ended, lastWords } = await this.#follow(command, signal);
      events.sourceEnded(this.#path, lastWords === '' ? ended : `${ended}: ${lastWords}`);
    } catch (error) {
      if (!isStartError(error)) throw error;
      if (!this.#hasFailed) events.sourceFailed(this.#path, error);
      this.#hasFailed = true;
    } finally {
      this.#runs += 1;
      this.#ran.notify();
    }
  }

  async #follow(command: CommandRun, signal: AbortSignal): Promise<{ ended: string; lastWords: string }> {
    const { options, clock } = this.#parts;
    const over = new AbortController();
    const kill = (): void => void command.kill();
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    if (options.timeout !== undefined) {
      void clock.sleep(options.timeout, over.signal).then(kill, () => undefined);
    }
    const lastWords = new LastWords();
    try {
      const [ended] = await Promise.all([command.ended, ...this.#pumps(command, lastWords, signal)]);
      return { ended, lastWords: lastWords.line };
    } finally {
      over.abort();
      signal.removeEventListener('abort', kill);
    }
  }

  /** A command that is told to end may write until it does: its pipes are read to their ends. */
  #pumps(command: CommandRun, lastWords: LastWords, signal: AbortSignal): Promise<void>[] {
    const { options, events } = this.#parts;
    const streams = this.#streams;
    if (streams === undefined) return [];
    const { stdout, stderr } = command;
    let bytes = 0;
    let farewellBytes = 0;
    const onBytes = (more: number): boolean => {
      bytes += more;
      if (signal.aborted) farewellBytes += more;
      if (farewellBytes > farewellBytesMax) return false;
      if (options.max_output_bytes === undefined || bytes <= options.max_output_bytes) return true;
      events.lost({ path: this.#path, cause: 'too-large', bytes: more, records: 0 });
      void command.kill();
      return false;
    };
    stderr.on('data', (chunk: Buffer) => lastWords.add(chunk));
    const parts = { intake: this.#intake, recordBytesMax: options.max_line_bytes, isReadToEnd: true, onBytes };
    const pumps = [pumpLines({ ...parts, readable: stdout, stream: streams.stdout }, signal)];
    if (streams.stderr !== undefined) pumps.push(pumpLines({ ...parts, readable: stderr, stream: streams.stderr }, signal));
    return pumps;
  }

  #all(): CountedStream[] {
    if (this.#streams === undefined) return [];
    const { stdout, stderr } = this.#streams;
    return stderr === undefined ? [stdout] : [stdout, stderr];
  }

  async #open(suffix: string): Promise<CountedStream> {
    const { sink, options, defaults } = this.#parts;
    const { overflow, encoding, type, tenant = defaults.tenant } = options;
    const source = suffix === '' ? {} : { 'log.iostream': 'stderr' };
    const labels = { ...defaults.labels, ...options.labels, ...source };
    const attributes = { tenant, type, host: defaults.host, encoding, labels };
    return await CountedStream.open({ sink, path: `${this.#path}${suffix}`, attributes, overflow });
  }
}

function isStartError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn');
}
