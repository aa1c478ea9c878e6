import { join } from 'node:path';
import type { UpstreamOutputOptions } from '../../config/output-options.ts';

type Named = Pick<UpstreamOutputOptions, 'name'> & { readonly credentials?: UpstreamOutputOptions['credentials'] };

/** Where the certificate for the upper site is, and what this hub remembers of it. */
export function upstreamFolder({ name, credentials }: Named, dataDir: string): string {
  return credentials ?? join(dataDir, 'upstream', name);
}
