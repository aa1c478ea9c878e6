/**
 * The journald input: follows a journal through journalctl, each entry a record of one counted stream (journal-run.ts). journalctl
 * ending is trouble: told once, and it is started again with backoff, behind the last entry pushed.
 */
import { supervise } from '@tributary/shared/async/supervise.ts';
import { Condition } from '../../framing/condition.ts';
import { Troubles } from '../file/troubles.ts';
import type { Input, SourceStatus } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { JournalPlaces } from './journal-places.ts';
import { JournalRun } from './journal-run.ts';
import { type JournalKey, journalStreamsOf, keyOf } from './journal-streams.ts';
import { hasReached } from './journal-token.ts';
import { type JournalctlCommand, journalctlCommand } from './journalctl.ts';
import { machineNames } from './linux.ts';
import type { JournaldInputOptions } from './options.ts';

export function createJournaldInput(parts: InputParts<JournaldInputOptions>): Input {
  return new JournaldInput(parts, journalctlCommand);
}

const backoff = { msMin: 500, msMax: 30_000 };
const healthyAfterMs = 10_000;

class JournaldInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<JournaldInputOptions>;
  readonly #command: JournalctlCommand;
  readonly #key: JournalKey;
  readonly #troubles: Troubles;
  readonly #changed = new Condition();
  #run: JournalRun | undefined;

  constructor(parts: InputParts<JournaldInputOptions>, command: JournalctlCommand) {
    const { name, options, sink, defaults, events } = parts;
    this.name = name;
    this.#parts = parts;
    this.#command = command;
    this.#troubles = new Troubles(events);
    this.#key = keyOf(options, {
      tenant: options.tenant ?? defaults.tenant,
      type: options.type,
      host: defaults.host,
      encoding: 'utf-8',
      counted: true,
      labels: { ...defaults.labels, ...options.labels },
    });
    journalStreamsOf(sink).register(this.#key);
    sink.onReplaced((streamId, replacement) => this.#run?.replaced(streamId, replacement));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, sink, once = false } = this.#parts;
    journalStreamsOf(sink).register(this.#key);
    try {
      if (once) await this.#attempt(signal);
      else {
        const onFailed = (error: unknown): void => this.#failed(error);
        await supervise((stop) => this.#attempt(stop), signal, { clock, backoff, healthyAfterMs, onFailed });
      }
    } finally {
      journalStreamsOf(sink).release(this.#key);
    }
  }

  sources(): readonly SourceStatus[] {
    return this.#run?.sources() ?? [];
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (this.#run?.cursor === undefined) await this.#changed.wait(signal);
    const last = await this.#run.lastToCome(signal);
    // Entries are pushed several at a time and while it was asked: the cursor may be behind the last one without ever having been at it.
    while (!this.#hasReached(last)) await this.#changed.wait(signal);
  }

  #hasReached(last: string): boolean {
    const cursor = this.#run?.cursor;
    return cursor !== undefined && hasReached(cursor, last);
  }

  /** From finding the place to the end of journalctl, which ends by itself only when asked to read once. */
  async #attempt(signal: AbortSignal): Promise<void> {
    const journal = { ...this.#parts, command: this.#command, names: await machineNames() };
    const run = new JournalRun({
      ...journal,
      key: this.#key,
      places: new JournalPlaces(journal),
      onProgress: () => {
        this.#troubles.clear(this.#key.path);
        this.#changed.notify();
      },
    });
    this.#run = run;
    try {
      await run.until(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      run.leave();
    }
  }

  #failed(error: unknown): void {
    this.#troubles.raise(this.#key.path, error instanceof Error ? error : new Error(String(error)));
  }
}
