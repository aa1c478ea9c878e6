/**
 * Short notes between the hubs of a site (PUBLISH), best effort: what is lost is found by a slow poll anyway. In a Cluster every node
 * passes them on to every other.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { pause } from '../../../groups/retry.ts';
import type { ConnectSettings } from './connect-settings.ts';
import { RedisConnection } from './connection.ts';
import type { Lane } from './lane.ts';
import { noteEveryMs, reconnectMsMax } from './limits.ts';

export interface NotesOptions {
  readonly channel: string;
  readonly settings: ConnectSettings;
  readonly clock: Clock;
  /** A connection that is ready, of any master. */
  readonly lane: () => Lane | undefined;
}

export class Notes implements AsyncDisposable {
  readonly #options: NotesOptions;
  readonly #listeners = new Set<(message: string) => void>();
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #heardMs = 0;

  constructor(options: NotesOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  publish(message: string): void {
    const { lane, channel } = this.#options;
    lane()
      ?.connection.send('PUBLISH', [channel, message])
      .catch(() => undefined);
  }

  subscribe(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#listen(signal).catch(() => undefined);
      await pause(this.#options.clock, reconnectMsMax, signal);
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { settings, clock, lane, channel } = this.#options;
    const address = parseHostPort(lane()?.connection.where ?? '');
    if (address === undefined) return;
    const connection = await RedisConnection.open(address, settings, { clock, signal });
    try {
      await connection.subscribe(channel, (message) => this.#heard(message));
      this.#heardMs = clock.monotonic();
      const closed = connection.closed.then(() => true);
      // Its own empty notes tell that it still hears.
      while (clock.monotonic() - this.#heardMs < 3 * noteEveryMs) {
        if (await Promise.race([closed, pause(clock, noteEveryMs, signal).then(() => signal.aborted)])) return;
        this.publish('');
      }
    } finally {
      connection.destroy();
    }
  }

  #heard(message: string): void {
    this.#heardMs = this.#options.clock.monotonic();
    if (message !== '') for (const listener of this.#listeners) listener(message);
  }
}
