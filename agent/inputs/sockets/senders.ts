/**
 * The streams of one listener: one for each address that sends to it, which is a label of the stream. Senders are cheap to make up,
 * streams are not: one that was quiet for a while is ended, and those beyond the most there may be share one stream, without address.
 */
import type { Id, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { CountedStream } from '../counted-stream.ts';
import type { Overflow, Sink, SourceStatus, StreamState } from '../input.ts';

export interface SendersOptions {
  readonly sink: Sink;
  readonly clock: Clock;
  /** The listener's address as it is configured: the streams' path begins with it. */
  readonly path: string;
  readonly attributes: Omit<StreamAttributes, 'counted'>;
  readonly overflow: Overflow;
  readonly sendersMax: number;
  readonly idleMs: number;
}

interface Sender {
  readonly path: string;
  readonly opening: Promise<CountedStream>;
  stream: CountedStream | undefined;
  lastMs: number;
}

export const addressLabel = 'source.address';
export const sharedLabel = 'source.shared';

/** No address is called so. */
const shared = '*';

export class Senders {
  readonly #options: SendersOptions;
  readonly #senders = new Map<string, Sender>();

  constructor(options: SendersOptions) {
    this.#options = options;
  }

  /** The stream to push into at once; a promise of it while it is being opened. `address` is '' where there is none. */
  of(address: string): CountedStream | Promise<CountedStream> {
    const sender = this.#senders.get(address) ?? this.#open(this.#isFull() ? shared : address);
    sender.lastMs = this.#options.clock.monotonic();
    return sender.stream ?? sender.opening;
  }

  endIdle(): void {
    const quietSinceMs = this.#options.clock.monotonic() - this.#options.idleMs;
    for (const [address, { stream, lastMs }] of this.#senders) {
      if (stream === undefined || lastMs > quietSinceMs) continue;
      this.#senders.delete(address);
      stream.end();
    }
  }

  async endAll(): Promise<void> {
    const senders = [...this.#senders.values()];
    this.#senders.clear();
    const streams = await Promise.allSettled(senders.map(({ opening }) => opening));
    for (const stream of streams) if (stream.status === 'fulfilled') stream.value.end();
  }

  replaced(streamId: Id, replacement: StreamState): void {
    for (const { stream } of this.#senders.values()) if (stream?.streamId === streamId) stream.replaced(replacement);
  }

  sources(): SourceStatus[] {
    return [...this.#senders.values()].flatMap(({ path, stream }) => {
      if (stream === undefined) return [];
      const { streamId, position } = stream;
      return [{ path, streamId, position, size: position, state: 'reading' as const }];
    });
  }

  #isFull(): boolean {
    return this.#senders.size >= this.#options.sendersMax;
  }

  #open(address: string): Sender {
    const known = this.#senders.get(address);
    if (known !== undefined) return known;
    const { sink, path: listener, attributes, overflow, clock } = this.#options;
    const path = address === '' ? listener : `${listener} ${address}`;
    const label = address === '' ? {} : address === shared ? { [sharedLabel]: 'true' } : { [addressLabel]: address };
    const labels = { ...attributes.labels, ...label };
    const opening = CountedStream.open({ sink, path, attributes: { ...attributes, labels }, overflow });
    const sender: Sender = { path, opening, stream: undefined, lastMs: clock.monotonic() };
    this.#senders.set(address, sender);
    // Whoever waits for the stream is told of a failure; the next record tries again.
    opening.then(
      (stream) => (sender.stream = stream),
      () => this.#senders.delete(address),
    );
    return sender;
  }
}
