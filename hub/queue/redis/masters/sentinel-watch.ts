/**
 * Asks all Sentinels, again and again, where the master is, and believes the one with the newest configuration: one that was cut off with
 * the old master would name it for ever.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { type HostPort, parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { pause } from '../../../groups/retry.ts';
import { addressText, type ConnectSettings } from './connect-settings.ts';
import { RedisConnection } from './connection.ts';
import { sentinelEveryMs } from './limits.ts';
import { textOf } from './server-checks.ts';
import { hintOf, ServerRefusedError, ServerReplyError } from './server-reply.ts';

export interface SentinelWatchOptions {
  readonly sentinels: readonly string[];
  readonly masterName: string;
  readonly settings: ConnectSettings;
  readonly clock: Clock;
}

const answerMsMax = 5000;

interface Told {
  readonly address: HostPort;
  readonly epoch: number;
}

export class SentinelWatch implements AsyncDisposable {
  readonly #options: SentinelWatchOptions;
  readonly #connections = new Map<string, RedisConnection>();
  readonly #connecting = new Set<string>();
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  /** What each said last. */
  readonly #answers = new Map<string, Told & { readonly atMs: number }>();
  #told: Told | undefined;
  #listener: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  readonly #problems = new Map<string, string>();

  constructor(options: SentinelWatchOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Where it was said to be last. Rejects with a sentence where nobody has said so yet. */
  async master(): Promise<HostPort> {
    if (this.#told === undefined) await this.look();
    if (this.#told === undefined) throw new Error(this.problem ?? 'no Sentinel of queue.redis.sentinels has answered yet');
    return this.#told.address;
  }

  onMoved(listener: () => void): void {
    this.#listener = listener;
  }

  /** A sentence when none of them tells of the master. */
  get problem(): string | undefined {
    const { sentinels } = this.#options;
    const [first] = this.#problems.values();
    return this.#problems.size < sentinels.length ? undefined : first;
  }

  /** Asks them now; at most one round is under way. */
  async look(): Promise<void> {
    this.#looking ??= this.#round().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    for (const connection of this.#connections.values()) connection.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.look();
      await pause(clock, sentinelEveryMs, signal);
    }
  }

  /** Ends with the first that answers when it names the master that is known; the others are heard when they answer. */
  async #round(): Promise<void> {
    const answers = this.#options.sentinels.map((sentinel) => this.#ask(sentinel));
    await Promise.any(answers).catch(() => undefined);
    // Those that answer are all there in a moment; one that is paused is not waited for.
    await Promise.race([Promise.allSettled(answers), pause(this.#options.clock, sentinelEveryMs, this.#abort.signal)]);
  }

  async #ask(sentinel: string): Promise<void> {
    try {
      const connection = await this.#connectionTo(sentinel);
      // One that is still waited for is not asked again.
      if (connection === undefined || connection.silentMs > 0) throw new Error(`the Sentinel at ${sentinel} does not answer`);
      const reply = await connection.send('SENTINEL', ['MASTER', this.#options.masterName]);
      this.#problems.delete(sentinel);
      this.#heard(sentinel, toldBy(reply));
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#problems.set(sentinel, this.#sentence(sentinel, error));
      throw error;
    }
  }

  async #connectionTo(sentinel: string): Promise<RedisConnection | undefined> {
    const { settings, clock } = this.#options;
    const known = this.#connections.get(sentinel);
    if (known?.isOpen === true) return known;
    const address = parseHostPort(sentinel);
    if (address === undefined || this.#connecting.has(sentinel)) return undefined;
    this.#connecting.add(sentinel);
    try {
      const connection = await RedisConnection.open(address, settings, { clock, signal: this.#abort.signal });
      this.#connections.set(sentinel, connection);
      return connection;
    } finally {
      this.#connecting.delete(sentinel);
    }
  }

  #heard(sentinel: string, told: Told | undefined): void {
    if (told === undefined) return;
    const nowMs = this.#options.clock.monotonic();
    this.#answers.set(sentinel, { ...told, atMs: nowMs });
    // What was said long ago counts no more: Sentinels that were made anew begin with small epochs.
    const fresh = [...this.#answers.values()].filter(({ atMs }) => nowMs - atMs < answerMsMax);
    const newest = fresh.reduce((best, one) => (one.epoch > best.epoch ? one : best));
    this.#apply(newest);
  }

  #apply(told: Told): void {
    const before = this.#told;
    this.#told = told;
    if (before !== undefined && addressText(before.address) !== addressText(told.address)) this.#listener?.();
  }

  #sentence(sentinel: string, error: unknown): string {
    const { masterName } = this.#options;
    if (error instanceof ServerRefusedError && error.cause instanceof ServerReplyError)
      return this.#sentence(sentinel, error.cause);
    if (!(error instanceof ServerReplyError)) return error instanceof Error ? error.message : 'unknown';
    if (error.message.includes('No such master')) {
      return `the Sentinel at ${sentinel} knows no master "${masterName}": set queue.redis.master_name to the name of its "sentinel monitor" line`;
    }
    if (error.code === 'NOAUTH' || error.code === 'WRONGPASS') {
      return `the Sentinel at ${sentinel} refuses the password: set queue.redis.sentinel_password`;
    }
    return hintOf(error, sentinel);
  }
}

function toldBy(reply: unknown): Told | undefined {
  if (!Array.isArray(reply)) return undefined;
  const texts = reply.map(textOf);
  const field = (name: string): string => texts[texts.indexOf(name) + 1] ?? '';
  const address = { host: field('ip'), port: Number(field('port')) };
  return address.host === '' || !(address.port > 0) ? undefined : { address, epoch: Number(field('config-epoch')) };
}
