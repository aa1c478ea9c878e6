/**
 * The agent's worker threads: the only place that names their files. The packaging bundles each into an asset of that name, so
 * that a thread also starts inside the single executable.
 */
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';

export const bufferWriterWorker: WorkerEntry = {
  asset: 'agent-buffer-writer.js',
  url: new URL('./buffer/writer-thread.ts', import.meta.url),
};

export const configWorker: WorkerEntry = {
  asset: 'agent-config.js',
  url: new URL('./config/config-thread.ts', import.meta.url),
};

export const datagramWorker: WorkerEntry = {
  asset: 'agent-datagrams.js',
  url: new URL('./inputs/sockets/linux/datagram-thread.ts', import.meta.url),
};
