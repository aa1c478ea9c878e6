import { getAsset, isSea } from 'node:sea';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Where a worker thread's code is. From the repository it is a TypeScript file; inside a single executable there are no files,
 * so the packaging bundles each entry into an asset of that name. Each product lists its entries in its `workers.ts`, which is
 * the only place that names them; packaging/ reads these lists.
 */
export interface WorkerEntry {
  /** Name of the asset inside the single executable, `<product>-<thread>.js`. */
  readonly asset: string;
  /** The source file, made with `new URL('./folder/thread.ts', import.meta.url)`. */
  readonly url: URL;
}

/** Starts a thread from its entry. The caller owns it and terminates it. */
export function startWorker(entry: WorkerEntry, options: WorkerOptions = {}): Worker {
  if (isSea()) return new Worker(getAsset(entry.asset, 'utf8'), { ...options, eval: true });
  return new Worker(entry.url, options);
}
