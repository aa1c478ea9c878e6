/** This site's present health, as its upstream is told it. */
import { snapshotBytesMax } from '@tributary/protocol/limits.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { StandingFinding } from '../health/findings.ts';
import type { ConnectionStatus } from '../intake/intake.ts';
import type { GroupStatus } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import type { HubStore } from '../store/hub-store.ts';
import { agentsToldMax, findingsToldMax, groupsToldMax, hubsToldMax, seenLatelyMs } from './limits.ts';
import { fittedSnapshot, type SiteBelow, type SiteHealth, type SiteSnapshot } from './site-snapshot.ts';

export interface OwnSnapshotParts {
  readonly site: string;
  readonly store: Pick<HubStore, 'siteId' | 'cluster' | 'queue'>;
  readonly registry: Pick<Registry, 'agents'>;
  readonly connections: () => readonly ConnectionStatus[];
  readonly findings: () => readonly StandingFinding[];
  readonly health: () => SiteHealth;
  readonly below: () => readonly SiteBelow[];
  readonly clock: Pick<Clock, 'now'>;
}

type Told = SiteSnapshot['agents']['list'][number];

export async function ownSnapshot(parts: OwnSnapshotParts): Promise<SiteSnapshot> {
  const { site, store, findings, health, below } = parts;
  const members = store.cluster.members().slice(0, hubsToldMax);
  const { groups } = await store.queue.status();
  const snapshot: SiteSnapshot = {
    site,
    siteId: store.siteId,
    hubs: members.map(({ hubId, host, version, state }) => ({ hubId, host: bounded(host), version: bounded(version), state })),
    agents: agentsOf(parts),
    groups: groupsOf(groups),
    findings: findings()
      .slice(0, findingsToldMax)
      .map(({ kind, subject, level, reason, sinceMs }) => {
        return { kind, subject: bounded(subject), level, reason: bounded(reason), sinceMs };
      }),
    health: health(),
    sites: below(),
  };
  return fittedSnapshot(snapshot, snapshotBytesMax);
}

function agentsOf({ registry, connections, clock }: OwnSnapshotParts): SiteSnapshot['agents'] {
  const told = new Map<string, Told>();
  const nowMs = clock.now();
  for (const { kind, agentId, host, lastSeenMs, state } of registry.agents()) {
    if (kind !== 'agent') continue;
    const connected = lastSeenMs !== undefined && nowMs - lastSeenMs < seenLatelyMs;
    told.set(agentId, { agentId, host: bounded(host), connected, state, ...(lastSeenMs === undefined ? {} : { lastSeenMs }) });
  }
  for (const { agentId, host = '', identity } of connections()) {
    if (agentId === undefined || identity === 'lower-site') continue;
    const known = told.get(agentId) ?? { agentId, host: bounded(host) };
    told.set(agentId, { ...known, connected: true, lastSeenMs: nowMs });
  }
  const all = [...told.values()];
  const list = all.toSorted((a, b) => Number(a.connected) - Number(b.connected) || (a.lastSeenMs ?? 0) - (b.lastSeenMs ?? 0));
  return { known: all.length, connected: all.filter(({ connected }) => connected).length, list: list.slice(0, agentsToldMax) };
}

function groupsOf(groups: readonly GroupStatus[]): SiteSnapshot['groups'] {
  const sums = new Map<string, { group: string; entries: number; bytes: number; oldestMs?: number }>();
  for (const { group, entries, bytes, oldestMs } of groups) {
    const sum = sums.getOrInsertComputed(group, () => ({ group, entries: 0, bytes: 0 }));
    sum.entries += entries;
    sum.bytes += bytes;
    if (oldestMs !== undefined) sum.oldestMs = Math.min(sum.oldestMs ?? oldestMs, oldestMs);
  }
  return [...sums.values()].slice(0, groupsToldMax);
}

function bounded(text: string): string {
  return text.slice(0, 1000);
}
