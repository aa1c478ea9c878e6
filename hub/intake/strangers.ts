/**
 * Who was turned away, and why: one call counts it, writes the log line and the audit event. Whatever the peer said of itself is not
 * trusted: it is told as what it is, printable and short. A flood of the same is told once a minute; the counters have all.
 */
import type { Logger } from '@tributary/shared/log.ts';
import { Seldom } from '../listeners/seldom.ts';
import type { AuditActionName } from '../platform/audit-actions.ts';
import type { Registry } from '../registry/registry.ts';

export interface TurnedAway {
  /** `agent-refused` unless given. */
  readonly action?: AuditActionName;
  /** A short stable name of the reason. */
  readonly reason: string;
  /** Address of the peer, for people. */
  readonly remote: string;
  /** Who it is by its certificate or token, or claims to be; undefined: nobody knows. */
  readonly subject?: string | undefined;
  readonly tenant?: string | undefined;
  readonly hint: string;
}

export interface StrangersParts {
  readonly log: Logger;
  /** Undefined: there is no audit trail, as in tests of the intake alone. */
  readonly registry: Pick<Registry, 'record'> | undefined;
  readonly seldom?: Seldom;
}

export class Strangers {
  readonly #parts: StrangersParts;
  readonly #seldom: Seldom;
  readonly #counts = new Map<string, number>();
  /** Of these, how many the audit trail tells. */
  readonly #told = new Map<string, number>();

  constructor(parts: StrangersParts) {
    this.#parts = parts;
    this.#seldom = parts.seldom ?? new Seldom();
  }

  /** How many were turned away since the start, by reason. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** For what is no attempt of somebody in particular: a connection too many, a handshake that failed. Not in the audit trail. */
  count(reason: string, remote: string, hint: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#seldom.isNews(`${reason} ${addressOf(remote)}`)) this.#parts.log.warn(hint, { reason, remote });
  }

  /** In the audit trail too, with `count`: itself and those for the same reason that it did not tell of since. */
  turnedAway({ action = 'agent-refused', reason, remote, subject = '', tenant, hint }: TurnedAway): void {
    const total = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, total);
    if (!this.#seldom.isNews(`${reason} ${subject} ${addressOf(remote)}`)) return;
    const count = total - (this.#told.get(reason) ?? 0);
    this.#told.set(reason, total);
    const { log, registry } = this.#parts;
    log.warn('a peer was turned away', { reason, remote, subject, hint });
    registry
      ?.record({
        action,
        actor: subject === '' ? 'stranger' : `${action === 'agent-refused' ? 'agent' : 'token'}:${subject}`,
        address: remote,
        outcome: 'failure',
        tenant,
        details: { reason, hint, count },
      })
      .catch((error: unknown) => log.error('the audit trail did not take an event', { error, reason, remote }));
  }
}

/** Without the port, which is another one each time. */
function addressOf(remote: string): string {
  return remote.replace(/:\d+$/, '');
}
