/** Manifests of one channel and partition, hour after hour. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type FoundManifest, parseManifest } from './manifest.ts';
import type { ArchiveStore } from './store/archive-store.ts';
import { mapAhead } from './store/map-ahead.ts';

export interface ManifestSearch {
  readonly store: Pick<ArchiveStore, 'names' | 'read'>;
  readonly channel: ChannelName;
  readonly partition: number;
  /** Of receive time: hours that ended before it are not looked at. */
  readonly sinceMs: number;
  /** Names of objects that are known. */
  readonly known: ReadonlySet<string>;
}

const hourMs = 3_600_000;
const manifestPattern = /^[0-9a-f]+-(\d+)-\d+-\d+\.json$/;

/** Of each hour those whose names are not known, whole or not; unreadable ones are none. */
export async function* findManifests(search: ManifestSearch): AsyncGenerator<readonly FoundManifest[], void, undefined> {
  const { store, channel, partition, sinceMs, known } = search;
  for await (const hour of hoursSince(store, channel, sinceMs)) {
    const found: FoundManifest[] = [];
    const { files } = await store.names(hour);
    const wanted = files.filter((file) => manifestPattern.exec(file)?.[1] === String(partition));
    for await (const text of mapAhead(wanted, (file) => store.read(`${hour}/${file}`))) {
      const manifest = text === undefined ? undefined : parseManifest(text.toString());
      if (manifest === undefined || manifest.object.channel !== channel || manifest.object.partition !== partition) continue;
      if (!known.has(manifest.object.name)) found.push(manifest);
    }
    if (found.length > 0) yield found;
  }
}

/** Folders of hours that ended later, in their order. */
async function* hoursSince(
  store: ManifestSearch['store'],
  channel: ChannelName,
  sinceMs: number,
): AsyncGenerator<string, void, undefined> {
  const numbersIn = async (folder: string): Promise<string[]> =>
    (await store.names(folder)).folders.filter((name) => /^\d{2,4}$/.test(name)).toSorted();
  for (const year of await numbersIn(channel)) {
    if (Date.UTC(Number(year) + 1, 0) <= sinceMs) continue;
    for (const month of await numbersIn(`${channel}/${year}`)) {
      if (Date.UTC(Number(year), Number(month)) <= sinceMs) continue;
      for (const day of await numbersIn(`${channel}/${year}/${month}`)) {
        const startMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
        const folder = `${channel}/${year}/${month}/${day}`;
        const hours = startMs + 24 * hourMs > sinceMs ? await numbersIn(folder) : [];
        const wanted = hours.filter((hour) => startMs + (Number(hour) + 1) * hourMs > sinceMs);
        yield* wanted.map((hour) => `${folder}/${hour}`);
      }
    }
  }
}
