/**
 * `data_dir/site.json`: which site and which hub this data folder belongs to, and where their store was. It outlives the store: a Redis that
 * comes back empty, or a database that was lost, is the same site's again, which is what certificates name. Replaced by write, sync, rename.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { SiteError } from './site-error.ts';
import type { SiteIds } from './hub-store.ts';

const id = z.string().regex(/^[0-9a-f]{32}$/);
const siteFile = z.object({ version: z.literal(1), siteId: id, hubId: id, store: z.enum(['sqlite', 'redis']) });

export interface WrittenSite extends SiteIds {
  readonly store: 'sqlite' | 'redis';
}

export function siteFilePath(folder: string): string {
  return join(folder, 'site.json');
}

/** Undefined where there is none yet. Rejects with a SiteError where it is none. */
export async function readSiteFile(folder: string): Promise<WrittenSite | undefined> {
  const path = siteFilePath(folder);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SiteError(`${path} cannot be read (${String(error)}): let the hub read it`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    const { siteId, hubId, store } = siteFile.parse(JSON.parse(text));
    return { siteId, hubId, store };
  } catch (cause) {
    const hint =
      'restore it from a backup; without it this hub is a new one of the site, which is safe where it had nothing of its own';
    throw new SiteError(`${path} is damaged, or of a later version of this program: ${hint}`, { cause });
  }
}

/** Durable when it resolves. */
export async function writeSiteFile(folder: string, { siteId, hubId, store }: WrittenSite): Promise<void> {
  const path = siteFilePath(folder);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ version: 1, siteId, hubId, store })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new SiteError(`${path} cannot be written (${String(cause)}): let the hub write to data_dir`, { cause });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
