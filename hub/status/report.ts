/** Gathers the hub's status from its parts. */
import { productVersion } from '@tributary/shared/build-info.ts';
import type { HubTls } from '../certificates/hub-tls.ts';
import type { Intake } from '../intake/intake.ts';
import type { HubOptions } from '../options.ts';
import type { ArchiveOutput } from '../outputs/archive/archive-output.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Telling } from '../platform/telling.ts';
import type { Pipelines } from '../processing/pipelines.ts';
import type { QueueStatus } from '../queue/queue.ts';
import type { Quotas } from '../quotas/quotas.ts';
import type { LowerSites } from '../sites/lower-sites.ts';
import type { HubStore } from '../store/hub-store.ts';
import { booksOf } from './books.ts';
import type { ClusterStatus, HubState, HubStatus } from './hub-status.ts';
import { knownStatus } from './known-status.ts';
import type { Rates } from './rates.ts';

export interface ReportedParts {
  readonly options: HubOptions;
  readonly store: HubStore;
  readonly outputs: Outputs;
  readonly pipelines: Pipelines;
  readonly intake: Intake;
  readonly telling: Telling;
  readonly quotas: Quotas;
  readonly tls: HubTls | undefined;
  readonly sites: Pick<LowerSites, 'views'>;
  readonly startedMs: number;
  readonly rates: { readonly received: Rates; readonly archived: Rates };
}

/** What changes with the hub's start and stop. */
export interface ReportedState {
  readonly state: HubState;
  readonly listeners: HubStatus['listeners'];
  readonly configuration: HubStatus['configuration'];
  readonly health: HubStatus['health'];
}

/** The store is asked, unless its figures were `looked` at a moment ago. */
export async function hubReport(parts: ReportedParts, now: ReportedState, looked?: QueueStatus): Promise<HubStatus> {
  const { options, store, outputs, pipelines, intake, telling, quotas, tls, rates } = parts;
  const queueStatus = looked === undefined ? await knownStatus(store) : { ...looked, state: store.state };
  const { connections, counters, lost, turnedAway } = intake.status();
  const { archive } = outputs;
  return {
    program: 'tributary-hub',
    version: productVersion(),
    pid: process.pid,
    state: now.state,
    startedMs: parts.startedMs,
    site: { name: options.site, siteId: store.siteId, hubId: store.hubId, storeId: store.queue.storeId },
    listeners: now.listeners,
    configuration: now.configuration,
    health: now.health,
    findings: telling.findings.all(),
    events: telling.counts,
    certificates: tls?.certificates() ?? [],
    quotas: quotas.status(),
    durability: store.durability,
    cluster: clusterStatus(options, store),
    connections,
    intake: counters,
    lost,
    turnedAway,
    rates: { received: rates.received.perSecond(), archived: rates.archived.perSecond() },
    queue: queueStatus,
    pipeline: pipelines.counts,
    pipelines: pipelines.sums,
    outputs: outputs.status(),
    sites: parts.sites.views(),
    ...(archive === undefined ? {} : { archive: archiveStatus(archive, queueStatus) }),
    books: booksOf(queueStatus, archive !== undefined),
  };
}

/** Failures are this hub's, all else is the site's. */
function archiveStatus({ store, archive }: ArchiveOutput, { archived }: QueueStatus): NonNullable<HubStatus['archive']> {
  const sum = (what: 'objects' | 'records' | 'rawBytes' | 'objectBytes'): number =>
    archived.reduce((total, sums) => total + sums[what], 0);
  const sums = { objects: sum('objects'), records: sum('records'), rawBytes: sum('rawBytes'), objectBytes: sum('objectBytes') };
  return { folder: store.place, ...sums, ...archive.counts };
}

function clusterStatus({ cluster: { roles } }: HubOptions, { kind, cluster, queue }: HubStore): ClusterStatus {
  const own = [...cluster.partitions()].toSorted((left, right) => left - right);
  return { store: kind, roles, members: cluster.members(), partitions: { all: queue.partitions, own } };
}
