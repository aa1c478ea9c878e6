/**
 * Indices of Elasticsearch that carry the mark of the hub's templates: backing indices of data streams after their rollover, and daily indices by
 * the day in their names. Never the index that a data stream is written to, which the server would not let go either.
 *
 * A server that rolls data streams over by itself is left to it. Where it also deletes, it does so at the longest retention of all.
 */
import type { ElasticsearchOutputOptions } from '../../config/elasticsearch-options.ts';
import { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { dataStreamParts } from '../../outputs/elasticsearch/index-names.ts';
import { abilitiesOf } from '../../outputs/elasticsearch/setup/server-abilities.ts';
import { reasonOf, type SetupAnswer } from '../../outputs/elasticsearch/setup/setup-server.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Owned, type Retention, whyGone } from '../retention.ts';
import { isWrittenByHub, ownIndices } from './own-indices.ts';

export interface IndicesParts {
  readonly options: ElasticsearchOutputOptions;
  readonly retention: () => Retention;
  /** A connection to the cluster, which the caller closes. */
  readonly connect?: (options: ElasticsearchOutputOptions) => Promise<ClusterWay>;
}

type ClusterWay = Pick<Connection, 'request'> & AsyncDisposable;

interface IndexRemoval extends Removal {
  readonly index: string;
}

const dayMs = 86_400_000;
const shardSizeMax = '50gb';
const timeout = '60s';

export function indices({
  options,
  retention,
  connect = (given) => Connection.open(given),
}: IndicesParts): HousekeepingKind<IndexRemoval> {
  const ask = async <Result>(work: (connection: ClusterWay) => Promise<Result>): Promise<Result> => {
    await using connection = await connect(options);
    return await work(connection);
  };
  const keptFor = (name: string): number | undefined => {
    const owned = ownedBy(options, name);
    if (owned === undefined) return undefined;
    const asAudit = isAuditTrail(name) ? retention()('audit', owned) : undefined;
    return asAudit ?? retention()('indices', owned) ?? options.retention;
  };
  // Names of tenants that are told are the hub's own; those of all others may be anybody's.
  const mayTouch = async (connection: ClusterWay, index: string): Promise<boolean> =>
    options.tenants !== undefined || (await isWrittenByHub(connection, index));
  return {
    name: `indices of ${options.name}`,
    atOnce: 1,
    prepare: (_, signal) =>
      ask(async (connection) => {
        const abilities = await abilitiesOf(connection);
        if (options.indices === 'daily' || abilities.lifecycle !== undefined) return;
        const own = await ownIndices(connection);
        for (const { index, stream, isWritten } of own) {
          if (signal.aborted) return;
          if (stream === undefined || !isWritten || ownedBy(options, stream) === undefined) continue;
          if (!(await mayTouch(connection, index))) continue;
          const conditions = { max_age: rolloverAge(keptFor(stream)), max_primary_shard_size: shardSizeMax };
          const answer = await connection.request({ method: 'POST', path: `/${stream}/_rollover`, body: { conditions }, signal });
          if (answer.status !== 200) throw refused(`roll ${stream} over`, answer);
        }
      }),
    plan: async function* (nowMs) {
      const own = await ask(ownIndices);
      const olderFirst = own.toSorted((one, other) => (one.endedMs ?? Infinity) - (other.endedMs ?? Infinity));
      for (const { index, stream, alias, endedMs, bytes, isWritten } of olderFirst) {
        const name = stream ?? alias;
        const owned = name === undefined ? undefined : ownedBy(options, name);
        if (name === undefined || owned === undefined || isWritten || endedMs === undefined) continue;
        const keptMs = keptFor(name);
        if (keptMs === undefined || endedMs >= nowMs - keptMs) continue;
        if (!(await ask((connection) => mayTouch(connection, index)))) continue;
        const why = whyGone(stream === undefined ? 'of the day that ended' : 'rolled over', endedMs, keptMs);
        yield { subject: index, tenant: owned.tenant, type: owned.types.at(-1), bytes, why, index };
      }
    },
    remove: ({ index }, check) =>
      ask(async (connection) => {
        const path = `/${encodeURIComponent(index)}`;
        check();
        const answer = await connection.request({ method: 'DELETE', path, query: { timeout } });
        if (answer.status !== 200 && answer.status !== 404) throw refused(`delete ${index}`, answer);
      }),
  };
}

/** Undefined of what the output does not write. */
function ownedBy({ tenants }: Pick<ElasticsearchOutputOptions, 'tenants'>, name: string): Owned | undefined {
  const owned = ownerOf(name);
  return owned === undefined || (tenants !== undefined && !tenants.includes(owned.tenant)) ? undefined : owned;
}

/** By the name of a data stream or alias. What the platform tells goes by its own name, and as `platform`. */
function ownerOf(name: string): Owned | undefined {
  const { type, dataset = '', namespace: tenant = '' } = dataStreamParts(name) ?? {};
  if (type === 'logs') return { tenant, types: [dataset] };
  return type === 'metrics' || type === 'platform' ? { tenant, types: [dataset, 'platform'] } : undefined;
}

/** What people and programs did, whoever told it. */
function isAuditTrail(name: string): boolean {
  const { type, dataset } = dataStreamParts(name) ?? {};
  return type === 'platform' && dataset === 'audit';
}

/** As the lifecycles that the set-up installs have it. */
function rolloverAge(retentionMs: number | undefined): string {
  if (retentionMs === undefined) return '30d';
  if (retentionMs <= dayMs) return '1h';
  if (retentionMs <= 14 * dayMs) return '1d';
  return retentionMs <= 90 * dayMs ? '7d' : '30d';
}

function refused(what: string, answer: SetupAnswer): Error {
  return new Error(`Elasticsearch does not ${what}: ${reasonOf(answer)}`);
}
