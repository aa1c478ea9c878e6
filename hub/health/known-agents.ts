/**
 * The agents that ought to be there: those of the registry, and those without a certificate that came to any hub of the site while this
 * one knew it, for a day after they were last here. Which of them are connected is asked of the intake.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { ConnectionStatus } from '../intake/intake.ts';
import type { Registry } from '../registry/registry.ts';
import { plainAgentsMax } from './limits.ts';
import type { KnownAgent } from './model/facts.ts';

export interface SeenAgent extends KnownAgent {
  /** To any hub of the site. */
  readonly connected: boolean;
  readonly connectedHere: boolean;
  /** Since when it has been connected without a break, as far as this hub saw it. */
  readonly hereSinceMs: number | undefined;
  /** When it was last here; undefined: it never was. */
  readonly lastSeenMs: number | undefined;
  readonly enrolledMs: number | undefined;
  /** Of its certificate. */
  readonly notAfterMs: number | undefined;
  /** As it told; undefined: it did not. */
  readonly version: string | undefined;
  /** Why it stopped, where it told. */
  readonly farewell: string | undefined;
}

export type AgentConnection = Pick<ConnectionStatus, 'agentId' | 'host' | 'identity' | 'tenant'>;

export interface KnownAgentsParts {
  readonly registry: Pick<Registry, 'agents'>;
  readonly connections: () => readonly AgentConnection[];
  /** To other hubs of the site. */
  readonly elsewhere: () => ReadonlySet<Id>;
  /** Those of them without a certificate. */
  readonly plainElsewhere: () => readonly KnownAgent[];
  readonly told: (agentId: Id) => { readonly version: string; readonly farewell: string | undefined } | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** One without a certificate, of which the registry knows nothing. */
export type PlainAgent = KnownAgent & { readonly lastSeenMs: number };

/** Hubs tell each other every three seconds (site-parts.ts). */
const leftLatelyMs = 10_000;
const forgottenAfterMs = 24 * 3_600_000;

export class KnownAgents {
  readonly #parts: KnownAgentsParts;
  readonly #plain = new Map<Id, PlainAgent>();
  readonly #hereSinceMs = new Map<Id, number>();
  readonly #leftMs = new Map<Id, number>();
  /** Without a certificate, lately, from this hub. */
  #leftHere: PlainAgent[] = [];

  constructor(parts: KnownAgentsParts) {
    this.#parts = parts;
  }

