/** The kinds of stores. The client of S3 is large, and is loaded with the first call to a bucket. */
import type { ArchiveStore } from './archive-store.ts';
import { FolderStore } from './folder-store.ts';
import { S3Store } from './s3-store.ts';
import type { StoreSpec } from './store-spec.ts';

export function openStore(spec: StoreSpec): ArchiveStore {
  return spec.kind === 'folder' ? new FolderStore(spec.folder, spec.sign) : new S3Store(spec);
}
