/**
 * One connection to one server, for its life: it is never made again, and nothing is sent twice. Commands of one turn of the event loop
 * go in one write, without waiting for each other's answers.
 *
 *     open → closed      destroyed by its owner, broken, or silent for `silenceMsMax` while something was unanswered
 */
import { connect as connectPlainly } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { Redis } from 'ioredis';
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { HostPort } from '@tributary/shared/network/listen-address.ts';
import { printable } from '@tributary/shared/printable.ts';
import { addressText, tlsOptions, type ConnectSettings } from './connect-settings.ts';
import { callsMax, connectMsMax, type Patience, pingAfterMs, usualPatience, watchEveryMs } from './limits.ts';
import { MasterError, type Argument, type Reply } from './masters.ts';
import { connectorOf } from './server-connector.ts';
import { ConnectionLostError, hintOf, ServerRefusedError, ServerReplyError } from './server-reply.ts';

export class RedisConnection {
  readonly where: string;
  /** Resolves with the reason when it is closed. */
  readonly closed: Promise<Error>;
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #silenceMsMax: number;
  readonly #close: (reason: Error) => void;
  readonly #watch: NodeJS.Timeout;
  #isOpen = true;
  #reason: Error | undefined;
  #unanswered = 0;
  /** When the last answer came, or when the first of what is unanswered was sent. */
  #heardMs: number;
  #isCorked = false;

  private constructor(client: Redis, address: HostPort, { clock, patience }: { clock: Clock; patience: Patience }) {
    this.#client = client;
    this.#clock = clock;
    this.#silenceMsMax = patience.silenceMsMax;
    this.where = addressText(address);
    this.#heardMs = clock.monotonic();
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.closed = promise;
    this.#close = resolve;
    // With TLS 1.3 a server says so only after the handshake.
    client.on('error', (error: Error) => demandsCertificate(error) && this.destroy(connectError(this.where, error)));
    client.once('end', () => this.destroy(new Error(`the connection to Redis at ${this.where} ended`)));
    this.#watch = setInterval(() => this.#look(), watchEveryMs);
    this.#watch.unref();
  }

