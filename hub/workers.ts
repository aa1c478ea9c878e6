/**
 * The hub's worker threads: the only place that names their files. The packaging bundles each into an asset of that name, so
 * that a thread also starts inside the single executable.
 */
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';

export const pipelineWorker: WorkerEntry = {
  asset: 'hub-pipeline.js',
  url: new URL('./processing/pipeline-thread.ts', import.meta.url),
};

export const archiveWorker: WorkerEntry = {
  asset: 'hub-archive.js',
  url: new URL('./outputs/archive/archive-thread.ts', import.meta.url),
};

export const archiveSearchWorker: WorkerEntry = {
  asset: 'hub-archive-search.js',
  url: new URL('./outputs/archive/search/search-thread.ts', import.meta.url),
};

export const queueWriter: WorkerEntry = {
  asset: 'hub-queue-writer.js',
  url: new URL('./queue/sqlite/writer-thread.ts', import.meta.url),
};

export const registryWriter: WorkerEntry = {
  asset: 'hub-registry-writer.js',
  url: new URL('./registry/sqlite/writer-thread.ts', import.meta.url),
};

export const sharedRegistryWriter: WorkerEntry = {
  asset: 'hub-shared-registry-writer.js',
  url: new URL('./registry/redis/shared-writer-thread.ts', import.meta.url),
};
