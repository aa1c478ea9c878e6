/** What stands before and after a record in its own stream, over as many objects as it takes. */
import type { ContextAnswer, FoundRecord } from '../../dashboard/api/search-shapes.ts';
import type { ContextPlace } from '../search-store.ts';
import type { Wanted } from '../wanted.ts';

/** `records` gives those of a search, in its order; it ends early when it has taken too long. */
export type RecordsOf = (wanted: Wanted) => AsyncGenerator<FoundRecord>;

export async function archiveContext(place: ContextPlace, records: RecordsOf): Promise<ContextAnswer> {
  const { receivedMs, before: beforeMax, after: afterMax } = place;
  const common = wantedAround(place);
  const following = await take(records({ ...common, sinceMs: receivedMs, order: 'oldest' }), {
    count: afterMax + 1,
    isIn: (record) => compared(record, place) >= 0,
  });
  const [first] = following;
  const record = first !== undefined && compared(first, place) === 0 ? first : undefined;
  const hosts = record && [record.host];
  const preceding = await take(records({ ...common, hosts, untilMs: receivedMs + 1, order: 'newest' }), {
    count: beforeMax,
    isIn: (found) => compared(found, place) < 0,
  });
  const after = (record === undefined ? following : following.slice(1)).slice(0, afterMax);
  return { before: preceding.toReversed(), ...(record !== undefined && { record }), after };
}

function wantedAround({ tenant, type, agent, stream }: ContextPlace): Wanted {
  const of = [
    { kind: 'is', field: 'stream', value: stream },
    { kind: 'is', field: 'agent', value: agent },
  ] as const;
  return {
    tenants: [tenant],
    types: [type],
    hosts: undefined,
    sinceMs: undefined,
    untilMs: undefined,
    pattern: undefined,
    condition: { kind: 'and', of },
    query: '',
    ignoreCase: false,
    order: 'newest',
  };
}

function compared({ at }: FoundRecord, place: ContextPlace): number {
  return at.position - place.position || at.ordinal - place.ordinal;
}

async function take(
  records: AsyncGenerator<FoundRecord>,
  { count, isIn }: { readonly count: number; readonly isIn: (record: FoundRecord) => boolean },
): Promise<FoundRecord[]> {
  const taken: FoundRecord[] = [];
  if (count === 0) return taken;
  for await (const record of records) {
    if (!isIn(record)) continue;
    taken.push(record);
    if (taken.length === count) break;
  }
  return taken;
}
