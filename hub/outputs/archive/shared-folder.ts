/**
 * All hubs of a site archive to one folder: their index is one, and an object that only one hub can see is one that no search at another
 * hub finds. Which folder it is says a file in it, and the site remembers what that file says; a hub with another folder is refused.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from '../../registry/registry.ts';
import { OutputError } from '../output.ts';
import type { ArchiveStore } from './store/archive-store.ts';
import { syncFolder, temporaryPath, writeSmallFile } from './durable-file.ts';

export const folderMarker = '.tributary-archive';
const folderKey = 'archive-folder';
const markerPattern = /^[0-9a-f]{32}$/;

type Site = Pick<Registry, 'meta' | 'setMeta'>;

/** Rejects with an OutputError. A site that has not said it yet has this one. */
export async function agreeOnFolder(folder: string, site: Site): Promise<void> {
  const own = markerOf(folder);
  const known = await siteMarker(own, site);
  if (known === own) return;
  throw new OutputError(
    `the archive folder ${folder} is not the one that the other hubs of this site write to: mount theirs here and name it as folder of the ` +
      `archive in outputs. When all of them are to go on in this one, move what is in theirs into it, ${folderMarker} as well; ` +
      `if theirs is gone for good: echo ${known} > ${join(folder, folderMarker)}`,
  );
}

/** As `agreeOnFolder`, of what is no folder. Rejects with what the store says while it does not answer. */
export async function agreeOnBucket(store: Pick<ArchiveStore, 'place' | 'read' | 'writeNew'>, site: Site): Promise<void> {
  const own = (await markerIn(store)) ?? (await newMarkerIn(store));
  const known = await siteMarker(own, site);
  if (known === own) return;
  throw new OutputError(
    `the archive ${store.place} is not the one that the other hubs of this site write to: name theirs in outputs. When all of them are to go on ` +
      `in this one, copy what is in theirs into it, ${folderMarker} as well; if theirs is gone for good, write ${known} into ${folderMarker} there`,
  );
}

async function siteMarker(own: string, site: Site): Promise<string | undefined> {
  if (site.meta(folderKey) === undefined) await site.setMeta({ [folderKey]: own }, { unlessSet: true });
  return site.meta(folderKey);
}

async function markerIn(store: Pick<ArchiveStore, 'place' | 'read'>): Promise<string | undefined> {
  const text = (await store.read(folderMarker))?.toString().trim();
  if (text === undefined || markerPattern.test(text)) return text;
  throw new OutputError(`${folderMarker} in ${store.place} is damaged: remove it where no other hub of this site writes there`);
}

async function newMarkerIn(store: Pick<ArchiveStore, 'place' | 'read' | 'writeNew'>): Promise<string> {
  await store.writeNew(folderMarker, `${randomBytes(16).toString('hex')}\n`);
  // Several hubs may come first at a time: one of them made it.
  return (await markerIn(store)) ?? '';
}

function markerOf(folder: string): string {
  const path = join(folder, folderMarker);
  try {
    const there = readMarker(path);
    if (there !== undefined) return there;
    // Several hubs may come first at a time: one of them makes it.
    const own = temporaryPath(path);
    writeSmallFile(own, `${randomBytes(16).toString('hex')}\n`);
    try {
      linkSync(own, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(own, { force: true });
    }
    syncFolder(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError(`the archive folder ${folder} cannot be used (${reason}): let the hub write there`, { cause });
  }
  return readMarker(path) ?? '';
}

function readMarker(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (markerPattern.test(text)) return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error(`${path} is damaged: copy it from the same folder at another hub, or remove it if there is none`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
