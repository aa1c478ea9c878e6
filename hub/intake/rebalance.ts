/**
 * Whether this hub has too many agents, and which hubs have fewer: pure, members and time given. Agents are asked to go a few at a time,
 * towards the mean and not beyond it, and each only once in a while, so that none is sent to and fro.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { HubMember } from '../cluster/cluster.ts';
import { rebalanceLimits } from './limits.ts';

export interface Surplus {
  /** How many may be asked to go now. */
  readonly count: number;
  /** Where: those with the fewest first. */
  readonly hubs: readonly string[];
}

const none: Surplus = { count: 0, hubs: [] };

export class Rebalance {
  readonly #hubId: Id;
  readonly #connectionsMax: number;
  /** Between the first sign of too many and the mean. */
  #isOn = false;
  /** When an agent was asked to go. */
  readonly #askedMs = new Map<Id, number>();

  constructor(parts: { readonly hubId: Id; readonly connectionsMax: number }) {
    this.#hubId = parts.hubId;
    this.#connectionsMax = parts.connectionsMax;
  }

  /** `own`: agents connected to this hub now. */
  surplus(members: readonly HubMember[], own: number): Surplus {
    const ready = members.filter(({ state, address }) => state === 'ready' && address !== '');
    const others = ready.filter(({ hubId }) => hubId !== this.#hubId);
    if (others.length === 0 || others.length === ready.length) return this.#off();
    const mean = (own + others.reduce((sum, { connections }) => sum + connections, 0)) / ready.length;
    const { overMean, overCount, stopOverMean, perTickMax, share } = rebalanceLimits;
    if (own <= mean * stopOverMean) return this.#off();
    const isUneven = own > mean * overMean && own > mean + overCount;
    if (isUneven || own > this.#connectionsMax) this.#isOn = true;
    if (!this.#isOn) return none;
    const fewer = others.filter(({ connections }) => connections < mean);
    const hubs = fewer.toSorted((left, right) => left.connections - right.connections).map(({ address }) => address);
    if (hubs.length === 0) return none;
    return { count: Math.min(perTickMax, Math.ceil((own - mean) * share)), hubs };
  }

  /** False: it was asked not long ago and is here all the same. */
  mayAsk(agentId: Id, monotonicMs: number): boolean {
    const askedMs = this.#askedMs.get(agentId);
    return askedMs === undefined || monotonicMs - askedMs >= rebalanceLimits.askAgainMs;
  }

  asked(agentId: Id, monotonicMs: number): void {
    this.#askedMs.delete(agentId);
    this.#askedMs.set(agentId, monotonicMs);
    for (const [known, askedMs] of this.#askedMs) {
      if (monotonicMs - askedMs < rebalanceLimits.askAgainMs && this.#askedMs.size <= rebalanceLimits.rememberedMax) break;
      this.#askedMs.delete(known);
    }
  }

  #off(): Surplus {
    this.#isOn = false;
    return none;
  }
}
