/**
 * Tells people of what changes its colour: one hub of the site at a time does, each receiver by a sender of its own, so that one that does not answer keeps no other
 * from being told. A changed configuration has the senders made anew; what they told is in the registry.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import type { Cluster, HeldLock } from '../cluster/cluster.ts';
import type { AlertOptions, ReceiverOptions } from '../config/alert-options.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from '../health/findings.ts';
import { foundAgainMs } from '../health/limits.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { Registry } from '../registry/registry.ts';
import { type Alert, alertsOf } from './alert.ts';
import type { Held } from './alert-book.ts';
import { AlertSender, type SenderStatus } from './alert-sender.ts';
import { alertChannel } from './channels/alert-channel.ts';
import { Holds } from './holds.ts';
import { alertLookMs, foundAgainTimes, troubleTextMax } from './limits.ts';
import { isUnheard } from './unheard.ts';

export interface AlertsParts {
  readonly site: { readonly name: string; readonly siteId: string };
  /** As the configuration has them now; the same object until it changes. */
  readonly options: () => AlertOptions;
  readonly tree: () => HealthTree;
  readonly registry: Pick<Registry, 'meta' | 'setMeta' | 'record'>;
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stands, and whether somebody is told of it. */
export interface ListedAlert extends Alert {
  readonly silenced: boolean;
  readonly acknowledged: ReturnType<Holds['acknowledged']>;
}

export class Alerts {
  readonly holds: Holds;
  readonly #parts: AlertsParts;
  #senders: readonly AlertSender[] = [];
  /** Since when this hub has looked, by the clock that is never set: also while another one tells. */
  #startedMs = 0;
  #isBroken = false;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    const { registry, clock, tree, logger } = parts;
    this.holds = new Holds({ registry, clock, tree, logger });
  }

  /** Resolves when aborted. */
  run(signal: AbortSignal): Promise<void> {
    this.#startedMs = this.#parts.clock.monotonic();
    return this.#parts.cluster.underLock('alerts', signal, (lock, inner) => this.#keep(lock, inner));
  }

  /** Receivers as they are configured; how each does is known by the hub that tells them. */
  receivers(): readonly SenderStatus[] {
    if (this.#senders.length > 0) return this.#senders.map(({ status }) => status);
    return this.#parts.options().receivers.map(({ name, kind }) => ({ receiver: name, kind, trouble: '' }));
  }

  /** The gravest first is the order of the page; here it is that of the tree. */
  list(): readonly ListedAlert[] {
    return alertsOf(this.#parts.tree()).map((alert) => ({
      ...alert,
      name: printable(alert.name),
      reason: printable(alert.reason),
      silenced: this.holds.isSilenced(alert),
      acknowledged: this.holds.acknowledged(alert.node, alert),
    }));
  }

  /** Has a receiver told that nothing is wrong, by this hub. Throws an OperationError. */
  async test(name: string, { actor, address }: Actor): Promise<{ readonly id: string }> {
    const { options: now, registry, site, clock } = this.#parts;
    const options = now();
    const receiver = options.receivers.find((one) => one.name === name);
    if (receiver === undefined) throw new OperationError('unknown', 'no receiver has this name: alerts.receivers has them');
    const action = { action: 'alert-tested', actor, address, tenant: undefined, details: { receiver: name } } as const;
    await registry.record({ ...action, outcome: 'success' });
    const id = randomUUID();
    const counts = { raised: 0, worse: 0, better: 0, resolved: 0, lasts: 0 };
    const about = { id, site: site.name, siteId: site.siteId, atMs: clock.now(), isTest: true };
    try {
      const message = { ...about, items: [], counts, standing: { red: 0, yellow: 0 } };
      await alertChannel(receiver, options).send(message, new AbortController().signal);
    } catch (error) {
      const why = printable(error instanceof Error ? error.message : String(error)).slice(0, troubleTextMax);
      throw new OperationError('refused', `${name} was not told: ${why}`, { cause: error });
    }
    return { id };
  }

  async #keep(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { options: now, clock } = this.#parts;
    try {
      while (!signal.aborted && (await lock.isHeld())) {
        const options = now();
        this.#senders = options.receivers.map((receiver) => this.#sender(receiver, { options, lock }));
        const isOn = async (): Promise<boolean> => !signal.aborted && now() === options && (await lock.isHeld());
        await Promise.all([...this.#senders.map((sender) => this.#send(sender, isOn, signal)), this.#tidy(isOn, signal)]);
        await pause(clock, alertLookMs, signal);
      }
    } finally {
      this.#senders = [];
      this.#parts.findings.set('alert-undelivered', []);
    }
  }

  #sender(
    receiver: ReceiverOptions,
    { options, lock }: { readonly options: AlertOptions; readonly lock: HeldLock },
  ): AlertSender {
    const { site, registry, clock, logger } = this.#parts;
    return new AlertSender({ site, options, receiver, channel: alertChannel(receiver, options), registry, lock, clock, logger });
  }

  async #send(sender: AlertSender, isOn: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { clock, tree } = this.#parts;
    while (await isOn()) {
      // Before the first look at health everything would seem to be over.
      if (tree().size > 0) await this.#tried(() => sender.tick(alertsOf(tree()), this.#held(), signal));
      await pause(clock, alertLookMs, signal);
    }
  }

  async #tidy(isOn: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { clock, tree, findings } = this.#parts;
    while (await isOn()) {
      if (tree().size > 0) await this.#tried(() => this.holds.tidy());
      findings.set('alert-undelivered', this.#senders.flatMap(undelivered));
      await pause(clock, alertLookMs, signal);
    }
  }

  #held(): Omit<Held, 'isForLater'> {
    const { clock, options, tree } = this.#parts;
    const graceMs = Math.min(foundAgainMs, foundAgainTimes * options().resolve_after);
    const isNew = clock.monotonic() - this.#startedMs < graceMs;
    return {
      isSilenced: (alert) => this.holds.isSilenced(alert),
      isAcknowledged: (alert) => this.holds.acknowledged(alert.node, alert) !== undefined,
      isUnknown: ({ node }) => isNew || isUnheard(tree(), node),
    };
  }

  /** What the registry refuses is tried again; told once. */
  async #tried(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken)
        this.#parts.logger.warn('what people are told of cannot be stored: nobody is told until it can', { error });
      this.#isBroken = true;
    }
  }
}

function undelivered({ status: { receiver, trouble } }: AlertSender): Parameters<Findings['set']>[1] {
  if (trouble === '') return [];
  const reason = `alerts for ${receiver} wait, as it does not take them: ${trouble}; tributary-hub alerts test ${receiver} tries it`;
  return [{ kind: 'alert-undelivered', subject: receiver, level: 'yellow', reason }];
}
