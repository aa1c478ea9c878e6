/**
 * Keeps one connection to one of the site's hubs, and tries for ever.
 *
 * ```text
 *   waiting ──its time──► connecting ──Welcome──► connected ──socket or session ends──► waiting
 *      ▲                                              │
 *      └────── everything sent is answered ◄── leaving: told to by the hub, too old, or a better hub answers
 * ```
 * Which hub is next is told by hub-list.ts. Hubs that do not answer at once are tried side by side (open-first.ts); a failure goes to
 * the next at once, a round of failures waits with full jitter. Where only a person can help the wait is long, and `status` says why.
 *
 * A connection that is left by choice sends nothing more and waits for its answers first, so that nothing is sent twice. The preferred
 * hub is looked for while another serves: only when it opens a WebSocket the other one is left. No more can be asked of it before: a
 * Hello would supersede the connection that serves. One that then says no Welcome is looked for less and less (hub-list.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Id, Welcome } from '../messages.ts';
import { Backoff } from '@tributary/shared/async/backoff.ts';
import { HubRefusedError, HubUntrustedError } from './tls/hub-errors.ts';
import { isHubAddress, isOpenlyReached } from '@tributary/shared/network/hub-address.ts';
import { Connection, type ConnectionEnd, type ConnectionOptions, isHopeless } from './connection.ts';
import { errorText } from './error-text.ts';
import { HubList, type HubPolicy, type KnownHub } from './hub-list.ts';
import {
  connectTimeoutAmongOthersMs,
  connectTimeoutMs,
  healthyAfterMs,
  hopelessRetryMs,
  leaveRetryMs,
  probeIntervalMs,
  retryMsMax,
  retryMsMin,
  welcomeTimeoutAmongOthersMs,
} from './limits.ts';
import { opened, type OpenedSocket, openFirst } from './open-first.ts';
import { type HowToOpen, openSocket } from './open-socket.ts';
import { TokenBucket } from './token-bucket.ts';

export interface UplinkOptions extends Omit<ConnectionOptions, 'rate' | 'welcomeTimeoutMs'> {
  readonly hubs: readonly string[];
  /** `ordered` without it. */
  readonly hubPolicy?: HubPolicy | undefined;
  readonly proxy?: string | undefined;
  /** Lets a site name hubs that are reached over a network in the clear. */
  readonly plaintext?: boolean | undefined;
  /** Certificates, as they are at each try. */
  readonly secureContext?: HowToOpen['secureContext'];
  /** Bytes of bodies a second. */
  readonly rateLimit?: number | undefined;
  /** About how old a connection gets; 0 or without it: as old as it can. */
  readonly connectionMaxAgeMs?: number | undefined;
  readonly probeIntervalMs?: number;
  readonly random?: () => number;
  /** The longest wait between two tries, where it is none of very many that come back at once. */
  readonly retryMsMax?: number;
}

export interface UplinkStatus {
  readonly state: 'waiting' | 'connecting' | 'connected';
  readonly hub: string;
  readonly hubId: Id | undefined;
  readonly siteId: Id | undefined;
  /** Why there is no connection; empty while there is one, and while one that was left is replaced. */
  readonly trouble: string;
  readonly connectedSinceMs: number | undefined;
  readonly attempts: number;
  /** All that are known, the best first. */
  readonly hubs: readonly KnownHub[];
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backoff: Backoff;
  readonly #hubs: HubList;
  readonly #rate: TokenBucket | undefined;
  #hub: string;
  #state: UplinkStatus['state'] = 'connecting';
  #connection: Connection | undefined;
  #connectedSinceMs: number | undefined;
  #trouble = '';
  #attempts = 0;
  #roundIsOver = false;
  /** Why the connection is to be left as soon as that can be. */
  #leaving: string | undefined;
  #woken = new AbortController();

