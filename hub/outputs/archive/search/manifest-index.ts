/**
 * The archive's index as the manifests beside the objects tell it: what a search goes by where the store cannot be asked. A manifest is
 * written with its object, before the row in the index, so the newest ones may be of objects that are not in the index yet.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';
import { parseManifest } from '../manifest.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { mapAhead } from '../store/map-ahead.ts';
import type { ArchiveQuery } from './query.ts';

const folderPattern = /^[a-z0-9_]{1,50}$/;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const levels = { tenant: 0, type: 1, year: 2, month: 3, day: 4, hour: 5 } as const;

type Store = Pick<ArchiveStore, 'names' | 'read'>;

/** Folders that cannot hold an answer are not looked into. What is no manifest is passed over; a folder that cannot be read rejects. */
export async function* manifestIndex(store: Store, query: ArchiveQuery): AsyncGenerator<ArchiveObject, void, undefined> {
  for await (const path of hoursOf(store, [], query)) {
    const { files } = await store.names(path);
    const manifests = files.filter((name) => name.endsWith('.json'));
    for await (const text of mapAhead(manifests, (name) => store.read(`${path}/${name}`))) {
      const manifest = text === undefined ? undefined : parseManifest(text.toString());
      if (manifest !== undefined && manifest.object.name.startsWith(`${path}/`)) yield manifest.object;
    }
  }
}

/** Relative to the store, `tenant/type/YYYY/MM/DD/HH`. */
async function* hoursOf(store: Store, path: readonly string[], query: ArchiveQuery): AsyncGenerator<string, void, undefined> {
  if (path.length > levels.hour) {
    yield path.join('/');
    return;
  }
  for (const name of (await store.names(path.join('/'))).folders) {
    const inner = [...path, name];
    if (folderPattern.test(name) && mayHold(inner, query)) yield* hoursOf(store, inner, query);
  }
}

/** An object is in the hour in which its first record went on to the archive: it may hold what was received long before, and nothing later. */
function mayHold([tenant, type, ...time]: readonly string[], query: ArchiveQuery): boolean {
  if (query.tenant !== undefined && query.tenant !== tenant) return false;
  if (query.type !== undefined && type !== undefined && query.type !== type) return false;
  if (!time.every((part) => /^\d{2,4}$/.test(part))) return false;
  const { sinceMs = -Infinity } = query;
  const [year, month, day, hour] = time.map(Number);
  if (year === undefined) return true;
  const startMs = Date.UTC(year, (month ?? 1) - 1, day ?? 1, hour ?? 0);
  const endMs =
    month === undefined
      ? Date.UTC(year + 1, 0)
      : day === undefined
        ? Date.UTC(year, month)
        : startMs + (hour === undefined ? dayMs : hourMs);
  return endMs > sinceMs;
}
