/**
 * Agents that are known and not connected, or whose connection stands and nobody answers. A short absence is none: agents that start again, or
 * go to another hub, are back within seconds. It counts from the first look that missed them, so that nobody is missed because the hub itself was away; and
 * after a start of the hub each has the time to try again.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import type { SeenAgent } from '../known-agents.ts';
import { momentText, type Rule, type RuleFacts } from './rule.ts';

/** Between its enrolment and its first start a person types a command, or a script installs the rest. */
const firstStartMs = 120_000;

/** Agents of which the hub was away for long try again every fifteen seconds at the latest (`retryMsMax`, protocol/uplink/limits.ts). */
const returnMs = 20_000;

interface Missed {
  /** By the monotonic clock. */
  readonly sinceMs: number;
  /** The same moment for people: it does not change while it lasts. */
  readonly atMs: number;
  /** As of the first look after the start. */
  readonly isFromStart: boolean;
}

export class AgentSilent implements Rule {
  readonly kinds = ['agent-silent'] as const;
  readonly #missed = new Map<Id, Missed>();
  readonly #silentMs: () => ReadonlyMap<Id, number>;

  #hasLooked = false;

  /** `silentMs`: for how long each of those that are connected here and do not answer has not. */
  constructor(silentMs: () => ReadonlyMap<Id, number>) {
    this.#silentMs = silentMs;
  }

  look({ agents, monotonicMs, nowMs }: RuleFacts, { agent_silent: { enabled, after, forget } }: HealthRules): readonly Finding[] {
    const found: Finding[] = [];
    const missing = new Set<Id>();
    const silentMs = this.#silentMs();
    for (const agent of agents) {
      const { agentId, connected, lastSeenMs = agent.enrolledMs ?? nowMs } = agent;
      const unansweredMs = silentMs.get(agentId) ?? 0;
      if ((connected && unansweredMs === 0) || nowMs - lastSeenMs > forget) continue;
      missing.add(agentId);
      const first = { sinceMs: monotonicMs - unansweredMs, atMs: nowMs - unansweredMs, isFromStart: !this.#hasLooked };
      const { sinceMs, atMs, isFromStart } = this.#missed.getOrInsert(agentId, first);
      const leastMs = isBeforeFirstStart(agent, nowMs) ? firstStartMs : isFromStart ? returnMs : 0;
      const patienceMs = Math.max(after, leastMs);
      if (enabled && monotonicMs - sinceMs >= patienceMs) found.push(connected ? unanswering(agent, atMs) : silent(agent));
    }
    for (const agentId of this.#missed.keys()) if (!missing.has(agentId)) this.#missed.delete(agentId);
    this.#hasLooked = true;
    return found;
  }
}

/** By when it was enrolled: a start of the hub gives nobody another two minutes. */
function isBeforeFirstStart({ lastSeenMs, enrolledMs }: SeenAgent, nowMs: number): boolean {
  return lastSeenMs === undefined && (enrolledMs === undefined || nowMs - enrolledMs < firstStartMs);
}

function silent({ agentId, host, lastSeenMs, enrolledMs, farewell }: SeenAgent): Finding {
  const seen = lastSeenMs === undefined ? 'was never here' : `is not connected since ${momentText(lastSeenMs)}`;
  const why = farewell === undefined ? '' : ` (${printable(farewell)})`;
  const search = 'see whether its machine runs, whether tributary-agent runs on it, and whether it reaches this hub';
  const forGood =
    enrolledMs === undefined ? 'without a certificate it is expected for a day' : 'revoke it if it is gone for good';
  const advice = farewell === undefined ? search : 'start tributary-agent on it again';
  const reason = `agent ${agentId} on ${printable(host)} ${seen}${why}: ${advice}; ${forGood}`;
  return { kind: 'agent-silent', subject: agentId, level: 'red', reason };
}

function unanswering({ agentId, host }: SeenAgent, sinceMs: number): Finding {
  const where = `agent ${agentId} on ${printable(host)}`;
  const reason = `${where} does not answer since ${momentText(sinceMs)}, although its connection stands: see whether its machine runs, whether the network to it is cut, and whether tributary-agent hangs there (start it again)`;
  return { kind: 'agent-silent', subject: agentId, level: 'red', reason };
}
