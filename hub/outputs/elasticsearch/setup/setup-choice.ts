/** What is to be set up, by the options of an output and the pipelines of the hub. */
import type { FieldType } from '../../../processing/conditions/field-types.ts';
import type { HousekeepingOptions } from '../../../config/housekeeping-options.ts';
import type { ElasticsearchOutputOptions } from '../../../config/elasticsearch-options.ts';

/** What the pipeline of a log type declares under `fields`. */
export interface TypeFields {
  readonly type: string;
  /** Undefined: of all tenants. */
  readonly tenant?: string | undefined;
  readonly fields: Readonly<Record<string, FieldType>>;
}

export interface SetupChoice {
  readonly indices: 'data_stream' | 'daily';
  readonly rejected: 'dead_letters' | 'failure_store';
  readonly replicas?: number | undefined;
  /** The longest that anything of it is kept: before that the server must delete nothing. */
  readonly retentionMs?: number | undefined;
  /** Whose data come there; undefined: anybody's. */
  readonly tenants?: readonly string[] | undefined;
  readonly types: readonly TypeFields[];
}

export function setupChoice(
  options: Pick<ElasticsearchOutputOptions, 'indices' | 'rejected' | 'replicas' | 'retention' | 'tenants'>,
  types: readonly TypeFields[],
  rules: HousekeepingOptions['retention'] = [],
): SetupChoice {
  const { indices, rejected, replicas, retention, tenants } = options;
  const ages = rules.filter((rule) => mayFit(rule, tenants)).map(({ age }) => age);
  const retentionMs = retention === undefined ? undefined : Math.max(retention, ...ages);
  return { indices, rejected, replicas, retentionMs, tenants, types };
}

function mayFit({ kind, tenant }: HousekeepingOptions['retention'][number], tenants: readonly string[] | undefined): boolean {
  return (kind === 'indices' || kind === 'audit') && (tenant === undefined || tenants === undefined || tenants.includes(tenant));
}
