/**
 * Brings the audit trail from the registry into the platform channel, each event exactly once:
 *
 *   registry (durable with the change itself) → publish, with a key made of the event → passed on: the registry may forget it
 *
 * Killed between the last two, the hub publishes the same event again at its next start, and the store knows the key, however long the hub
 * was away. Of several hubs the holder of a lock does it. One that was stopped and goes on when another has the lock does no harm: the store
 * knows the keys of what it publishes (it keeps them for a day), and the registry forgets nothing for a token that is over.
 */
import type { Teller } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import { type Registry, RegistryError, type StoredAuditEvent } from '../registry/registry.ts';
import { auditEvent } from './audit-event.ts';
import type { EventStream } from './event-stream.ts';
import { hubDocument } from './hub-document.ts';
import { auditEventsMax, auditLookMs, retryMs } from './limits.ts';

export interface AuditForwarderParts {
  readonly registry: Pick<Registry, 'auditAfter' | 'auditPassedOn' | 'onChanged'>;
  readonly stream: Pick<EventStream, 'publish'>;
  readonly teller: Teller & { readonly site: string };
  readonly clock: Clock;
  readonly logger: Logger;
}

export class AuditForwarder {
  readonly #parts: AuditForwarderParts;
  #failed = false;
  #passedOn = 0;
  /** Sequence of the last one that is in the channel: a registry that takes no writes gives them again and again. */
  #published = 0;

  constructor(parts: AuditForwarderParts) {
    this.#parts = parts;
  }

  /** How many were passed on since the start. */
  get passedOn(): number {
    return this.#passedOn;
  }

  /** Resolves when the lock is lost, or when aborted; then what the stop itself wrote is passed on, if it can be. */
  async run(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { registry, clock } = this.#parts;
    // A store that has lost its end has numbered other events since.
    this.#published = 0;
    while (!signal.aborted) {
      const changed = new AbortController();
      const forget = registry.onChanged(() => changed.abort());
      const passed = await this.#passOnAll(lock, signal);
      if (passed !== 'lost') {
        const isDone = passed === 'done';
        const wake = isDone ? AbortSignal.any([signal, changed.signal]) : signal;
        await clock.sleep(isDone ? auditLookMs : retryMs, wake).catch(() => undefined);
      }
      forget();
      if (passed === 'lost') return;
    }
    await this.#passOnAll(lock, signal);
  }

  /** `later`: it could not be done now. */
  async #passOnAll(lock: HeldLock, signal: AbortSignal): Promise<'done' | 'later' | 'lost'> {
    const { registry, logger } = this.#parts;
    try {
      for (let after = 0; ;) {
        const events = await registry.auditAfter(after, auditEventsMax);
        const last = events.at(-1);
        if (last === undefined) break;
        if (!(await lock.isHeld())) return 'lost';
        for (const event of events) {
          if (event.sequence <= this.#published) continue;
          if ((await this.#publish(event)) === 'full') return 'later';
          this.#published = event.sequence;
        }
        crashPoint('hub.audit.before-passed-on');
        await registry.auditPassedOn(last.sequence, lock);
        this.#passedOn += events.length;
        after = last.sequence;
        if (signal.aborted) break;
      }
      this.#failed = false;
      return 'done';
    } catch (error) {
      // The registry refuses it under a lock that is over: the holder of now does it.
      if (error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT') return 'lost';
      if (!this.#failed)
        logger.error('the audit trail cannot be passed on; it stays in the registry and is tried again', { error });
      this.#failed = true;
      return 'later';
    }
  }

  #publish(event: StoredAuditEvent): Promise<'stored' | 'duplicate' | 'full'> {
    const { stream, teller } = this.#parts;
    const document = hubDocument(auditEvent(event), teller, { nowMs: event.atMs });
    return stream.publish([document], `audit-${event.sequence}-${event.atMs}`);
  }
}