  /** Connected and let in when it resolves. Rejects with a sentence. */
  static async open(
    address: HostPort,
    settings: ConnectSettings,
    world: { readonly clock: Clock; readonly patience?: Patience; readonly signal?: AbortSignal },
  ): Promise<RedisConnection> {
    const { clock, patience = usualPatience, signal } = world;
    const where = addressText(address);
    const tls = tlsOptions(settings, address.host);
    const client = new Redis({
      ...address,
      ...(tls === undefined ? {} : { tls }),
      Connector: connectorOf(() => (tls === undefined ? connectPlainly(address) : connectByTls({ ...address, ...tls }))),
      protocol: 2,
      lazyConnect: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      disableClientInfo: true,
      connectTimeout: connectMsMax,
      keepAlive: 10_000,
      retryStrategy: () => null,
    });
    let failure: Error | undefined;
    client.on('error', (error: Error) => (failure = error));
    const giveUp = (): void => client.disconnect();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await client.connect();
    } catch (error) {
      client.disconnect();
      throw connectError(where, failure ?? error);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    const connection = new RedisConnection(client, address, { clock, patience });
    const end = (): void => connection.destroy();
    signal?.addEventListener('abort', end, { once: true });
    void connection.closed.then(() => signal?.removeEventListener('abort', end));
    try {
      signal?.throwIfAborted();
      await connection.#enter(settings);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error instanceof ServerReplyError ? new ServerRefusedError('rights', hintOf(error, where), error) : error;
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** For how long something has been unanswered without any answer coming. */
  get silentMs(): number {
    return this.#unanswered === 0 ? 0 : this.#clock.monotonic() - this.#heardMs;
  }

  /** When it was heard last, by the monotonic clock; or when the first of what is unanswered since was sent. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Sends it after what was sent before. Rejects with ServerReplyError or ConnectionLostError, or MasterError when it was not sent. */
  async send(command: string, args: readonly Argument[] = []): Promise<Reply> {
    if (!this.#isOpen) throw new MasterError('UNAVAILABLE', `the connection to Redis at ${this.where} is closed`);
    if (this.#unanswered >= callsMax)
      throw new MasterError('UNAVAILABLE', `too much is asked of Redis at ${this.where} at a time`);
    if (this.#unanswered === 0) this.#heardMs = this.#clock.monotonic();
    this.#unanswered += 1;
    this.#cork();
    try {
      const reply = await this.#client.callBuffer(command, args.map(sendable));
      assert(isReply(reply), 'what callBuffer gives is made of bytes, numbers and lists');
      return reply;
    } catch (error) {
      if (error instanceof Error && error.name === 'ReplyError') throw new ServerReplyError(error.message);
      throw new ConnectionLostError(this.#reason?.message ?? `the connection to Redis at ${this.where} broke`, { cause: error });
    } finally {
      this.#unanswered -= 1;
      // What ends with the connection is no answer.
      if (this.#isOpen) this.#heardMs = this.#clock.monotonic();
    }
  }

  /** From then on it can do nothing else. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    clearInterval(this.#watch);
    this.#client.on('message', (_channel: string, message: string) => listener(message));
    await this.#client.subscribe(channel);
  }

  destroy(reason: Error = new Error(`the connection to Redis at ${this.where} was closed`)): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#reason = reason;
    clearInterval(this.#watch);
    // What is unanswered rejects.
    this.#client.disconnect();
    this.#client.stream?.destroy();
    this.#close(reason);
  }

  async #enter({ username, password, database }: ConnectSettings): Promise<void> {
    const name = this.send('CLIENT', ['SETNAME', 'tributary-hub']);
    // Before AUTH it is refused where a password is set, and nobody needs it.
    name.catch(() => undefined);
    if (password !== undefined) await this.send('AUTH', username === undefined ? [password] : [username, password]);
    if (database !== 0) await this.send('SELECT', [database]);
  }

  /** A silent cut is noticed although nobody asks for anything. */
  #look(): void {
    if (this.silentMs > this.#silenceMsMax) {
      const seconds = Math.round(this.#silenceMsMax / 1000);
      this.destroy(new Error(`Redis at ${this.where} answered nothing for ${seconds} s`));
    } else if (this.#unanswered === 0 && this.#clock.monotonic() - this.#heardMs >= pingAfterMs) {
      this.send('PING').catch(() => undefined);
    }
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { stream } = this.#client;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}

function sendable(argument: Argument): string | Buffer | number {
  if (typeof argument !== 'object' || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}

function isReply(value: unknown): value is Reply {
  return value === null || typeof value === 'number' || Buffer.isBuffer(value) || (Array.isArray(value) && value.every(isReply));
}

function demandsCertificate({ message }: Error): boolean {
  return /alert (certificate required|handshake failure)/.test(message);
}

function connectError(where: string, error: unknown): Error {
  const message = error instanceof Error ? printable(error.message).slice(0, 300) : 'unknown';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const unreached = (reason: string): Error => new Error(`Redis at ${where} cannot be reached: ${reason}`, { cause: error });
  if (code === 'ECONNREFUSED') return unreached('nothing listens there; start it, or correct queue.redis');
  if (code === 'ENOTFOUND') return unreached('the name is not known; correct queue.redis or the name server');
  if (error instanceof Error && demandsCertificate(error)) {
    const hint = 'set queue.redis.cert and queue.redis.key, or tls-auth-clients no there';
    return new ServerRefusedError('rights', `Redis at ${where} demands a certificate of this hub (${message}): ${hint}`);
  }
  if (/certificate|self-signed|CERT|ALTNAME/i.test(`${code} ${message}`)) {
    const hint = "set queue.redis.ca to its authority's PEM file";
    return new ServerRefusedError('rights', `Redis at ${where} showed a certificate that is not accepted (${message}): ${hint}`);
  }
  return unreached(message);
}
