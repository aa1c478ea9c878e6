/** Housekeeping as the hub has it: of its own parts. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HubOptions } from '../options.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Telling } from '../platform/telling.ts';
import type { Registry } from '../registry/registry.ts';
import type { HubStore } from '../store/hub-store.ts';
import { Housekeeping } from './housekeeping.ts';
import { housekeepingKinds } from './kinds.ts';

export interface HousekeepingSite {
  readonly store: Pick<HubStore, 'queue' | 'cluster' | 'siteId' | 'hubId'>;
  readonly registry: Registry;
  readonly telling: Pick<Telling, 'metrics' | 'findings'>;
  readonly outputs: Pick<Outputs, 'archive'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As the configuration has it now. */
  readonly options: () => HubOptions;
}

export function openHousekeeping({ store, registry, telling, outputs, clock, logger, options }: HousekeepingSite): Housekeeping {
  const { queue, cluster, siteId, hubId } = store;
  const { metrics, findings } = telling;
  const archiveStore = (): ReturnType<Parameters<typeof housekeepingKinds>[0]['archiveStore']> => outputs.archive?.store;
  const kinds = (): ReturnType<typeof housekeepingKinds> =>
    housekeepingKinds({ options, queue, registry, clock, siteId, hubId, archiveStore });
  const archive = { sweep: async (beforeMs: number) => outputs.archive?.archive.sweep(beforeMs) };
  const schedule = (): string => options().housekeeping.schedule;
  return new Housekeeping({ clock, logger, cluster, registry, metrics, findings, kinds, schedule, archive });
}
