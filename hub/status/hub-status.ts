/** What `GET /status` tells: one object, for people, scripts and tests. */
import type { CertificateStatus } from '../certificates/certificate-status.ts';
import type { StandingFinding } from '../health/findings.ts';
import type { HealthHead } from '../health/model/health-view.ts';
import type { IntakeStatus } from '../intake/intake.ts';
import type { BeatsRedisStatus } from '../listeners/beats-redis/beats-redis-listener.ts';
import type { HttpListenersStatus } from '../listeners/http-listeners.ts';
import type { SiteView } from '../sites/lower-sites.ts';
import type { OutputStatus } from '../outputs/output.ts';
import type { TellingCounts } from '../platform/telling.ts';
import type { PipelineCounts } from '../processing/events.ts';
import type { PipelineSums } from '../processing/step-book.ts';
import type { QueueStatus } from '../queue/queue.ts';
import type { QuotaStatus } from '../quotas/quotas.ts';
import type { HubMember } from '../cluster/cluster.ts';
import type { DurabilityFact, HubStore } from '../store/hub-store.ts';
import type { ConfigurationStatus } from '../reload/reload.ts';
import type { ChannelBooks } from './books.ts';
import type { Counters } from './rates.ts';
import type { StartingStatus } from './starting-status.ts';

/** `starting` until agents can connect, `draining` from the stop signal on. */
export type HubState = 'starting' | 'ready' | 'draining';

export interface HubStatus {
  readonly program: 'tributary-hub';
  readonly version: string;
  readonly pid: number;
  readonly state: HubState;
  readonly startedMs: number;
  readonly site: { readonly name: string; readonly siteId: string; readonly hubId: string; readonly storeId: string };
  readonly listeners: HttpListenersStatus & {
    readonly agents?: { readonly address: string; readonly url: string; readonly tls: boolean };
    readonly beats_redis?: readonly BeatsRedisStatus[];
  };
  /** How it was with the file when it was read last; undefined until the hub is ready. */
  readonly configuration: ConfigurationStatus | undefined;
  /** Of all that this site has; undefined before it was looked for the first time. */
  readonly health: HealthHead | undefined;
  /** What a person ought to know now: red first. */
  readonly findings: readonly StandingFinding[];
  /** What the hub told of itself in the platform channel, and could not. */
  readonly events: TellingCounts;
  readonly certificates: readonly CertificateStatus[];
  readonly quotas: readonly QuotaStatus[];
  /** Settings of the store as read back from the connection that writes. */
  readonly durability: readonly DurabilityFact[];
  readonly cluster: ClusterStatus;
  readonly connections: IntakeStatus['connections'];
  readonly intake: IntakeStatus['counters'];
  /** Positions that agents declared lost, or left out, since the start, by cause. */
  readonly lost: IntakeStatus['lost'];
  /** Connections and peers that were refused since the start, by reason. */
  readonly turnedAway: IntakeStatus['turnedAway'];
  /** Over the last seconds. */
  readonly rates: { readonly received: Counters; readonly archived: Counters };
  readonly queue: QueueStatus;
  readonly pipeline: PipelineCounts;
  /** What each step of each pipeline had since the start, could not work on, and dropped. */
  readonly pipelines: readonly PipelineSums[];
  readonly outputs: readonly OutputStatus[];
  /** The sites below, as they told of themselves. */
  readonly sites: readonly SiteView[];
  /** Where one is configured. */
  readonly archive?: {
    readonly folder: string;
    readonly objects: number;
    readonly records: number;
    readonly rawBytes: number;
    readonly objectBytes: number;
    readonly rejected: number;
    readonly failures: number;
  };
  readonly books: readonly ChannelBooks[];
}

export interface ClusterStatus {
  readonly store: HubStore['kind'];
  readonly roles: readonly ('intake' | 'work')[];
  /** Hubs of the site that were heard of lately, this one among them. */
  readonly members: readonly HubMember[];
  readonly partitions: {
    /** Into which agents are spread. */
    readonly all: number;
    /** That this hub is to work on. */
    readonly own: readonly number[];
  };
}

/** The other end is this very program: that it is one is all there is to check. */
export function isHubStatus(answer: unknown): answer is HubStatus | StartingStatus {
  return typeof answer === 'object' && answer !== null && 'program' in answer && answer.program === 'tributary-hub';
}

/** Before the hub is there it tells little. */
export function isStarting(status: HubStatus | StartingStatus): status is StartingStatus {
  return !('queue' in status);
}

/** Exit code 0 of `status` means that agents can be served. */
export function isServing(status: HubStatus): boolean {
  return status.state === 'ready' && status.queue.state === 'open';
}
