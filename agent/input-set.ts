/**
 * The running inputs, each under supervision. A reload changes the set: what stays the same goes on undisturbed, the rest stops
 * first, with everything it read pushed, and what is new begins where the streams are.
 */
import { canaryType } from '@tributary/protocol/platform/canary.ts';
import { supervise } from '@tributary/shared/async/supervise.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { AgentEvents } from './events.ts';
import type { Input, InputEvents, Overflow, Sink, SourceStatus } from './inputs/input.ts';
import { createInput, type InputDefaults, resumes } from './inputs/registry.ts';
import type { InputConfig } from './options.ts';
import { channelType } from './platform/channel.ts';

export interface InputSetOptions {
  /** One for each input. */
  readonly createSink: () => Sink & Disposable;
  readonly events: InputEvents;
  readonly clock: Clock;
  readonly agentId?: string;
  /** Told of inputs that break and run again. */
  readonly supervision: Pick<AgentEvents, 'inputFailed' | 'inputRuns'>;
  /** Read to the end and stop there: then an input that breaks is not started again, but told to `onFailed`. */
  readonly once: boolean;
  readonly onFailed: (error: unknown) => void;
}

export interface WantedInputs {
  readonly inputs: readonly InputConfig[];
  readonly defaults: InputDefaults;
  /** The site has not told yet which streams it knows: only what cannot be read again begins. */
  readonly waitsForSite?: boolean;
}

/** One input, for `status`. */
export interface InputStatus {
  readonly name: string;
  readonly kind: InputConfig['kind'];
  readonly type: string;
  readonly overflow: Overflow;
  /** Addresses that it is to listen at, as they are configured; those of `listening` are taken. */
  readonly listen: readonly string[];
  readonly listening: readonly string[];
  /** Why it does not run now; empty while it does. */
  readonly trouble: string;
  /** What it tried to read and could not. */
  readonly failing: number;
}

interface Running {
  readonly input: Input;
  readonly config: InputConfig;
  readonly sink: Disposable;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

const backoff = { msMin: 500, msMax: 30_000 };
const healthyAfterMs = 60_000;
/** An input that broke and ran again for so long is told to run. */
const recoveredAfterMs = 5000;

export class InputSet {
  readonly #options: InputSetOptions;
  readonly #running = new Map<string, Running>();
  readonly #events: InputEvents;
  /** By the input's name: what it listens at, and why it does not run. */
  readonly #listening = new Map<string, Set<string>>();
  readonly #troubles = new Map<string, string>();
  /** Keys as the configuration lists them. */
  #order: readonly string[] = [];
  #stopped = false;

  constructor(options: InputSetOptions) {
    this.#options = options;
    const { events } = options;
    this.#events = {
      ...events,
      listening: (input, address) => {
        this.#listening.getOrInsertComputed(input, () => new Set()).add(address);
        events.listening(input, address);
      },
    };
  }

