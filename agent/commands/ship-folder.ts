import { join } from 'node:path';

/** Where what `ship` runs as has its identity, its certificate and its buffer. */
export function shipFolder(dataDir: string): string {
  return join(dataDir, 'ship');
}
