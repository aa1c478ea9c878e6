/**
 * Tells one receiver. What it is about to be told is stored before it is sent, with the message and its id, and that it was sent is stored after: a hub
 * that is killed in between is followed by one that sends the same message under the same id. At least once, for as long as `retry_for`.
 *
 *   looking ──(something is to be told: stored)──► sending ──(sent, or given up: stored)──► looking
 *
 * What is stored says what it was made from. A hub that was given the lock may not have seen yet what the one before it stored last: it is refused then, and goes on
 * from that, so that one change is not told under two ids.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import type { AlertOptions, ReceiverOptions } from '../config/alert-options.ts';
import { type Registry, RegistryError } from '../registry/registry.ts';
import { type Alert, type AlertItem, type AlertMessage, isRouted } from './alert.ts';
import { AlertBook, type Held } from './alert-book.ts';
import { isWithin } from './hours.ts';
import type { AlertChannel } from './channels/alert-channel.ts';
import { RefusedError } from './channels/refused-error.ts';
import { refusalsMax, sendRetry, takeoverMsMax, troubleTextMax } from './limits.ts';
import { readStoredBook, type StoredBook, storedText } from './stored-book.ts';

export interface AlertSenderParts {
  readonly site: { readonly name: string; readonly siteId: string };
  readonly options: AlertOptions;
  readonly receiver: ReceiverOptions;
  readonly channel: AlertChannel;
  readonly registry: Pick<Registry, 'meta' | 'setMeta'>;
  readonly lock: Pick<HeldLock, 'name' | 'token' | 'isHeld'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
}

/** For `alerts list`. */
export interface SenderStatus {
  readonly receiver: string;
  readonly kind: string;
  /** Why what is to be told was not yet; empty while all is well. */
  readonly trouble: string;
  readonly lastSentMs?: number;
}

interface Outgoing {
  readonly message: AlertMessage;
  readonly firstMs: number;
}

export class AlertSender {
  readonly #parts: AlertSenderParts;
  /** As far as this hub knows. */
  #stored: StoredBook;
  /** What the hub before told is not known. */
  #isToBegin = false;
  #book = new AlertBook();
  #outgoing: Outgoing | undefined;
  #isStored = true;
  #lastSentMs: number | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;
  #waitMs = sendRetry.msMin;
  /** How often what is to be sent was refused for what it says. */
  #refusals = 0;
  #trouble = '';

  constructor(parts: AlertSenderParts) {
    this.#parts = parts;
    this.#stored = this.#read();
    this.#open();
  }

