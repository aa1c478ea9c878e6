/**
 * The sites directly below that ought to be there: those that are enrolled here. One without any connection to this site, or that has told
 * nothing for twelve seconds, is not known to be well; where that lasts it is a trouble.
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
import { cutAfterMs, silentAfterMs } from './limits.ts';
import type { LowerSites, SiteView } from './lower-sites.ts';

export interface KnownSitesParts {
  readonly registry: Pick<Registry, 'agents'>;
  readonly told: Pick<LowerSites, 'views'>;
  /** Sites below of which a hub is connected to a hub of this site. */
  readonly connected: () => ReadonlySet<Id>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

interface Silent {
  readonly siteId: Id;
  readonly name: string;
  readonly sinceMs: number;
}

export class KnownSites {
  readonly #parts: KnownSitesParts;
  /** Since when it has had no connection, by the monotonic clock, and by the wall clock. */
  readonly #cut = new Map<Id, { readonly monotonicMs: number; readonly atMs: number }>();

  constructor(parts: KnownSitesParts) {
    this.#parts = parts;
  }

  /** As they told, and those that have told nothing yet. */
  views(): readonly SiteView[] {
    const told = this.#parts.told.views();
    const known = new Set(told.map(({ siteId }) => siteId));
    const untold = [...this.#enrolled()].filter(([siteId]) => !known.has(siteId));
    return [...told, ...untold.map(([siteId, host]) => untoldView(siteId, host))];
  }

  /** To be asked every few seconds. */
  silent(): readonly Silent[] {
    const { connected, clock } = this.#parts;
    const nowMs = clock.now();
    const here = connected();
    return this.views().flatMap(({ siteId, site, ageMs }) => {
      const cut = here.has(siteId) ? undefined : this.#cut.getOrInsert(siteId, { monotonicMs: clock.monotonic(), atMs: nowMs });
      if (cut === undefined) this.#cut.delete(siteId);
      const isCut = cut !== undefined && clock.monotonic() - cut.monotonicMs >= cutAfterMs;
      const isMute = ageMs > silentAfterMs;
      if (!isCut && !isMute) return [];
      const sinceMs = isMute ? nowMs - ageMs : (cut?.atMs ?? nowMs);
      return [{ siteId, name: site, sinceMs: Number.isFinite(sinceMs) ? sinceMs : (cut?.atMs ?? nowMs) }];
    });
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
    const nowMs = this.#parts.clock.now();
    const long = enabled ? this.silent().filter(({ sinceMs }) => nowMs - sinceMs >= red) : [];
    return long.map(({ siteId, name, sinceMs }) => {
      return { kind: 'site-silent', subject: siteId, level: 'red', reason: reasonOf(name, sinceMs) };
    });
  }

  #enrolled(): ReadonlyMap<Id, string> {
    const hubs = this.#parts.registry.agents().filter(({ kind, state }) => kind === 'hub' && state !== 'revoked');
    return new Map(hubs.flatMap(({ siteId, host }) => (siteId === undefined ? [] : [[siteId, host] as const])));
  }
}

function reasonOf(name: string, sinceMs: number): string {
  return `site ${printable(name)} is not heard of since ${momentText(sinceMs)}: see whether its hubs run, and whether they reach this site`;
}

/** It was enrolled, and this hub has not heard of it since its own start. */
function untoldView(siteId: Id, host: string): SiteView {
  const nothing = { hubs: [], groups: [], findings: [], sites: [], agents: { known: 0, connected: 0, list: [] } };
  return { site: `the site of ${host}`, siteId, ...nothing, state: 'green', ageMs: 0 };
}
