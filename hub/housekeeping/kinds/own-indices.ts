/** The indices that the hub's templates made, found out by calls that every build of Elasticsearch has. */
import type { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { aliasOfDay, dayOf } from '../../outputs/elasticsearch/index-names.ts';
import { managedBy } from '../../outputs/elasticsearch/setup/setup-item.ts';
import { itemsOf, member, membersOf, reasonOf } from '../../outputs/elasticsearch/setup/setup-server.ts';
import { indexFamilies } from '../../outputs/elasticsearch/setup/templates.ts';

export interface OwnIndex {
  readonly index: string;
  /** The data stream that it is of. */
  readonly stream: string | undefined;
  /** Of a daily index: the name that stands for all days. */
  readonly alias: string | undefined;
  /** Documents of the data stream go there. */
  readonly isWritten: boolean;
  /** When the next one of its data stream was made, or when its day was over; undefined where that is not known. */
  readonly endedMs: number | undefined;
  readonly bytes: number;
}

const dayMs = 86_400_000;
const patterns = indexFamilies.map((family) => `${family}-*-*`).join(',');

/** In the order of the data streams and their backing indices. Rejects where the server tells nothing of them. */
export async function ownIndices(connection: Pick<Connection, 'request'>): Promise<OwnIndex[]> {
  const own = await markedIndices(connection);
  if (own.size === 0) return [];
  const [resolved, created, sizes] = [
    await asked(connection, `/_resolve/index/${patterns}`, {}),
    await asked(connection, `/${patterns}/_settings/index.creation_date`, { flat_settings: true }),
    await asked(connection, `/${patterns}/_stats/store`, { filter_path: 'indices.*.total.store.size_in_bytes' }),
  ];
  const createdMs = (index: string): number | undefined => {
    const text = member(member(member(created, index), 'settings'), 'index.creation_date');
    return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  };
  const bytesOf = (index: string): number => {
    const store = member(member(member(member(sizes, 'indices'), index), 'total'), 'store');
    return Number(member(store, 'size_in_bytes') ?? 0);
  };
  const backing = itemsOf(member(resolved, 'data_streams')).flatMap((found) => {
    const stream = String(member(found, 'name'));
    const names = itemsOf(member(found, 'backing_indices')).map(String);
    return names.map((index, at): OwnIndex => {
      const next = names[at + 1];
      const endedMs = next === undefined ? undefined : createdMs(next);
      return { index, stream, alias: undefined, isWritten: next === undefined, endedMs, bytes: bytesOf(index) };
    });
  });
  const daily = itemsOf(member(resolved, 'indices')).flatMap((found): OwnIndex[] => {
    const index = String(member(found, 'name'));
    const alias = aliasOfDay(index);
    if (alias === undefined || member(found, 'data_stream') !== undefined) return [];
    return [{ index, stream: undefined, alias, isWritten: false, endedMs: endOfDay(index), bytes: bytesOf(index) }];
  });
  return [...backing, ...daily].filter(({ index }) => own.has(index));
}

/** Every document of the hub says where it is from (tributary.site; of the platform's tributary.record.site). */
const ours = ['tributary.site', 'tributary.record.site'].map((field) => ({ exists: { field } }));

/**
 * Whether the hub wrote to it, or nobody. Templates for all tenants fit data streams that others make afterwards, which have the mark then: what is
 * in them is not the hub's to delete.
 */
export async function isWrittenByHub(connection: Pick<Connection, 'request'>, index: string): Promise<boolean> {
  const isAny = async (query: object): Promise<boolean | undefined> => {
    const path = `/${encodeURIComponent(index)}/_count`;
    const answer = await connection.request({ method: 'POST', path, query: { terminate_after: 1 }, body: { query } });
    // Gone, or with a shard that is away: it is looked at again by the next run, and holds up no other.
    if (answer.status === 404 || answer.status >= 500) return undefined;
    if (answer.status !== 200) throw new Error(`Elasticsearch does not tell what is in ${index}: ${reasonOf(answer)}`);
    return Number(member(answer.body, 'count')) > 0;
  };
  return (await isAny({ bool: { should: ours } })) === true || (await isAny({ match_all: {} })) === false;
}

async function markedIndices(connection: Pick<Connection, 'request'>): Promise<ReadonlySet<string>> {
  const marks = await asked(connection, `/${patterns}/_mapping`, { filter_path: '*.mappings._meta.managed_by' });
  return new Set(membersOf(marks).flatMap(([name, mapping]) => (isMarked(mapping) ? [name] : [])));
}

function isMarked(mapping: unknown): boolean {
  return member(member(member(mapping, 'mappings'), '_meta'), 'managed_by') === managedBy;
}

async function asked(
  connection: Pick<Connection, 'request'>,
  path: string,
  query: Readonly<Record<string, string | boolean>>,
): Promise<unknown> {
  const answer = await connection.request({ method: 'GET', path, query });
  if (answer.status !== 200) throw new Error(`Elasticsearch does not tell of its indices (GET ${path}): ${reasonOf(answer)}`);
  return answer.body;
}

/** `…-2026.11.22`; undefined of a day that there is not. */
function endOfDay(index: string): number | undefined {
  const [, year, month, day] = /-(\d{4})\.(\d{2})\.(\d{2})$/.exec(index) ?? [];
  const startMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return index.endsWith(dayOf(startMs)) ? startMs + dayMs : undefined;
}
