/** What housekeeping removed, as it is counted for Prometheus. */
import type { MetricChange } from '../processing/steps/step.ts';
import type { Removal } from './removal.ts';

export function removedMetrics(
  kind: string,
  { tenant, type, bytes }: Pick<Removal, 'tenant' | 'type' | 'bytes'>,
): MetricChange[] {
  const counted = { kind: 'counter', labels: { tenant: tenant ?? '', type: type ?? '', kind } } as const;
  const [removed, freed] = ['tributary_hub_housekeeping_removed_total', 'tributary_hub_housekeeping_freed_bytes_total'] as const;
  return [
    { ...counted, name: removed, help: 'Things that housekeeping removed, as they were too old.', value: 1 },
    { ...counted, name: freed, help: 'Bytes of the things that housekeeping removed.', value: bytes },
  ];
}
