/** What there is to look after: the hubs of the site, quotas, housekeeping, certificates, searches. */
import type { MemberState } from '../../cluster/cluster.ts';
import type { RunReport } from '../../housekeeping/run-report.ts';
import type { SearchCounts } from '../../search/searches.ts';
import type { HubStatus } from '../../status/hub-status.ts';
import { counter, gauge, type OwnedMetric, type OwnedSample } from '../owned.ts';

const memberStates: readonly MemberState[] = ['starting', 'ready', 'draining'];

export function clusterMetrics({ cluster: { members, partitions } }: Pick<HubStatus, 'cluster'>): OwnedMetric[] {
  const inState = (wanted: MemberState): number => members.filter(({ state }) => state === wanted).length;
  return [
    gauge(
      'tributary_hubs',
      'Hubs of the site that were heard of lately.',
      memberStates.map((state) => ({ labels: { state }, value: inState(state) })),
    ),
    gauge('tributary_partitions', 'Into so many parts agents are spread.', partitions.all),
    gauge('tributary_hub_partitions', 'Those that this hub works on.', partitions.own.length),
  ];
}

/** Of several quotas for the same with the same action the smallest. */
export function quotaMetrics({ quotas }: Pick<HubStatus, 'quotas'>): OwnedMetric[] {
  const smallestLast = quotas.toSorted((one, other) => other.bytesPerDay - one.bytesPerDay);
  const strictest = [...new Map(smallestLast.map((quota) => [`${quota.tenant} ${quota.type} ${quota.action}`, quota])).values()];
  const each = (valueOf: (quota: HubStatus['quotas'][number]) => number): OwnedSample[] =>
    strictest.map((quota) => {
      const { tenant, type = '', action } = quota;
      return { tenant, labels: { tenant, type, action }, value: valueOf(quota) };
    });
  return [
    gauge(
      'tributary_quota_used_bytes',
      'What a tenant, or a log type of it, brought in today (UTC).',
      each(({ bytes }) => bytes),
    ),
    gauge(
      'tributary_quota_limit_bytes',
      'What it may bring in a day.',
      each(({ bytesPerDay }) => bytesPerDay),
    ),
    gauge(
      'tributary_quota_dropped_records',
      'Records of today that a quota left out.',
      each(({ droppedRecords }) => droppedRecords),
    ),
  ];
}

export interface HouseFacts {
  readonly last: RunReport | undefined;
  readonly lastSuccessMs: number | undefined;
}

export function housekeepingMetrics({ last, lastSuccessMs }: HouseFacts): OwnedMetric[] {
  return [
    gauge(
      'tributary_housekeeping_last_success_timestamp_seconds',
      'When a run had removed all that was too old, in seconds since 1970.',
      seconds(lastSuccessMs),
    ),
    gauge(
      'tributary_housekeeping_last_start_timestamp_seconds',
      'When a run began last, in seconds since 1970.',
      seconds(last?.startedMs),
    ),
    gauge('tributary_housekeeping_last_failures', 'What the last run could not do.', last?.notes.length),
  ];
}

export function certificateMetrics({ certificates }: Pick<HubStatus, 'certificates'>): OwnedMetric[] {
  return [
    gauge(
      'tributary_hub_certificate_expiry_timestamp_seconds',
      'When each certificate that this hub shows or trusts expires, in seconds since 1970.',
      certificates.map(({ role, subject, fingerprint, notAfter }) => {
        return { labels: { role, subject, fingerprint: fingerprint.slice(0, 16) }, value: Date.parse(notAfter) / 1000 };
      }),
    ),
  ];
}

export function searchMetrics({ running, begun, refused }: SearchCounts): OwnedMetric[] {
  return [
    gauge('tributary_hub_running_searches', 'Searches that run now.', running),
    counter('tributary_hub_searches_total', 'Searches that were begun.', begun),
    counter('tributary_hub_refused_searches_total', 'Searches for which there was no place.', refused),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
