/**
 * Counts over the archive, by time and by tenant, log type and host. Where what could match is little it is looked at, and the counts are exact;
 * beyond that they are what the index says: how many records there are in that time, whatever is in them.
 */
import type { FacetsAnswer, HistogramAnswer } from '../../dashboard/api/search-shapes.ts';
import { canMatch } from '../../outputs/archive/search/query.ts';
import { SearchRun } from '../../outputs/archive/search/search-run.ts';
import type { ResultFormat } from '../../outputs/archive/search/search-contract.ts';
import type { ArchiveObject } from '../../queue/queue.ts';
import { exactBytesMax } from '../limits.ts';
import { brokenOffText, SearchError } from '../search-error.ts';
import type { Buckets } from '../search-store.ts';
import type { Chosen } from './archive-search.ts';

const rowsAtOnce = 4096;

export async function archiveHistogram(chosen: Chosen, buckets: Buckets, signal: AbortSignal): Promise<HistogramAnswer> {
  const counts = Array.from({ length: buckets.count }, () => 0);
  const { looked, estimated } = divided(chosen);
  const add = (ms: number, count: number): void => {
    const index = Math.floor((ms - buckets.fromMs) / buckets.stepMs);
    if (index >= 0 && index < counts.length) counts[index] = (counts[index] ?? 0) + count;
  };
  await look(looked, 'time', signal, (times) => {
    for (const ms of times) add(ms, 1);
  });
  for (const object of estimated) spread(object, buckets, add);
  const { fromMs, stepMs } = buckets;
  return { fromMs, stepMs, counts: counts.map((count) => Math.round(count)), approximate: estimated.length > 0 };
}

export async function archiveFacets(chosen: Chosen, valuesMax: number, signal: AbortSignal): Promise<FacetsAnswer> {
  const { looked, estimated } = divided(chosen);
  const counts = { tenant: new Map<string, number>(), type: new Map<string, number>(), host: new Map<string, number>() };
  const add = (channel: string, host: string, count: number): void => {
    const [tenant = '', type = ''] = channel.split('/');
    for (const [map, value] of [
      [counts.tenant, tenant],
      [counts.type, type],
      [counts.host, host],
    ] as const)
      map.set(value, (map.get(value) ?? 0) + count);
  };
  const found = await look(looked, 'count', signal, () => undefined);
  for (const [channel, hosts] of found) for (const [host, count] of hosts) add(channel, host, count);
  const { sinceMs = -Infinity, untilMs = Infinity } = chosen.request.query;
  for (const object of estimated) {
    const count = (object.records * shareIn(object, sinceMs, untilMs)) / Math.max(1, object.hosts.length);
    for (const host of object.hosts) add(object.channel, host, count);
  }
  const facets = (['tenant', 'type', 'host'] as const).map((name) => ({ name, values: greatest(counts[name], valuesMax) }));
  return { facets, approximate: estimated.length > 0 };
}

function greatest(counts: ReadonlyMap<string, number>, valuesMax: number): { value: string; count: number }[] {
  const values = [...counts].map(([value, count]) => ({ value, count: Math.round(count) }));
  const wanted = values.filter(({ count }) => count > 0);
  return wanted.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, valuesMax);
}

interface Divided {
  readonly looked: Chosen['request'];
  readonly estimated: readonly ArchiveObject[];
}

/** What waits for the archive is in no index, so it is always looked at. */
function divided({ request }: Chosen): Divided {
  const objects = request.objects.filter((object) => canMatch(object, request.query));
  const bytes = objects.reduce((sum, { objectBytes }) => sum + objectBytes, 0);
  if (bytes <= exactBytesMax) return { looked: { ...request, objects }, estimated: [] };
  return { looked: { ...request, objects: [] }, estimated: objects };
}

async function look(
  request: Chosen['request'],
  format: ResultFormat,
  signal: AbortSignal,
  onTimes: (times: Float64Array) => void,
): Promise<SearchRun['counts']> {
  const search = new SearchRun({ ...request, format });
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const due = search.next(rowsAtOnce);
      if (due !== undefined) onTimes(due.times);
      else if (search.isOver) break;
      else await Promise.race([search.wait(), aborted.promise]);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await search.end();
  }
  if (signal.aborted) throw new SearchError('store-away', brokenOffText(signal));
  return search.counts;
}

/** The part of an object's time that is in a range, as if its records came evenly. */
function shareIn({ receivedMsMin, receivedMsMax }: ArchiveObject, fromMs: number, toMs: number): number {
  const spanMs = receivedMsMax - receivedMsMin + 1;
  return Math.max(0, Math.min(receivedMsMax + 1, toMs) - Math.max(receivedMsMin, fromMs)) / spanMs;
}

function spread(object: ArchiveObject, { fromMs, stepMs, count }: Buckets, add: (ms: number, count: number) => void): void {
  const first = Math.max(0, Math.floor((object.receivedMsMin - fromMs) / stepMs));
  const last = Math.min(count - 1, Math.floor((object.receivedMsMax - fromMs) / stepMs));
  for (let index = first; index <= last; index += 1) {
    const startMs = fromMs + index * stepMs;
    add(startMs, object.records * shareIn(object, startMs, startMs + stepMs));
  }
}
