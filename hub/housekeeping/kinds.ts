/** The kinds of data that may go, as the configuration has them now: the only place that names them. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import type { HubOptions } from '../options.ts';
import type { ArchiveStore } from '../outputs/archive/store/archive-store.ts';
import type { Queue } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import { archivedBeforeFiles, streamsArchivedBefore } from './kinds/archived-before-files.ts';
import { archiveObjects } from './kinds/archive-objects.ts';
import { endedStreams } from './kinds/ended-streams.ts';
import { indices } from './kinds/indices.ts';
import { oldDeadEntries, oldDeadLetters } from './kinds/old-dead-letters.ts';
import { oldTokens } from './kinds/old-tokens.ts';
import type { HousekeepingKind } from './removal.ts';
import { type Retention, retentionOf } from './retention.ts';

export interface KindsParts {
  readonly options: () => HubOptions;
  readonly queue: Queue;
  readonly registry: Pick<Registry, 'agent' | 'agents' | 'enrolmentTokens' | 'apiTokens' | 'forgetTokens'>;
  readonly clock: Clock;
  readonly siteId: string;
  readonly hubId: string;
  /** Undefined: this hub has no archive. */
  readonly archiveStore: () => ArchiveStore | undefined;
}

export function housekeepingKinds(parts: KindsParts): HousekeepingKind[] {
  const { options, queue, registry, siteId, archiveStore: store } = parts;
  const retention = (): Retention => retentionOf(options().housekeeping);
  const isShutOut = (key: StreamKey): boolean => wasRevoked(key, registry, siteId);
  return [
    ...options().outputs.flatMap((output) =>
      output.kind === 'elasticsearch' ? [anyKind(indices({ options: output, retention }))] : [],
    ),
    anyKind(archiveObjects({ queue, store, retention })),
    anyKind(oldDeadLetters({ ...parts, retention })),
    anyKind(oldDeadEntries({ queue, retention })),
    anyKind(endedStreams({ queue, retention, isShutOut, needed: () => streamsArchivedBefore(store()) })),
    anyKind(oldTokens({ registry, retention })),
    archivedBeforeFiles({ queue, store, retention, isShutOut }),
  ];
}

/** A removal goes back to the kind that planned it. */
export function anyKind<Own extends Parameters<HousekeepingKind['remove']>[0]>(kind: HousekeepingKind<Own>): HousekeepingKind {
  const planned = new WeakMap<object, Own>();
  return {
    ...kind,
    plan: async function* (nowMs) {
      for await (const removal of kind.plan(nowMs)) {
        planned.set(removal, removal);
        yield removal;
      }
    },
    remove: async (removal, check) => {
      const own = planned.get(removal);
      if (own === undefined) throw new TypeError('a removal is removed by the kind that planned it');
      await kind.remove(own, check);
    },
  };
}

/** An agent of this site that was revoked, or a lower site all of whose hubs were. Nobody comes back from that under the same name. */
function wasRevoked({ siteId, agentId }: StreamKey, registry: Pick<Registry, 'agent' | 'agents'>, ownSite: string): boolean {
  if (siteId === ownSite) return registry.agent(agentId)?.state === 'revoked';
  const hubs = registry.agents().filter((agent) => agent.siteId === siteId);
  return hubs.length > 0 && hubs.every(({ state }) => state === 'revoked');
}
