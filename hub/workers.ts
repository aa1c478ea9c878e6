/**
 * The hub's worker threads: the only place that names their files. The packaging bundles each into an asset of that name, so
 * that a thread also starts inside the single executable.
 */
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';

export const pipelineWorker: WorkerEntry = {
  asset: 'hub-pipeline.js',
  url: new URL('./processing/pipeline-thread.ts', import.meta.url),
};

export const pipelineCheckWorker: WorkerEntry = {
  asset: 'hub-pipeline-check.js',
  url: new URL('./processing/reload/check-thread.ts', import.meta.url),
};

export const archiveWorker: WorkerEntry = {
  asset: 'hub-archive.js',
  url: new URL('./outputs/archive/archive-thread.ts', import.meta.url),
};

export const bulkWorker: WorkerEntry = {
  asset: 'hub-bulk.js',
  url: new URL('./outputs/elasticsearch/bulk/bulk-thread.ts', import.meta.url),
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

export const redactionWorker: WorkerEntry = {
  asset: 'hub-redaction.js',
  url: new URL('./redaction/redaction-thread.ts', import.meta.url),
};

export const trialWorker: WorkerEntry = {
  asset: 'hub-trial.js',
  url: new URL('./processing/trying/trial-thread.ts', import.meta.url),
};

export const measurementsWorker: WorkerEntry = {
  asset: 'hub-measurements.js',
  url: new URL('./measurements/store/sqlite-thread.ts', import.meta.url),
};
