/**
 * Where the site's own certificates are: `pki/` in the data folder, for its owner alone. A file is replaced by write, sync, rename, and
 * the folder synced, so it is whole or the one before; whoever follows the files sees one change.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface PkiFiles {
  readonly folder: string;
  readonly authorityCertificate: string;
  readonly authorityKey: string;
  readonly hubCertificate: string;
  readonly hubKey: string;
}

export function pkiFiles(dataDir: string): PkiFiles {
  return pkiFilesIn(join(dataDir, 'pki'));
}

export function pkiFilesIn(folder: string): PkiFiles {
  return {
    folder,
    authorityCertificate: join(folder, 'ca.crt'),
    authorityKey: join(folder, 'ca.key'),
    hubCertificate: join(folder, 'hub.crt'),
    hubKey: join(folder, 'hub.key'),
  };
}

export async function makePkiFolder({ folder }: PkiFiles): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await syncFolder(dirname(folder));
}

const fileMode = 0o600;

/** Durable when it resolves. */
export async function writePkiFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', fileMode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
