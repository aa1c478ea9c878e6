/**
 * The hubs of a site tell each other every few seconds what each of them knows alone: its findings, its listeners, who is connected to it. So
 * all of them give the same answer. What a hub told holds for as long as it is a member of the site, and a short time: one that is not heard of says
 * nothing any more. Where the store is away nobody is heard of, and the members stay as they were: so does what they told.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import * as z from 'zod';
import type { Cluster } from '../cluster/cluster.ts';
import { pause } from '../groups/retry.ts';
import type { StandingFinding } from './findings.ts';
import { plainAgentsMax } from './limits.ts';
import type { ListenerRate } from './listener-facts.ts';
import type { KnownAgent } from './model/facts.ts';
import { findingKinds } from './model/places.ts';

export interface SitePart {
  readonly hubId: Id;
  readonly findings: readonly StandingFinding[];
  readonly listeners: readonly string[];
  readonly listenerRates: readonly ListenerRate[];
  /** Agents that are connected to it. */
  readonly agents: readonly Id[];
  /** Those without a certificate that are connected to it or left it a moment ago: no registry tells the others of these. */
  readonly plain: readonly KnownAgent[];
  /** Sites below that are connected to it. */
  readonly sites: readonly Id[];
}

export interface SitePartsParts {
  readonly cluster: Pick<Cluster, 'hubId' | 'members' | 'announce' | 'onAnnounced'>;
  readonly clock: Clock;
  /** Whether there may be other hubs. */
  readonly isShared: boolean;
  readonly own: () => Omit<SitePart, 'hubId'>;
}

interface Heard {
  readonly part: SitePart;
  readonly atMs: number;
}

const announcement = 'health-part ';
const farewell = 'health-left ';
const tellMs = 3000;
/** Three of them may be missed. */
const heardMs = 10_000;
const textMax = 2000;
const hubsMax = 1000;
const agentsMax = 100_000;
const findingsMax = 20_000;
const tenantsMax = 1000;
const listenersMax = 1000;

const id = z.string().regex(/^[0-9a-f]{32}$/);
const finding = z.object({
  kind: z.enum(findingKinds),
  subject: z.string().max(textMax),
  level: z.enum(['yellow', 'red']),
  reason: z.string().max(textMax),
  sinceMs: z.number(),
});
const plainAgent = z.object({
  agentId: id,
  host: z.string().max(textMax),
  tenants: z.union([z.literal('all'), z.array(z.string().max(textMax)).max(tenantsMax)]),
});
const listenerRate = z.object({ name: z.string().max(textMax), records: z.number(), bytes: z.number() });
const part = z.object({
  hubId: id,
  findings: readable(finding, findingsMax),
  listeners: z.array(z.string().max(textMax)).max(listenersMax),
  // An older hub tells neither of these, nor who has no certificate.
  listenerRates: readable(listenerRate, listenersMax).default([]),
  agents: z.array(id).max(agentsMax),
  plain: readable(plainAgent, plainAgentsMax).default([]),
  sites: z.array(id).max(agentsMax),
});

export class SiteParts implements Disposable {
  readonly #parts: SitePartsParts;
  readonly #heard = new Map<Id, Heard>();
  readonly #left = new Set<(hubId: Id) => void>();
  readonly #unlisten: () => void;
  #elsewhere: ReadonlySet<Id> = new Set();

  constructor(parts: SitePartsParts) {
    this.#parts = parts;
    this.#unlisten = parts.cluster.onAnnounced((message) => this.#listen(message));
  }

  /** Of the other hubs. */
  get others(): readonly SitePart[] {
    return [...this.#heard.values()].map((heard) => heard.part);
  }

  /** Agents that are connected to other hubs. */
  get elsewhere(): ReadonlySet<Id> {
    return this.#elsewhere;
  }

  /** A hub stopped, as it said itself. Returns its own removal. */
  onLeft(listener: (hubId: Id) => void): () => void {
    this.#left.add(listener);
    return () => this.#left.delete(listener);
  }

  /** Until aborted: the others are told that this hub leaves. */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster, clock, isShared } = this.#parts;
    if (!isShared) return;
    while (!signal.aborted) {
      cluster.announce(announcement + JSON.stringify({ hubId: cluster.hubId, ...this.#bounded() }));
      await pause(clock, tellMs, signal);
      this.#forget();
    }
    cluster.announce(farewell + cluster.hubId);
  }

  [Symbol.dispose](): void {
    this.#unlisten();
  }

  #bounded(): Omit<SitePart, 'hubId'> {
    const { findings, plain, ...own } = this.#parts.own();
    const told = findings.slice(0, findingsMax).map(({ kind, subject, level, reason, sinceMs }) => {
      return { kind, subject: subject.slice(0, textMax), level, reason: reason.slice(0, textMax), sinceMs };
    });
    return { ...own, findings: told, agents: own.agents.slice(0, agentsMax), plain: plain.slice(0, plainAgentsMax) };
  }

  #listen(message: string): void {
    if (message.startsWith(farewell)) return this.#leaves(message.slice(farewell.length));
    if (!message.startsWith(announcement)) return;
    const told = parsed(message.slice(announcement.length));
    if (told === undefined || told.hubId === this.#parts.cluster.hubId) return;
    if (!this.#heard.has(told.hubId) && this.#heard.size >= hubsMax) return;
    this.#heard.set(told.hubId, { part: told, atMs: this.#parts.clock.monotonic() });
    this.#gather();
  }

  #leaves(hubId: Id): void {
    if (hubId === this.#parts.cluster.hubId) return;
    this.#heard.delete(hubId);
    this.#gather();
    for (const listener of this.#left) listener(hubId);
  }

  #forget(): void {
    const nowMs = this.#parts.clock.monotonic();
    const members = new Set(this.#parts.cluster.members().map(({ hubId }) => hubId));
    for (const [hubId, { atMs }] of this.#heard) if (nowMs - atMs > heardMs && !members.has(hubId)) this.#heard.delete(hubId);
    this.#gather();
  }

  #gather(): void {
    this.#elsewhere = new Set(this.others.flatMap(({ agents }) => agents));
  }
}

/** A hub of another version may know of what this one does not, such as kinds of findings: that is left out. */
function readable<Shape extends z.ZodType>(shape: Shape, max: number): z.ZodType<z.output<Shape>[]> {
  return z
    .array(z.unknown())
    .max(max)
    .transform((all) => all.flatMap((one) => shape.safeParse(one).data ?? []));
}

function parsed(json: string): SitePart | undefined {
  try {
    const { data } = part.safeParse(JSON.parse(json));
    return data;
  } catch {
    return undefined;
  }
}
