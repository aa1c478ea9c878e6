/** All that a thread needs to read and write an archive: plain values. */
import type { EncryptionSpec } from '../frame-cipher.ts';
import type { StoreSpec } from './store-spec.ts';

export interface ArchiveSpec {
  readonly store: StoreSpec;
  readonly encryption: EncryptionSpec | undefined;
}

export function folderArchive(folder: string): ArchiveSpec {
  return { store: { kind: 'folder', folder }, encryption: undefined };
}
