/** Searching as the hub has it: over the outputs that are configured now. */
import { availableParallelism } from 'node:os';
import type { Clock } from '@tributary/shared/clock.ts';
import type { HubOptions } from '../options.ts';
import type { Outputs } from '../outputs/outputs.ts';
import { SearchThreads } from '../outputs/archive/search/search-threads.ts';
import type { Processing } from '../processing/processing.ts';
import type { Queue } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import { ArchiveSearch, type ArchiveSearchParts } from './archive/archive-search.ts';
import { recentIndex } from './archive/recent-index.ts';
import { ElasticsearchSearch } from './elasticsearch/elasticsearch-search.ts';
import { PipelinePreviews } from './pipeline-previews.ts';
import type { SearchStore } from './search-store.ts';
import { Searches } from './searches.ts';
import { searchThreadsMax } from './limits.ts';
import { Tails } from './tails.ts';

export interface SearchParts {
  readonly options: Pick<HubOptions, 'scripts'>;
  readonly queue: Queue;
  readonly processing: Pick<Processing, 'set'>;
  readonly outputs: Pick<Outputs, 'archive' | 'elasticsearch'>;
  readonly registry: Pick<Registry, 'record' | 'meta' | 'setMeta'>;
  readonly clock: Clock;
}

export interface Search {
  readonly searches: Searches;
  readonly tails: Tails;
  readonly previews: PipelinePreviews;
  /** Without what only waits to get there. */
  stored(): readonly SearchStore[];
}

/** Disposing it ends the threads: a search that goes on then tells that it could not read. */
export function openSearch({ options, queue, processing, outputs, registry, clock }: SearchParts): Search & AsyncDisposable {
  const threads = new SearchThreads({ size: Math.min(searchThreadsMax, availableParallelism()), isBackground: true });
  const index = recentIndex(queue, () => clock.monotonic());
  const record: Registry['record'] = (event) => registry.record(event);
  const stores = (): SearchStore[] => [...archiveOf(outputs, { queue, index, threads }), ...elasticsearchOf(outputs, threads)];
  const limits = { scriptTimeLimitMs: options.scripts.time_limit, memoryBytes: options.scripts.memory_limit };
  return {
    searches: new Searches({ stores, registry, clock }),
    tails: new Tails({ queue, clock, threads, record }),
    previews: new PipelinePreviews({ set: () => processing.set, limits, queue, store: () => stores()[0], registry, clock }),
    stored: () => [...archiveOf(outputs, { queue: withoutWaiting(queue), index, threads }), ...elasticsearchOf(outputs, threads)],
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

function archiveOf({ archive: output }: SearchParts['outputs'], parts: Omit<ArchiveSearchParts, 'archive'>): SearchStore[] {
  if (output === undefined) return [];
  const { name, archive } = output;
  const state = archive.trouble === '' ? 'running' : archive.trouble;
  return [new ArchiveSearch({ archive: { name, spec: archive.spec, state }, ...parts })];
}

function withoutWaiting(queue: Queue): ArchiveSearchParts['queue'] {
  return {
    storeId: queue.storeId,
    partitions: queue.partitions,
    generationOf: (partition) => queue.generationOf(partition),
    topics: () => [],
    measure: (place) => queue.measure(place),
    read: (place, limits) => queue.read(place, limits),
  };
}

function elasticsearchOf(outputs: SearchParts['outputs'], threads: SearchThreads): SearchStore[] {
  return outputs.elasticsearch.map((output) => {
    const { name, state, trouble } = output.status();
    return new ElasticsearchSearch({ name, state: trouble === '' ? state : trouble, connection: output.connection, threads });
  });
}