  get status(): SenderStatus {
    const { name, kind } = this.#parts.receiver;
    const sent = this.#lastSentMs === undefined ? {} : { lastSentMs: this.#lastSentMs };
    return { receiver: name, kind, trouble: this.#trouble, ...sent };
  }

  /** What stands now. Rejects only with what the registry says, and then does the same the next time. */
  async tick(standing: readonly Alert[], held: Omit<Held, 'isForLater'>, signal: AbortSignal): Promise<void> {
    const { receiver, clock } = this.#parts;
    const own = standing.filter((alert) => isRouted(alert, receiver.routes));
    const nowMs = clock.now();
    const open = receiver.routes.filter(({ hours }) => hours === undefined || isWithin(hours, nowMs));
    // What was told by a route that is not there any more is neither for later nor unknown: it is over for this receiver.
    const isForLater = (alert: Alert): boolean => isRouted(alert, receiver.routes) && !isRouted(alert, open);
    const isUnknown = (alert: Alert): boolean => isRouted(alert, receiver.routes) && held.isUnknown(alert);
    const ownHeld = { ...held, isForLater, isUnknown };
    if (this.#isToBegin) this.#begin(own, ownHeld);
    this.#book.look(own, ownHeld, clock.monotonic());
    this.#takeMessage();
    if (!this.#isStored && !(await this.#store())) return;
    if (this.#outgoing !== undefined && clock.monotonic() >= this.#nextMs) await this.#send(this.#outgoing, signal);
  }

  /** What the hub before told cannot be read: what it had the time to tell counts as told. What is younger may be told twice. */
  #begin(standing: readonly Alert[], held: Held): void {
    const { clock, options } = this.#parts;
    const nowMs = clock.now();
    const toldAfterMs = takeoverMsMax + options.group_wait + options.interval;
    const isTold = (alert: Alert): boolean =>
      nowMs - alert.sinceMs >= toldAfterMs && !held.isSilenced(alert) && !held.isForLater(alert);
    this.#book.assume(standing.filter(isTold), nowMs);
    this.#isToBegin = false;
    this.#isStored = false;
  }

  #takeMessage(): void {
    if (this.#outgoing !== undefined) return;
    const { clock, options, site } = this.#parts;
    const nowMs = clock.now();
    const { group_wait: groupWaitMs, interval: intervalMs, resolve_after: resolveAfterMs, repeat: repeatMs } = options;
    const timing = { groupWaitMs, intervalMs, resolveAfterMs, repeatMs };
    const told = this.#book.take(timing, { nowMs, monotonicMs: clock.monotonic() });
    if (told === undefined) return;
    const items = told.items.map(shown);
    const about = { id: randomUUID(), site: site.name, siteId: site.siteId, atMs: nowMs, isTest: false };
    this.#outgoing = { message: { ...about, ...told, items }, firstMs: nowMs };
    this.#isStored = false;
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#waitMs = sendRetry.msMin;
  }

  async #send(outgoing: Outgoing, signal: AbortSignal): Promise<void> {
    const { channel, clock, lock, logger, options, receiver } = this.#parts;
    if (!(await lock.isHeld())) return;
    const { id } = outgoing.message;
    const about = { receiver: receiver.name, alert_id: id };
    try {
      await channel.send(outgoing.message, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#trouble = printable(error instanceof Error ? error.message : String(error)).slice(0, troubleTextMax);
      this.#nextMs = clock.monotonic() + this.#waitMs;
      this.#waitMs = Math.min(this.#waitMs * 2, sendRetry.msMax);
      if (error instanceof RefusedError) this.#refusals += 1;
      if (this.#refusals < refusalsMax && clock.now() - outgoing.firstMs < options.retry_for) {
        logger.warn('an alert cannot be sent yet', { ...about, reason: this.#trouble });
        return;
      }
      logger.error('an alert was not sent and is given up', { ...about, reason: this.#trouble });
      await this.#end();
      return;
    }
    crashPoint('hub.alerts.sent');
    this.#trouble = '';
    this.#lastSentMs = clock.now();
    logger.info('an alert was sent', about);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#outgoing = undefined;
    this.#refusals = 0;
    this.#isStored = false;
    await this.#store();
  }

  /** False: another hub stored something since, and this one goes on from there. */
  async #store(): Promise<boolean> {
    const { registry, lock } = this.#parts;
    const { key, from, beside } = this.#stored;
    const text = storedText({ book: this.#book.state, outgoing: this.#outgoing, lastSentMs: this.#lastSentMs, beside });
    const fence = { name: lock.name, token: lock.token };
    try {
      await registry.setMeta({ [key]: text }, { from, fence });
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT')) throw error;
      this.#stored = this.#read();
      this.#open();
      return false;
    }
    this.#stored = { ...this.#stored, from: { ...from, [key]: text } };
    this.#isStored = true;
    return true;
  }

  #read(): StoredBook {
    const { registry, receiver } = this.#parts;
    return readStoredBook((key) => registry.meta(key), receiver.name);
  }

  #open(): void {
    const { receiver, logger } = this.#parts;
    const { state, beside } = this.#stored;
    this.#isToBegin = beside !== undefined && state === undefined;
    if (this.#isToBegin) {
      const message =
        'what is stored of a receiver is of a newer hub of this site, or damaged: it is kept, and what has been standing counts as told until it is told again (repeat)';
      logger.warn(message, { receiver: receiver.name });
    }
    this.#book = new AlertBook(state?.book);
    this.#outgoing = state?.outgoing;
    this.#lastSentMs = state?.lastSentMs;
    this.#isStored = true;
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#refusals = 0;
  }
}

function shown(item: AlertItem): AlertItem {
  return { ...item, name: printable(item.name), reason: printable(item.reason) };
}
