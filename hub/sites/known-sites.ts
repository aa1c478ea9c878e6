/**
 * The sites below that ought to be there: directly below those that are enrolled here, and below these those that they told of. One that is enrolled here
 * and has no connection to this site, or has told nothing for twelve seconds, is not known to be well; nor is one further below that has told nothing for a
 * minute. Where that lasts it is a trouble.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { HealthRules } from '../config/health-options.ts';
import type { Finding } from '../health/findings.ts';
import type { UnknownFact } from '../health/model/facts.ts';
import { lowerSiteNode } from '../health/model/node-ids.ts';
import { momentText } from '../health/rules/rule.ts';
import type { Registry } from '../registry/registry.ts';
import { cutAfterMs, silentAfterMs, unknownAfterMs } from './limits.ts';
import type { LowerSites, SiteView } from './lower-sites.ts';
import type { SiteBelow, SiteSnapshot } from './site-snapshot.ts';

export interface KnownSitesParts {
  readonly registry: Pick<Registry, 'agents'>;
  readonly told: Pick<LowerSites, 'views' | 'below'>;
  /** Sites below of which a hub is connected to a hub of this site. */
  readonly connected: () => ReadonlySet<Id>;
  /** For how long those of them have not answered of which no hub answers. */
  readonly unansweredMs: () => ReadonlyMap<Id, number>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

interface Silent {
  readonly siteId: Id;
  readonly name: string;
  readonly sinceMs: number;
  /** The same by the clock that is never set. */
  readonly forMs: number;
}

export class KnownSites {
  readonly #parts: KnownSitesParts;
  /** Since when it has had no connection, by the clock that is never set. */
  readonly #cut = new Map<Id, number>();
  /** Since when one that has told nothing is expected, by the same. */
  readonly #expectedMs = new Map<Id, number>();

  constructor(parts: KnownSitesParts) {
    this.#parts = parts;
  }

  /** As they told, and those that have told nothing yet. */
  views(): readonly SiteView[] {
    const revoked = this.#revoked();
    const told = this.#parts.told.views().filter(({ siteId }) => !revoked.has(siteId));
    return [...told, ...this.#untold(told.map(({ siteId }) => siteId)).map(untoldView)];
  }

  /** The same for the next site above. */
  below(): readonly SiteBelow[] {
    const revoked = this.#revoked();
    const told = this.#parts.told.below().filter(({ snapshot }) => !revoked.has(snapshot.siteId));
    const untold = this.#untold(told.map(({ snapshot }) => snapshot.siteId));
    return [...told, ...untold.map(({ ageMs, ...one }) => ({ ageMs, snapshot: { ...untoldSnapshot(one), sites: [] } }))];
  }

  /** To be asked every few seconds. */
  silent(): readonly Silent[] {
    const views = this.views();
    return [...this.#silentHere(views), ...this.#silentBelow(views)];
  }

  unknown(): UnknownFact[] {
    return this.silent().map(({ siteId, name, sinceMs }) => ({
      node: lowerSiteNode(siteId),
      kind: 'site-silent',
      subject: siteId,
      reason: reasonOf(name, sinceMs),
      sinceMs,
    }));
  }

  findings({ site_silent: { enabled, red } }: HealthRules): Finding[] {
    const long = enabled ? this.silent().filter(({ forMs }) => forMs >= red) : [];
    return long.map(({ siteId, name, sinceMs }) => {
      return { kind: 'site-silent', subject: siteId, level: 'red', reason: reasonOf(name, sinceMs) };
    });
  }

  /** Directly below. */
  #silentHere(views: readonly SiteView[]): Silent[] {
    const { connected, unansweredMs, clock } = this.#parts;
    const here = connected();
    const unanswered = unansweredMs();
    return views.flatMap(({ siteId, site: name, ageMs }) => {
      if (here.has(siteId)) this.#cut.delete(siteId);
      else this.#cut.getOrInsert(siteId, clock.monotonic());
      const sinceMs = this.#cut.get(siteId);
      const cutMs = sinceMs === undefined ? (unanswered.get(siteId) ?? 0) : clock.monotonic() - sinceMs;
      if (cutMs < cutAfterMs && ageMs <= silentAfterMs) return [];
      const forMs = ageMs > silentAfterMs ? ageMs : cutMs;
      return [{ siteId, name, sinceMs: clock.now() - forMs, forMs }];
    });
  }

  /** Further below: where several ways lead to it, by the one that has told last. */
  #silentBelow(views: readonly SiteView[]): Silent[] {
    const newest = new Map<Id, SiteView>();
    const add = (view: SiteView): void => {
      if (view.ageMs < (newest.get(view.siteId)?.ageMs ?? Number.POSITIVE_INFINITY)) newest.set(view.siteId, view);
      for (const below of view.sites) add(below);
    };
    for (const { sites } of views) for (const site of sites) add(site);
    for (const { siteId } of views) newest.delete(siteId);
    const silent = [...newest.values()].filter(({ ageMs }) => ageMs > unknownAfterMs);
    return silent.map(({ siteId, site: name, ageMs }) => {
      return { siteId, name, sinceMs: this.#parts.clock.now() - ageMs, forMs: ageMs };
    });
  }

  /** Enrolled here, and not heard of since this hub began to expect it. */
  #untold(told: readonly Id[]): Untold[] {
    const nowMs = this.#parts.clock.monotonic();
    const untold = new Map(this.#enrolled());
    for (const siteId of told) untold.delete(siteId);
    for (const siteId of this.#expectedMs.keys()) if (!untold.has(siteId)) this.#expectedMs.delete(siteId);
    return [...untold].map(([siteId, host]) => {
      return { siteId, host, ageMs: nowMs - this.#expectedMs.getOrInsert(siteId, nowMs) };
    });
  }

  #enrolled(): ReadonlyMap<Id, string> {
    const hubs = this.#parts.registry.agents().filter(({ kind, state }) => kind === 'hub' && state !== 'revoked');
    return new Map(hubs.flatMap(({ siteId, host }) => (siteId === undefined ? [] : [[siteId, host] as const])));
  }

  /** Sites of which every hub was: what they told before is nobody's any more. */
  #revoked(): ReadonlySet<Id> {
    const enrolled = this.#enrolled();
    const hubs = this.#parts.registry.agents().filter(({ kind, state }) => kind === 'hub' && state === 'revoked');
    return new Set(hubs.flatMap(({ siteId }) => (siteId === undefined || enrolled.has(siteId) ? [] : [siteId])));
  }
}

function reasonOf(name: string, sinceMs: number): string {
  return `site ${printable(name)} is not heard of since ${momentText(sinceMs)}: see whether its hubs run, and whether they reach this site`;
}

/** It was enrolled, and this hub has not heard of it since its own start. */
interface Untold {
  readonly siteId: Id;
  readonly host: string;
  readonly ageMs: number;
}

function untoldView({ ageMs, ...one }: Untold): SiteView {
  return { ...untoldSnapshot(one), state: 'green', ageMs, sites: [] };
}

function untoldSnapshot({ siteId, host }: Omit<Untold, 'ageMs'>): Omit<SiteSnapshot, 'sites'> {
  const nothing = { hubs: [], groups: [], findings: [], agents: { known: 0, connected: 0, list: [] } };
  return { site: `the site of ${host}`, siteId, ...nothing };
}