  /** Makes these the inputs that run. Positions are kept: streams are the sink's. */
  async change(wanted: WantedInputs): Promise<void> {
    this.#order = wanted.inputs.map((config) => keyOf(config, wanted.defaults));
    const keys = new Map(wanted.inputs.map((config, index) => [keyOf(config, wanted.defaults), { config, index }]));
    const kept = this.#running.entries().filter(([key]) => keys.has(key));
    const names = new Set(kept.map(([, { input }]) => input.name));
    const created: { key: string; parts: Pick<Running, 'input' | 'config' | 'sink'> }[] = [];
    for (const [key, { config, index }] of keys) {
      if (this.#running.has(key) || (wanted.waitsForSite === true && resumes(config.kind))) continue;
      const name = freeName(config.kind, index + 1, names);
      names.add(name);
      const sink = this.#options.createSink();
      created.push({ key, parts: { config, sink, input: await this.#create(config, wanted.defaults, { name, sink }) } });
    }
    await Promise.all([...this.#running.keys()].filter((key) => !keys.has(key)).map((key) => this.#stop(key)));
    // It may have been stopped while an input was loaded.
    for (const { key, parts } of created) {
      if (this.#stopped) parts.sink[Symbol.dispose]();
      else this.#start(key, parts);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running.keys()].map((key) => this.#stop(key)));
  }

  async drained(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ input }) => input.drained(signal)));
  }

  /** In the order of the configuration. */
  inputs(): readonly InputStatus[] {
    const running = this.#order.flatMap((key) => this.#running.get(key) ?? []);
    return running.map(({ input, input: { name }, config }) => ({
      name,
      kind: config.kind,
      type: typeOf(config),
      overflow: 'overflow' in config ? config.overflow : 'block',
      listen: 'listen' in config ? config.listen : [],
      listening: [...(this.#listening.get(name) ?? [])],
      trouble: this.#troubles.get(name) ?? '',
      failing: input.failing?.().length ?? 0,
    }));
  }

  /** What each input reads, with the input's name. */
  sources(): readonly (SourceStatus & { readonly input: string })[] {
    const inputs = this.#running.values().map(({ input }) => input);
    return inputs.flatMap((input) => input.sources().map((source) => ({ ...source, input: input.name }))).toArray();
  }

  async #create(
    config: InputConfig,
    defaults: InputDefaults,
    own: { readonly name: string; readonly sink: Sink },
  ): Promise<Input> {
    const { clock, agentId, once } = this.#options;
    return await createInput(config, {
      ...own,
      events: 'listen' in config ? this.#eventsOfListener(own.name, config.listen) : this.#events,
      clock,
      defaults,
      once,
      ...(agentId === undefined ? {} : { agentId }),
    });
  }

  /** An address that cannot be had is why an input that listens is not ready. */
  #eventsOfListener(name: string, addresses: readonly string[]): InputEvents {
    const events = this.#events;
    const troubles = new Map<string, string>();
    const changed = (): void => {
      const [first] = troubles.values();
      if (first === undefined) this.#troubles.delete(name);
      else this.#troubles.set(name, first);
    };
    return {
      ...events,
      sourceFailed: (path, error) => {
        if (addresses.includes(path)) troubles.set(path, `${path}: ${error.message}`);
        changed();
        events.sourceFailed(path, error);
      },
      sourceRecovered: (path) => {
        troubles.delete(path);
        changed();
        events.sourceRecovered(path);
      },
    };
  }

  #start(key: string, parts: Pick<Running, 'input' | 'config' | 'sink'>): void {
    const { input } = parts;
    const abort = new AbortController();
    const { clock, supervision, once, onFailed } = this.#options;
    const done = once
      ? input.run(abort.signal).catch(onFailed)
      : supervise((signal) => this.#runOne(input, signal), abort.signal, {
          clock,
          backoff,
          healthyAfterMs,
          onFailed: (error, retryInMs) => {
            this.#troubles.set(input.name, error instanceof Error ? error.message : String(error));
            supervision.inputFailed(input.name, error, retryInMs);
          },
        });
    this.#running.set(key, { ...parts, abort, done });
  }

  async #runOne(input: Input, signal: AbortSignal): Promise<void> {
    const { clock, supervision } = this.#options;
    const over = new AbortController();
    const recovered = async (): Promise<void> => {
      await clock.sleep(recoveredAfterMs, AbortSignal.any([signal, over.signal]));
      this.#troubles.delete(input.name);
      supervision.inputRuns(input.name);
    };
    const told = recovered().catch(() => undefined);
    try {
      await input.run(signal);
    } finally {
      over.abort();
      this.#listening.delete(input.name);
      await told;
    }
  }

  async #stop(key: string): Promise<void> {
    const running = this.#running.get(key);
    if (running === undefined) return;
    running.abort.abort();
    await running.done;
    running.sink[Symbol.dispose]();
    this.#troubles.delete(running.input.name);
    this.#running.delete(key);
  }
}

/** Its kind and its place in the configuration; an input that goes on keeps the name it has. */
function freeName(kind: string, place: number, taken: ReadonlySet<string>): string {
  let name = `${kind}-${place}`;
  for (let other = place + 1; taken.has(name); other += 1) name = `${kind}-${other}`;
  return name;
}

function typeOf(config: InputConfig): string {
  if (config.kind === 'canary') return canaryType;
  return 'type' in config ? config.type : channelType;
}

function keyOf(config: InputConfig, defaults: InputDefaults): string {
  return JSON.stringify([config, defaults]);
}
