/**
 * The archive's index as the manifests beside the objects tell it: what a search goes by where the store cannot be asked. A manifest is
 * written with its object, before the row in the index, so the newest ones may be of objects that are not in the index yet.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { parseManifest } from '../manifest.ts';
import type { ArchiveQuery } from './query.ts';

const folderPattern = /^[a-z0-9_]{1,50}$/;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const levels = { tenant: 0, type: 1, year: 2, month: 3, day: 4, hour: 5 } as const;

/** Folders that cannot hold an answer are not looked into. What is no manifest is passed over; a folder that cannot be read rejects. */
export async function* manifestIndex(folder: string, query: ArchiveQuery): AsyncGenerator<ArchiveObject, void, undefined> {
  for await (const path of hoursOf(folder, [], query)) {
    for (const { name } of await readdir(join(folder, path), { withFileTypes: true })) {
      if (!name.endsWith('.json')) continue;
      const manifest = parseManifest(await readFile(join(folder, path, name), 'utf8'));
      if (manifest !== undefined && manifest.object.name.startsWith(`${path}/`)) yield manifest.object;
    }
  }
}

/** Relative to the folder, `tenant/type/YYYY/MM/DD/HH`. */
async function* hoursOf(folder: string, path: readonly string[], query: ArchiveQuery): AsyncGenerator<string, void, undefined> {
  if (path.length > levels.hour) {
    yield path.join('/');
    return;
  }
  for (const entry of await readdir(join(folder, ...path), { withFileTypes: true })) {
    const inner = [...path, entry.name];
    if (entry.isDirectory() && folderPattern.test(entry.name) && mayHold(inner, query)) yield* hoursOf(folder, inner, query);
  }
}

/** No object holds records of two hours. */
function mayHold([tenant, type, ...time]: readonly string[], query: ArchiveQuery): boolean {
  if (query.tenant !== undefined && query.tenant !== tenant) return false;
  if (query.type !== undefined && type !== undefined && query.type !== type) return false;
  if (!time.every((part) => /^\d{2,4}$/.test(part))) return false;
  const { sinceMs = -Infinity, untilMs = Infinity } = query;
  const [year, month, day, hour] = time.map(Number);
  if (year === undefined) return true;
  const startMs = Date.UTC(year, (month ?? 1) - 1, day ?? 1, hour ?? 0);
  const endMs =
    month === undefined
      ? Date.UTC(year + 1, 0)
      : day === undefined
        ? Date.UTC(year, month)
        : startMs + (hour === undefined ? dayMs : hourMs);
  return startMs < untilMs && endMs > sinceMs;
}
