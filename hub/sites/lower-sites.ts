/** What the sites below told of their health last, in memory: told again soon after a restart. Hubs of one site tell each other. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { PeerIdentity } from '../intake/peer-identity.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { sitesBelowMax, snapshotsInWindowMax, snapshotWindowMs, unknownAfterMs } from './limits.ts';
import { parseSnapshot, type SiteBelow, type SiteSnapshot } from './site-snapshot.ts';

/** A site as `status` and the API show it. */
export interface SiteView extends Omit<SiteSnapshot, 'sites'> {
  /** `unknown`: what it told is older than a minute. */
  readonly state: 'green' | 'yellow' | 'red' | 'unknown';
  readonly ageMs: number;
  readonly sites: readonly SiteView[];
}

export interface LowerSitesParts {
  readonly cluster: Pick<Cluster, 'announce' | 'onAnnounced'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Heard {
  readonly snapshot: SiteSnapshot;
  readonly atMs: number;
}

const announcement = 'lower-site ';

export class LowerSites implements Disposable {
  readonly #parts: LowerSitesParts;
  readonly #heard = new Map<Id, Heard>();
  /** Of each hub that is enrolled here: what it told in the window under way. */
  readonly #windows = new Map<Id, { readonly startMs: number; told: number }>();
  readonly #removeListener: () => void;

  constructor(parts: LowerSitesParts) {
    this.#parts = parts;
    this.#removeListener = parts.cluster.onAnnounced((message) => {
      if (!message.startsWith(announcement)) return;
      const snapshot = parseSnapshot(Buffer.from(message.slice(announcement.length)));
      if (snapshot !== undefined) this.#keep(snapshot);
    });
  }

  /** A hub of a lower site told this. What is no snapshot of the site that its certificate names is none. */
  heardFrom(peer: PeerIdentity, json: Uint8Array): void {
    if (peer.kind !== 'lower-site' || this.#isTooOften(peer.hubId)) return;
    const snapshot = parseSnapshot(json);
    if (snapshot?.siteId === peer.siteId) this.#parts.cluster.announce(announcement + JSON.stringify(snapshot));
  }

  /** For the next site above. */
  below(): readonly SiteBelow[] {
    const nowMs = this.#parts.clock.monotonic();
    return [...this.#heard.values()].map(({ snapshot, atMs }) => {
      const sinceMs = Math.round(nowMs - atMs);
      return { ageMs: sinceMs, snapshot: aged(snapshot, sinceMs) };
    });
  }

  views(): readonly SiteView[] {
    return this.below().map(viewOf);
  }

  [Symbol.dispose](): void {
    this.#removeListener();
  }

  /** Each is looked into and passed on to all hubs of this site: a hub that has gone bad gets no more of that than it needs. */
  #isTooOften(hubId: Id): boolean {
    const nowMs = this.#parts.clock.monotonic();
    const window = this.#windows.get(hubId);
    if (window === undefined || nowMs - window.startMs >= snapshotWindowMs) {
      this.#windows.set(hubId, { startMs: nowMs, told: 1 });
      return false;
    }
    window.told += 1;
    return window.told > snapshotsInWindowMax;
  }

  #keep(snapshot: SiteSnapshot): void {
    const { siteId } = snapshot;
    if (!this.#heard.has(siteId) && this.#heard.size >= sitesBelowMax) return;
    this.#heard.set(siteId, { snapshot, atMs: this.#parts.clock.monotonic() });
  }
}

function aged(snapshot: SiteSnapshot, byMs: number): SiteSnapshot {
  return {
    ...snapshot,
    sites: snapshot.sites.map((one) => ({ ...one, ageMs: one.ageMs + byMs, snapshot: aged(one.snapshot, byMs) })),
  };
}

function viewOf({ snapshot, ageMs }: SiteBelow): SiteView {
  const { sites, ...own } = snapshot;
  return { ...own, ageMs, state: stateOf(snapshot, ageMs), sites: sites.map(viewOf) };
}

function stateOf({ findings }: SiteSnapshot, ageMs: number): SiteView['state'] {
  if (ageMs > unknownAfterMs) return 'unknown';
  if (findings.some(({ level }) => level === 'red')) return 'red';
  return findings.length > 0 ? 'yellow' : 'green';
}
