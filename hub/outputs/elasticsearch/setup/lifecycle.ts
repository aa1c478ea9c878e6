/**
 * How a server rolls data streams over and deletes them by itself, where it can: by the lifecycle of data streams, which is part of their template,
 * or by policies. Where it can do neither, the hub's housekeeping does both.
 *
 * Housekeeping deletes in any case, by its rules for each tenant and type; the server does at the longest of these, and only where the patterns name
 * the tenants. A pattern as wide as `logs-*-*` fits data streams that others write, and nothing of theirs may ever go by our retention.
 */
import { formatDuration } from '@tributary/shared/options/units.ts';
import type { estypes } from '@elastic/elasticsearch';
import type { ServerAbilities } from './server-abilities.ts';
import type { SetupChoice } from './setup-choice.ts';
import type { LifecyclePolicy, SetupItem } from './setup-item.ts';

export interface Lifecycle {
  readonly items: readonly SetupItem[];
  /** What an index template has for it. */
  readonly template: Pick<estypes.IndicesPutIndexTemplateIndexTemplateMapping, 'lifecycle' | 'settings'>;
}

const dayMs = 86_400_000;
const shardSizeMax = '50gb';

/** Of daily indices none: a day's index is never rolled over, and goes by the day in its name. */
export function lifecycleOf(choice: SetupChoice, { lifecycle }: Pick<ServerAbilities, 'lifecycle'>): Lifecycle {
  if (choice.indices === 'daily' || lifecycle === undefined) return { items: [], template: {} };
  const retention = deletedAfter(choice);
  if (lifecycle === 'data_stream') {
    const deletes = retention === undefined ? {} : { data_retention: formatDuration(retention) };
    return { items: [], template: { lifecycle: { enabled: true, ...deletes } } };
  }
  const name = retention === undefined ? 'tributary' : `tributary-${formatDuration(retention)}`;
  return {
    items: [{ kind: 'lifecycle_policy', name, content: policy(retention) }],
    template: { settings: { index: { lifecycle: { name } } } },
  };
}

/** The age at which the server may delete; undefined where that is nothing for it. */
function deletedAfter({ tenants, retentionMs }: SetupChoice): number | undefined {
  return tenants === undefined ? undefined : retentionMs;
}

/** Which of the server's abilities is missing for what was asked for, as a sentence. */
export function lifecycleNote(choice: SetupChoice, { lifecycle }: Pick<ServerAbilities, 'lifecycle'>): string | undefined {
  const { indices, retentionMs } = choice;
  if (indices === 'daily') return undefined;
  if (lifecycle === undefined)
    return "this server has no lifecycle calls: the hub's housekeeping rolls data streams over and deletes what is past its retention";
  if (retentionMs === undefined || deletedAfter(choice) !== undefined) return undefined;
  return "the server rolls data streams over; deleting what is past its retention is left to the hub's housekeeping, as patterns for all tenants also fit data streams of others (name `tenants` to have the server do it)";
}

function policy(retentionMs: number | undefined): LifecyclePolicy {
  const rollover = { max_age: rolloverAge(retentionMs), max_primary_shard_size: shardSizeMax };
  return {
    policy: {
      phases: {
        hot: { min_age: '0ms', actions: { rollover } },
        ...(retentionMs !== undefined && {
          delete: { min_age: formatDuration(retentionMs), actions: { delete: { delete_searchable_snapshot: true } } },
        }),
      },
    },
  };
}

/** Retention is counted from the rollover, so what is kept shortly is rolled over often: as the lifecycle of data streams does by itself. */
function rolloverAge(retentionMs: number | undefined): string {
  if (retentionMs === undefined) return '30d';
  if (retentionMs <= dayMs) return '1h';
  if (retentionMs <= 14 * dayMs) return '1d';
  return retentionMs <= 90 * dayMs ? '7d' : '30d';
}
