/**
 * An input that listens: datagrams and connections at any number of addresses. Kinds differ in how connections are framed.
 *
 * All of it is a new stream at each start, one per sender (senders.ts): what a socket gave cannot be read again. So what was received
 * and is not durable is lost with the process; docs/operating/syslog.md tells what that means for whom.
 */
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import { createFilter } from '../../framing/create-filter.ts';
import type { FilterOptions } from '../../framing/framing-options.ts';
import { endAbandonedStreams } from '../counted-stream.ts';
import type { Input, Overflow, SourceStatus } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { AllowList } from '@tributary/shared/network/allow-list.ts';
import { DatagramIntake } from './datagram-intake.ts';
import type { DatagramSource } from './datagrams.ts';
import { deniedTellMax, idleCheckMs } from './limits.ts';
import { LossTally } from './loss-tally.ts';
import {
  formatListenAddress,
  isDatagramAddress,
  isStreamAddress,
  parseListenAddress,
  type ListenAddress,
  type StreamAddress,
} from './listen-address.ts';
import { openDatagrams } from './open-datagrams.ts';
import { type Opened, type Opener, openEach } from './open-each.ts';
import { RecordIntake } from './record-intake.ts';
import { Senders } from './senders.ts';
import type { Framing } from './stream-framer.ts';
import { StreamListener } from './stream-listener.ts';

/** The options of every kind that listens; of those that a kind does not have, the default holds. */
export interface SocketInputOptions {
  readonly type: string;
  readonly tenant?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly overflow: Exclude<Overflow, 'reserve'>;
  readonly encoding: string;
  readonly filters?: FilterOptions | undefined;
  readonly listen: readonly string[];
  readonly allow_cidr?: readonly string[] | undefined;
  readonly max_message_bytes: number;
  readonly max_connections: number;
  readonly idle_timeout?: number | undefined;
  readonly confirm: boolean;
  readonly max_senders: number;
  readonly sender_idle: number;
  readonly socket_mode: string;
  readonly receive_buffer?: number;
  readonly sockets?: number;
}

export function createSocketInput(parts: InputParts<SocketInputOptions>, framing: Framing): Input {
  return new SocketInput(parts, framing);
}

interface Listener {
  readonly address: ListenAddress;
  readonly senders: Senders;
}

class SocketInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<SocketInputOptions>;
  readonly #framing: Framing;
  #listeners: readonly Listener[] = [];

  constructor(parts: InputParts<SocketInputOptions>, framing: Framing) {
    this.name = parts.name;
    this.#parts = parts;
    this.#framing = framing;
    parts.sink.onReplaced((streamId, replacement) => {
      for (const { senders } of this.#listeners) senders.replaced(streamId, replacement);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    endAbandonedStreams(this.#parts.sink);
    const addresses = this.#parts.options.listen
      .map((text) => parseListenAddress(text))
      .filter((address) => address !== undefined);
    this.#listeners = addresses.map((address) => ({ address, senders: this.#sendersOf(address) }));
    try {
      await new SocketRun(this.#parts, this.#framing, this.#listeners).until(signal);
    } finally {
      await Promise.all(this.#listeners.map(({ senders }) => senders.endAll()));
      this.#listeners = [];
    }
  }

  sources(): readonly SourceStatus[] {
    return this.#listeners.flatMap(({ senders }) => senders.sources());
  }

  /** A listener is never at an end: what came by now is on its way. */
  async drained(): Promise<void> {
    await Promise.resolve();
  }

  #sendersOf(address: ListenAddress): Senders {
    const { options, sink, clock, defaults } = this.#parts;
    const attributes: Omit<StreamAttributes, 'counted'> = {
      tenant: options.tenant ?? defaults.tenant,
      type: options.type,
      host: defaults.host,
      encoding: options.encoding,
      labels: { ...defaults.labels, ...options.labels },
    };
    // Who sends datagrams cannot be asked to wait.
    const overflow = isDatagramAddress(address) && options.overflow === 'block' ? 'drop_newest' : options.overflow;
    const path = formatListenAddress(address);
    const { max_senders: sendersMax, sender_idle: idleMs } = options;
    return new Senders({ sink, clock, path, attributes, overflow, sendersMax, idleMs });
  }
}

/** One run: everything that is gone when it stops. */
class SocketRun {
  readonly #parts: InputParts<SocketInputOptions>;
  readonly #framing: Framing;
  readonly #listeners: readonly Listener[];
  readonly #intake: RecordIntake;
  readonly #allowed: AllowList;
  readonly #losses: LossTally;
  readonly #denied = new Set<string>();
  readonly #broken = new AbortController();

  constructor(parts: InputParts<SocketInputOptions>, framing: Framing, listeners: readonly Listener[]) {
    this.#parts = parts;
    this.#framing = framing;
    this.#listeners = listeners;
    const { sink, events, options, clock } = parts;
    this.#losses = new LossTally(events, clock);
    this.#intake = new RecordIntake({ sink, events, filter: createFilter(options.filters, options.encoding) });
    this.#allowed = new AllowList(options.allow_cidr);
  }

  async until(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#broken.signal]);
    const opened: Opened[] = [];
    try {
      await Promise.all([this.#open(either, opened), this.#endIdleSenders(either)]);
    } finally {
      await Promise.all(opened.map((listener) => listener.stop()));
      await this.#losses[Symbol.asyncDispose]();
    }
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason;
  }

  /** Datagram sockets share threads where all of them can be had; otherwise each has its own. */
  async #open(signal: AbortSignal, opened: Opened[]): Promise<void> {
    const { events, clock } = this.#parts;
    const datagrams = this.#listeners.filter(({ address }) => isDatagramAddress(address));
    const openers: Opener[] = [];
    try {
      if (datagrams.length > 0) opened.push(await this.#openDatagrams(datagrams, signal));
    } catch {
      for (const one of datagrams) openers.push({ path: pathOf(one), open: () => this.#openDatagrams([one], signal) });
    }
    for (const { address, senders } of this.#listeners) {
      if (!isStreamAddress(address)) continue;
      openers.push({ path: formatListenAddress(address), open: () => this.#openListener(address, senders) });
    }
    await openEach({ openers, onOpened: (one) => opened.push(one), events, clock }, signal);
  }

  async #openDatagrams(listeners: readonly Listener[], signal: AbortSignal): Promise<Opened> {
    const { options, clock, events } = this.#parts;
    const pathAt = (socket: number): string => {
      const listener = listeners[socket];
      return listener === undefined ? this.#parts.name : pathOf(listener);
    };
    const intake = new DatagramIntake({
      intake: this.#intake,
      senders: listeners.map(({ senders }) => senders),
      allowed: this.#allowed,
      onDenied: (socket, address) => this.#deny(pathAt(socket), address),
    });
    const source: DatagramSource = await openDatagrams({
      addresses: listeners.map(({ address }) => address).filter((address) => isDatagramAddress(address)),
      sockets: options.sockets ?? 1,
      recordBytesMax: options.max_message_bytes,
      receiveBufferBytes: options.receive_buffer ?? 0,
      socketMode: modeOf(options.socket_mode),
      clock,
      handlers: {
        onBlock: (block) => intake.add(block),
        onLost: ({ socket, ...loss }) => this.#losses.add({ path: pathAt(socket), ...loss }),
        onFailed: (error) => this.#fail(error),
      },
    });
    for (const address of source.addresses) events.listening(this.#parts.name, formatListenAddress(address));
    const done = intake.run(signal).catch((error: unknown) => this.#fail(error));
    return {
      stop: async () => {
        await source.stop();
        intake.end();
        await done;
      },
    };
  }

  async #openListener(address: StreamAddress, senders: Senders): Promise<Opened> {
    const { options, clock, events, name } = this.#parts;
    const listener = await StreamListener.open({
      address,
      senders,
      intake: this.#intake,
      losses: this.#losses,
      framing: this.#framing,
      recordBytesMax: options.max_message_bytes,
      connectionsMax: options.max_connections,
      idleTimeoutMs: options.idle_timeout,
      confirm: options.confirm,
      socketMode: modeOf(options.socket_mode),
      allowed: this.#allowed,
      events,
      clock,
      onDenied: (from) => this.#deny(formatListenAddress(address), from),
      onFailed: (error) => this.#fail(error),
    });
    events.listening(name, formatListenAddress(listener.address));
    return listener;
  }

  /** Resolves when the signal is aborted. */
  async #endIdleSenders(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(idleCheckMs, signal).catch(() => undefined);
      if (!signal.aborted) for (const { senders } of this.#listeners) senders.endIdle();
    }
  }

  /** Told once for each address, and of so many only. */
  #deny(path: string, address: string): void {
    const source = `${path} ${address}`;
    if (this.#denied.has(source) || this.#denied.size >= deniedTellMax) return;
    this.#denied.add(source);
    this.#parts.events.sourceSkipped(source, 'its address is in no network of allow_cidr');
  }

  #fail(error: unknown): void {
    if (!this.#broken.signal.aborted) this.#broken.abort(error);
  }
}

function pathOf({ address }: Listener): string {
  return formatListenAddress(address);
}

/** `0660`, as chmod takes it. */
function modeOf(text: string): number {
  return Number.parseInt(text, 8);
}
