/**
 * Keeps one connection to one of the site's hubs, and tries for ever.
 *
 * ```text
 *   waiting ──its time──► connecting ──Welcome──► connected ──socket or session ends──► waiting
 * ```
 * Hubs are tried in the order of the list; a failure goes to the next at once, a round of failures waits with full jitter.
 * Where only a person can help the wait is long, and `status` says why.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { WebSocket } from 'ws';
import { Backoff } from '@tributary/shared/async/backoff.ts';
import { Connection, type ConnectionEnd, type ConnectionOptions, isHopeless } from './connection.ts';
import { healthyAfterMs, hopelessRetryMs, retryMsMax, retryMsMin } from './limits.ts';
import { openSocket } from './open-socket.ts';

export interface UplinkOptions extends ConnectionOptions {
  readonly hubs: readonly string[];
  readonly proxy?: string | undefined;
  readonly random?: () => number;
}

export interface UplinkStatus {
  readonly state: 'waiting' | 'connecting' | 'connected';
  readonly hub: string;
  readonly hubId: Id | undefined;
  readonly siteId: Id | undefined;
  /** Why there is no connection; empty while there is one. */
  readonly trouble: string;
  readonly connectedSinceMs: number | undefined;
  readonly attempts: number;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backoff: Backoff;
  #hubs: readonly string[];
  #index = 0;
  #state: UplinkStatus['state'] = 'connecting';
  #connection: Connection | undefined;
  #connectedSinceMs: number | undefined;
  #trouble = '';
  #attempts = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#hubs = options.hubs;
    const { random } = options;
    this.#backoff = new Backoff({ msMin: retryMsMin, msMax: retryMsMax, ...(random === undefined ? {} : { random }) });
    options.buffer.onAppended(() => this.#connection?.outboxGrew());
  }

  /** Resolves when aborted; rejects when the buffer failed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#options.clock.monotonic();
      const hub = this.#hub;
      const end = await this.#connectOnce(signal);
      if (signal.aborted) return;
      if (end.welcomed && this.#options.clock.monotonic() - startedMs >= healthyAfterMs) this.#backoff.reset();
      const waitMs = this.#waitAfter(end);
      this.#tellEnd(hub, end, waitMs);
      await this.#options.clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Asks the site for a stream's position; does nothing while there is no connection. */
  openStream(streamId: Id): void {
    this.#connection?.openStream(streamId);
  }

  closeStream(streamId: Id, position: number): void {
    this.#connection?.closeStream(streamId, position);
  }

  /** Bytes that were sent and not answered yet. */
  get inFlightBytes(): number {
    return this.#connection?.inFlightBytes ?? 0;
  }

  status(): UplinkStatus {
    const welcome = this.#state === 'connected' ? this.#connection?.welcome : undefined;
    return {
      state: this.#state,
      hub: this.#hub,
      hubId: welcome?.hubId,
      siteId: welcome?.siteId,
      trouble: this.#state === 'connected' ? '' : this.#trouble,
      connectedSinceMs: this.#connectedSinceMs,
      attempts: this.#attempts,
    };
  }

  get #hub(): string {
    return this.#hubs[this.#index % this.#hubs.length] ?? '';
  }

  async #connectOnce(signal: AbortSignal): Promise<ConnectionEnd> {
    const { events, logger, clock } = this.#options;
    const hub = this.#hub;
    this.#state = 'connecting';
    this.#attempts += 1;
    try {
      const socket = await this.#openSocket(hub, signal);
      if (socket instanceof Error) {
        return { reason: 'socket', hint: socket.message, retryAfterMs: 0, hubs: [], welcomed: false };
      }
      this.#connection = new Connection(socket, {
        ...this.#options,
        events: {
          ...events,
          welcomed: (welcome) => {
            this.#state = 'connected';
            this.#connectedSinceMs = clock.now();
            this.#trouble = '';
            this.#noteStore(welcome.storeId);
            logger.info('connected', { hub, hubId: welcome.hubId, site: welcome.siteId });
            events.welcomed(welcome);
          },
        },
      });
      return await this.#connection.run(signal);
    } finally {
      this.#connection = undefined;
      this.#connectedSinceMs = undefined;
      this.#state = 'waiting';
      this.#options.buffer.disconnected();
      events.disconnected();
    }
  }

  /** What a proxy answers is the world's failure, and a reason to try again. */
  async #openSocket(hub: string, signal: AbortSignal): Promise<WebSocket | Error> {
    try {
      return await openSocket(hub, this.#options.proxy, signal);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #noteStore(storeId: Id): void {
    const { buffer, logger } = this.#options;
    if (buffer.siteStore !== undefined && buffer.siteStore !== storeId) {
      logger.warn('the site has another store than last time: what is retained is sent again where it is missing', {
        before: buffer.siteStore,
        now: storeId,
      });
    }
    buffer.rememberSiteStore(storeId);
  }

  /** Chooses the next hub, and how long to wait for it. */
  #waitAfter(end: ConnectionEnd): number {
    if (end.reason === 'drained') {
      const others = end.hubs.filter((hub) => URL.canParse(hub));
      this.#hubs = others.length > 0 ? [...others, ...this.#options.hubs.filter((hub) => !others.includes(hub))] : this.#hubs;
      this.#index = others.length > 0 ? 0 : this.#index + 1;
      return this.#backoff.next();
    }
    this.#index += 1;
    const wholeRound = this.#index % this.#hubs.length === 0;
    if (wholeRound) this.#hubs = this.#options.hubs;
    if (isHopeless(end.reason)) return Math.max(end.retryAfterMs, hopelessRetryMs);
    return Math.max(end.retryAfterMs, wholeRound ? this.#backoff.next() : 0);
  }

  /** Once per trouble, not per try. */
  #tellEnd(hub: string, end: ConnectionEnd, waitMs: number): void {
    const { logger } = this.#options;
    const trouble = end.reason === 'socket' ? end.hint : `${end.reason}: ${end.hint}`;
    const fields = { hub, reason: end.reason, hint: end.hint, retryInMs: waitMs };
    if (trouble === this.#trouble) logger.debug('no connection to the hub', fields);
    else if (isHopeless(end.reason)) logger.error('the hub refuses this agent; it tries again, seldom', fields);
    else if (end.welcomed) logger.info('the connection to the hub ended', fields);
    else logger.warn('no connection to the hub; it tries again', fields);
    this.#trouble = trouble;
  }
}