  /** As they were known before a start. */
  restore(plain: readonly PlainAgent[]): void {
    const nowMs = this.#parts.clock.now();
    for (const agent of plain) {
      // The clock may have been set back since.
      if (!this.#plain.has(agent.agentId)) this.#keep({ ...agent, lastSeenMs: Math.min(agent.lastSeenMs, nowMs) });
    }
  }

  get plain(): readonly PlainAgent[] {
    return [...this.#plain.values()];
  }

  /** One that came and went between two looks is expected, too. */
  left(connection: AgentConnection): void {
    const lastSeenMs = this.#parts.clock.now();
    const left = plainAgents([connection]).map((agent) => ({ ...agent, lastSeenMs }));
    for (const agent of left) this.#keep(agent);
    if (this.#leftHere.length < plainAgentsMax) this.#leftHere.push(...left);
  }

  /** Those without a certificate that are connected to this hub, or left it a moment ago: whoever asks every few seconds hears of each. */
  plainHere(): readonly KnownAgent[] {
    const left = this.#leftHere.map(({ agentId, host, tenants }) => ({ agentId, host, tenants }));
    return [...plainAgents(this.#parts.connections()), ...left];
  }

  all(): readonly SeenAgent[] {
    const { registry, elsewhere, clock } = this.#parts;
    const nowMs = clock.now();
    const now = { nowMs, here: this.#connected(nowMs), away: elsewhere() };
    const all = new Map<Id, SeenAgent>();
    for (const agent of registry.agents()) {
      // Enrolled since, or revoked: what it was before says nothing any more.
      this.#plain.delete(agent.agentId);
      if (agent.kind !== 'agent' || agent.state === 'revoked') continue;
      const notAfterMs = agent.fingerprints.length === 0 ? undefined : agent.notAfterMs;
      all.set(agent.agentId, this.#seen(agent, { enrolledMs: agent.enrolledMs, notAfterMs }, now));
    }
    for (const agent of this.#plain.values()) {
      all.set(agent.agentId, this.#seen(agent, { enrolledMs: undefined, notAfterMs: undefined }, now));
    }
    this.#keepOnly(all);
    return [...all.values()];
  }

  #seen(
    { agentId, host, tenants, lastSeenMs }: KnownAgent & { readonly lastSeenMs: number | undefined },
    { enrolledMs, notAfterMs }: Pick<SeenAgent, 'enrolledMs' | 'notAfterMs'>,
    { nowMs, here, away }: { readonly nowMs: number; readonly here: ReadonlySet<Id>; readonly away: ReadonlySet<Id> },
  ): SeenAgent {
    const connectedHere = here.has(agentId);
    const connected = connectedHere || away.has(agentId);
    const { version, farewell } = this.#parts.told(agentId) ?? {};
    return {
      agentId,
      host,
      tenants,
      connected,
      connectedHere,
      hereSinceMs: this.#since(agentId, { connected, nowMs }),
      lastSeenMs: connected ? nowMs : this.#lastHereMs(agentId, lastSeenMs),
      enrolledMs,
      notAfterMs,
      version,
      farewell,
    };
  }

  #connected(nowMs: number): ReadonlySet<Id> {
    const here = new Set<Id>();
    this.#leftHere = this.#leftHere.filter(({ lastSeenMs }) => Math.abs(nowMs - lastSeenMs) < leftLatelyMs);
    const connections = this.#parts.connections();
    for (const { agentId, identity } of connections) if (agentId !== undefined && identity !== 'lower-site') here.add(agentId);
    for (const agent of this.#parts.plainElsewhere()) if (!here.has(agent.agentId)) this.#keep({ ...agent, lastSeenMs: nowMs });
    for (const agent of plainAgents(connections)) this.#keep({ ...agent, lastSeenMs: nowMs });
    for (const { agentId, lastSeenMs } of this.#plain.values()) {
      if (nowMs - lastSeenMs > forgottenAfterMs) this.#plain.delete(agentId);
    }
    return here;
  }

  #since(agentId: Id, { connected, nowMs }: { readonly connected: boolean; readonly nowMs: number }): number | undefined {
    if (connected) return this.#hereSinceMs.getOrInsert(agentId, nowMs);
    if (this.#hereSinceMs.delete(agentId)) this.#leftMs.set(agentId, nowMs);
    return undefined;
  }

  /** The registry writes it down once a minute only. */
  #lastHereMs(agentId: Id, registeredMs: number | undefined): number | undefined {
    const leftMs = this.#leftMs.get(agentId);
    return leftMs === undefined || (registeredMs ?? 0) > leftMs ? registeredMs : leftMs;
  }

  #keep(agent: PlainAgent): void {
    if (this.#plain.size < plainAgentsMax || this.#plain.has(agent.agentId)) this.#plain.set(agent.agentId, agent);
  }

  /** Who was revoked, or came without a certificate and not again, is expected no more: what was seen of it says nothing if it comes back. */
  #keepOnly(expected: Pick<ReadonlyMap<Id, unknown>, 'has'>): void {
    for (const times of [this.#hereSinceMs, this.#leftMs])
      for (const agentId of times.keys()) if (!expected.has(agentId)) times.delete(agentId);
  }
}

/** Who is connected without a certificate, as it says itself. */
export function plainAgents(connections: readonly AgentConnection[]): KnownAgent[] {
  return connections.flatMap(({ agentId, host = '', identity, tenant }) =>
    agentId === undefined || identity !== 'plain' ? [] : [{ agentId, host, tenants: tenant === undefined ? 'all' : [tenant] }],
  );
}
