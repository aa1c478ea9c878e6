/** How a hub's configuration says that the registry is shared. */
import { existsSync, statSync } from 'node:fs';
import { pkiFiles } from '../../certificates/pki-files.ts';
import type { HubOptions } from '../../options.ts';
import type { SharedOptions } from '../sqlite/registry-calls.ts';
import { registryFile } from '../sqlite/registry-file.ts';

/**
 * Undefined without `queue.redis`. Where certificates are, there was a registry: one that is gone everywhere is begun anew only when an empty
 * file in its place says that this is meant.
 */
export function sharedOptions(options: HubOptions): SharedOptions | undefined {
  const { redis, durability } = options.queue;
  if (redis === undefined) return undefined;
  const isMeant = statSync(registryFile(options.data_dir), { throwIfNoEntry: false })?.size === 0;
  return { redis, durability, mayFound: isMeant || !existsSync(pkiFiles(options.data_dir).folder) };
}