  constructor(options: UplinkOptions) {
    this.#options = options;
    const { random, hubs, hubPolicy: policy = 'ordered', hello, clock, rateLimit } = options;
    const allows = (hub: string): boolean => isAllowed(hub, options);
    this.#hubs = new HubList({ hubs, policy, agentId: hello.agentId, now: () => clock.monotonic(), allows });
    this.#hub = this.#hubs.preferred;
    if (rateLimit !== undefined) this.#rate = new TokenBucket(rateLimit, () => clock.monotonic());
    this.#backoff = new Backoff({
      msMin: retryMsMin,
      msMax: options.retryMsMax ?? retryMsMax,
      ...(random === undefined ? {} : { random }),
    });
    options.buffer.onAppended(() => this.#connection?.outboxGrew());
  }

  /** Resolves when aborted; rejects when the buffer failed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#options.clock.monotonic();
      const end = await this.#connectOnce(signal);
      this.#options.events.disconnected(end);
      if (signal.aborted) return;
      if (end.welcomed && this.#options.clock.monotonic() - startedMs >= healthyAfterMs) this.#backoff.reset();
      const waitMs = this.#waitAfter(end);
      this.#tellEnd(this.#hub, end, waitMs);
      const woken = AbortSignal.any([signal, this.#woken.signal]);
      if (waitMs > 0) await this.#options.clock.sleep(waitMs, woken).catch(() => undefined);
    }
  }

  /** Asks the site for a stream's position; does nothing while there is no connection. */
  openStream(streamId: Id): void {
    this.#connection?.openStream(streamId);
  }

  closeStream(streamId: Id, position: number): void {
    this.#connection?.closeStream(streamId, position);
  }

  /** A hub's: tells its upstream the health of its site; nothing while there is no connection. */
  sendSnapshot(json: Uint8Array): void {
    this.#connection?.sendSnapshot(json);
  }

  /** Takes another connection in place of the one there is, or does not wait for its next try: something changed that makes it better. */
  renewConnection(hint: string): void {
    this.#leaving = hint;
    this.#woken.abort();
    this.#woken = new AbortController();
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
      hubs: this.#hubs.known(),
    };
  }

  async #connectOnce(signal: AbortSignal): Promise<ConnectionEnd> {
    const { events, clock } = this.#options;
    this.#state = 'connecting';
    this.#attempts += 1;
    this.#roundIsOver = false;
    const candidates = this.#hubs.candidates();
    const hasOthers = candidates.length > 1;
    try {
      const found = await this.#openFirst(candidates, signal);
      if (!('socket' in found)) return found;
      const { hub, socket } = found;
      this.#hub = hub;
      const connection = new Connection(socket, {
        ...this.#options,
        rate: this.#rate,
        welcomeTimeoutMs: hasOthers ? welcomeTimeoutAmongOthersMs : undefined,
        events: {
          ...events,
          welcomed: (welcome) => {
            this.#state = 'connected';
            this.#connectedSinceMs = clock.now();
            this.#trouble = '';
            this.#hubs.connected(hub, welcome.hubs);
            this.#noteStore(welcome);
            this.#options.logger.info('connected', { hub, hubId: welcome.hubId, site: welcome.siteId });
            events.welcomed(welcome);
          },
        },
      });
      this.#connection = connection;
      this.#leaving = undefined;
      const over = new AbortController();
      const watched = this.#leaveInTime(hub, connection, AbortSignal.any([signal, over.signal]));
      const end = await connection.run(signal).finally(() => over.abort());
      await watched;
      if (end.reason !== 'left' && end.reason !== 'drained') this.#roundIsOver = this.#hubs.failed(hub);
      if (!end.welcomed && !signal.aborted) this.#hubs.mute(hub);
      return end;
    } finally {
      this.#connection = undefined;
      this.#connectedSinceMs = undefined;
      this.#state = 'waiting';
      this.#options.buffer.disconnected();
    }
  }

  async #openFirst(candidates: readonly string[], signal: AbortSignal): Promise<OpenedSocket | ConnectionEnd> {
    const timeoutMs = candidates.length > 1 ? connectTimeoutAmongOthersMs : connectTimeoutMs;
    let hint = '';
    const reasons = new Set<ConnectionEnd['reason']>();
    this.#hub = candidates[0] ?? '';
    const found = await openFirst(candidates, {
      signal,
      open: (hub, wanted) => openSocket(hub, this.#howToOpen(timeoutMs), wanted),
      onFailed: (hub, error) => {
        this.#hub = hub;
        hint = errorText(error);
        reasons.add(reasonOf(error));
        if (this.#hubs.failed(hub)) this.#roundIsOver = true;
      },
    });
    // Where one cannot be reached another answer may be a passing one, too.
    const [reason = 'socket', ...others] = reasons;
    return found ?? { reason: others.length > 0 ? 'socket' : reason, hint, retryAfterMs: 0, hubs: [], welcomed: false };
  }

  #howToOpen(timeoutMs: number): HowToOpen {
    const { proxy, secureContext } = this.#options;
    return { proxy, secureContext, timeoutMs };
  }

  /** Leaves the connection when it is old, or when the preferred hub can be reached again. */
  async #leaveInTime(hub: string, connection: Connection, signal: AbortSignal): Promise<void> {
    const { connectionMaxAgeMs = 0, clock, random = Math.random } = this.#options;
    const { probeIntervalMs: probeMs = probeIntervalMs } = this.#options;
    const around = (ms: number): number => ms * (0.75 + random() / 2);
    const aged = connectionMaxAgeMs > 0 ? clock.monotonic() + around(connectionMaxAgeMs) : Number.POSITIVE_INFINITY;
    try {
      for (;;) {
        const ageLeftMs = aged - clock.monotonic();
        const why = this.#leaving ?? (ageLeftMs <= 0 ? 'the connection is old' : undefined);
        if (why !== undefined && connection.leave(why)) return;
        await this.#sleepUnlessWoken(why === undefined ? Math.min(ageLeftMs, around(probeMs)) : leaveRetryMs, signal);
        const { preferred } = this.#hubs;
        if (preferred === hub || connection.welcome === undefined) continue;
        if ((await this.#answers(preferred, signal)) && connection.leave(`${preferred} can be reached again`)) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #sleepUnlessWoken(ms: number, signal: AbortSignal): Promise<void> {
    const woken = AbortSignal.any([signal, this.#woken.signal]);
    await sleep(ms, undefined, { signal: woken, ref: false }).catch(() => undefined);
    signal.throwIfAborted();
  }

  /** Whether the hub takes connections; it is told nothing yet. */
  async #answers(hub: string, signal: AbortSignal): Promise<boolean> {
    try {
      const socket = await openSocket(hub, this.#howToOpen(connectTimeoutAmongOthersMs), signal);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      try {
        await opened(socket, signal);
      } finally {
        socket.on('error', () => undefined);
        socket.close();
        socket.terminate();
        await gone;
      }
      return true;
    } catch {
      return false;
    }
  }

  #noteStore({ storeId, siteId }: Welcome): void {
    const { buffer, logger } = this.#options;
    if (buffer.siteStore !== undefined && buffer.siteStore !== storeId) {
      logger.warn('the site has another store than last time: what is retained is sent again where it is missing', {
        before: buffer.siteStore,
        now: storeId,
      });
    }
    buffer.rememberSiteStore(storeId, siteId);
  }

  /** How long to wait for the next try. */
  #waitAfter(end: ConnectionEnd): number {
    if (end.reason === 'left') return 0;
    if (end.reason === 'drained') {
      this.#hubs.drained(this.#hub, end.hubs);
      return this.#backoff.next();
    }
    if (isHopeless(end.reason)) return Math.max(end.retryAfterMs, hopelessRetryMs);
    return Math.max(end.retryAfterMs, this.#roundIsOver ? this.#backoff.next() : 0);
  }

  /** Once per trouble, not per try. */
  #tellEnd(hub: string, end: ConnectionEnd, waitMs: number): void {
    const { logger } = this.#options;
    // To leave a connection for another is no trouble.
    const isLeft = end.reason === 'left';
    const trouble = isLeft ? '' : troubleOf(end);
    const fields = { hub, reason: end.reason, hint: end.hint, retryInMs: waitMs };
    if (!isLeft && trouble === this.#trouble) logger.debug('no connection to the hub', fields);
    else if (isHopeless(end.reason))
      logger.error(`the hub refuses this ${this.#options.hello.sender}; it tries again, seldom`, fields);
    else if (isLeft) logger.info('the connection to the hub is left for another', fields);
    else if (end.welcomed) logger.info('the connection to the hub ended', fields);
    else logger.warn('no connection to the hub; it tries again', fields);
    this.#trouble = trouble;
  }
}

function troubleOf({ reason, hint }: ConnectionEnd): string {
  const isOutside = reason === 'socket' || reason === 'refused' || reason === 'untrusted';
  return isOutside ? hint : `${reason}: ${hint}`;
}

function reasonOf(error: Error): ConnectionEnd['reason'] {
  if (error instanceof HubUntrustedError) return 'untrusted';
  return error instanceof HubRefusedError && isRefusal(error.statusCode) ? 'refused' : 'socket';
}

/** Anything else may be a balancer whose hubs are all away. */
function isRefusal(statusCode: number): boolean {
  return statusCode === 401 || statusCode === 403;
}

/** A hub that is reached by TLS sends its agents nowhere where there is none, nor anybody into the open who does not want that. */
function isAllowed(hub: string, { hubs, proxy, plaintext = false }: UplinkOptions): boolean {
  if (!isHubAddress(hub)) return false;
  if (hubs.every((configured) => configured.startsWith('wss:'))) return hub.startsWith('wss:');
  return plaintext || !isOpenlyReached(hub, proxy);
}
