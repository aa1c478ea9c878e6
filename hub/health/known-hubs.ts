/**
 * The hubs that ought to be there: those that were seen in the site and did not say that they stop. What is remembered is in the registry, so
 * that a hub that starts later misses the same ones. One that was away for a week is none any more.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import * as z from 'zod';
import type { Cluster, HubMember } from '../cluster/cluster.ts';
import type { HealthRules } from '../config/health-options.ts';
import type { Registry } from '../registry/registry.ts';
import type { Finding } from './findings.ts';
import type { UnknownFact } from './model/facts.ts';
import { hubNode } from './model/node-ids.ts';
import { momentText } from './rules/rule.ts';

interface KnownHub {
  readonly hubId: Id;
  readonly host: string;
  /** When it was seen last, or about then. */
  readonly seenMs: number;
}

export interface KnownHubsParts {
  readonly cluster: Pick<Cluster, 'members' | 'hubId'>;
  readonly registry: Pick<Registry, 'meta' | 'setMeta'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
}

const metaKey = 'health-hubs';
const storedMs = 3_600_000;
const forgottenMs = 7 * 86_400_000;
const hubsMax = 100;
const stored = z
  .array(z.object({ hubId: z.string().regex(/^[0-9a-f]{32}$/), host: z.string().max(300), seenMs: z.number() }))
  .max(hubsMax);

export class KnownHubs {
  readonly #parts: KnownHubsParts;
  readonly #hubs: Map<Id, KnownHub>;
  /** Those that said that they stop, until they are no members any more: when each of them had been started. */
  readonly #leaving = new Map<Id, number>();
  readonly #startedMs: number;
  #storedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: KnownHubsParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonic();
    this.#hubs = new Map(readHubs(parts.registry.meta(metaKey)).map((hub) => [hub.hubId, hub]));
  }

  /** Those that are there and those that ought to be. */
  all(): readonly KnownHub[] {
    const nowMs = this.#parts.clock.now();
    let isChanged = false;
    for (const { hubId, host } of this.#members()) {
      isChanged ||= !this.#hubs.has(hubId);
      this.#hubs.set(hubId, { hubId, host, seenMs: nowMs });
    }
    for (const { hubId, seenMs } of this.#hubs.values())
      if (nowMs - seenMs > forgottenMs) isChanged = this.#hubs.delete(hubId) || isChanged;
    if (isChanged || nowMs - this.#storedMs > storedMs) void this.#store(nowMs);
    return [...this.#hubs.values()];
  }

  /** It says that it stops; also of this one. It is among the members for a moment yet. */
  async left(hubId: Id): Promise<void> {
    const member = this.#parts.cluster.members().find((one) => one.hubId === hubId);
    if (member !== undefined) this.#leaving.set(hubId, member.startedMs);
    if (this.#hubs.delete(hubId)) await this.#store(this.#parts.clock.now());
  }

  /** Those that are not heard of: of some it is not known how they are, of others it is long enough to be sure. */
  missing({ hub_silent: { enabled, red } }: HealthRules): { readonly unknown: UnknownFact[]; readonly red: Finding[] } {
    const { cluster, clock } = this.#parts;
    const here = new Set(cluster.members().map(({ hubId }) => hubId));
    const nowMs = clock.now();
    // Nobody is missed for longer than this hub has been here to miss it: all of them may just have been started.
    const hereMs = clock.monotonic() - this.#startedMs;
    const missing = enabled ? this.all().filter(({ hubId }) => !here.has(hubId)) : [];
    const unknown = missing.map(({ hubId, host, seenMs: sinceMs }): UnknownFact => {
      return { node: hubNode(hubId), kind: 'hub-silent', subject: hubId, reason: reasonOf(host, sinceMs), sinceMs };
    });
    const long = missing.filter(({ seenMs }) => Math.min(nowMs - seenMs, hereMs) >= red);
    return {
      unknown,
      red: long.map(({ hubId, host, seenMs }) => ({
        kind: 'hub-silent',
        subject: hubId,
        level: 'red',
        reason: reasonOf(host, seenMs),
      })),
    };
  }

  /** But those that said that they stop: one that was started again since does not. */
  #members(): HubMember[] {
    const members = this.#parts.cluster.members();
    const started = new Map(members.map(({ hubId, startedMs }) => [hubId, startedMs]));
    for (const [hubId, startedMs] of this.#leaving) if (started.get(hubId) !== startedMs) this.#leaving.delete(hubId);
    return members.filter(({ hubId }) => !this.#leaving.has(hubId));
  }

  async #store(nowMs: number): Promise<void> {
    this.#storedMs = nowMs;
    const newest = [...this.#hubs.values()].toSorted((one, other) => other.seenMs - one.seenMs).slice(0, hubsMax);
    try {
      await this.#parts.registry.setMeta({ [metaKey]: JSON.stringify(newest) });
    } catch (error) {
      this.#parts.logger.warn('which hubs this site has cannot be remembered', { error });
    }
  }
}

function reasonOf(host: string, seenMs: number): string {
  return `the hub on ${printable(host)} is not heard of since ${momentText(seenMs)} and did not say that it stops: see whether its machine and tributary-hub run, and whether it reaches the store`;
}

function readHubs(text: string | undefined): readonly KnownHub[] {
  try {
    return text === undefined ? [] : stored.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
