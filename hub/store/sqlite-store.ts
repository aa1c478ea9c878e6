/** The embedded store: one hub, one file, with a registry beside it. */
import type { DurabilityPragmas } from '@tributary/shared/sqlite/open-database.ts';
import { SingleCluster } from '../cluster/single-cluster.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { DurabilityFact, HubStore } from './hub-store.ts';
import type { OpenStoreParts } from './open-store.ts';
import { ownMember } from './own-member.ts';
import { queueLimitsOf } from './queue-limits-of.ts';

export async function openSqliteStore(parts: OpenStoreParts): Promise<HubStore> {
  const { options, logger: log, clock, crashPoint, onFailed } = parts;
  const folder = options.data_dir;
  const queue = await openSqliteQueue({
    folder,
    log,
    clock,
    limits: queueLimitsOf(options),
    relaxed: options.queue.durability === 'relaxed',
    crashPoint,
    onFailed,
  });
  const { siteId, hubId, pragmas, partitions } = queue;
  const cluster = new SingleCluster({ self: ownMember(hubId, clock.now()), clock, partitions });
  return {
    kind: 'sqlite',
    siteId,
    hubId,
    queue,
    cluster,
    openRegistry: () => openRegistry({ folder, log, thread: true, crashPoint, onFailed }),
    get state() {
      return queue.state;
    },
    durability: durabilityFacts(pragmas),
    isLost: false,
    quotaNotes: undefined,
    problems: () => [],
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}

function durabilityFacts({ journalMode, synchronous, pageSize }: DurabilityPragmas): readonly DurabilityFact[] {
  const where = 'hub.db';
  return [
    { where, setting: 'journal_mode', value: journalMode },
    { where, setting: 'synchronous', value: synchronous },
    { where, setting: 'page_size', value: String(pageSize) },
  ];
}
