/** Manifests of one channel and partition, hour after hour. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type FoundManifest, parseManifest } from './manifest.ts';

export interface ManifestSearch {
  readonly folder: string;
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
  const { folder, channel, partition, sinceMs, known } = search;
  for await (const hour of hoursSince(join(folder, channel), sinceMs)) {
    const found: FoundManifest[] = [];
    for (const file of await namesIn(hour)) {
      if (manifestPattern.exec(file)?.[1] !== String(partition)) continue;
      const manifest = parseManifest(await readFile(join(hour, file), 'utf8'));
      if (manifest === undefined || manifest.object.channel !== channel || manifest.object.partition !== partition) continue;
      if (!known.has(manifest.object.name)) found.push(manifest);
    }
    if (found.length > 0) yield found;
  }
}

/** Folders of hours that ended later, in their order. */
async function* hoursSince(channelFolder: string, sinceMs: number): AsyncGenerator<string, void, undefined> {
  for (const year of await numbersIn(channelFolder)) {
    if (Date.UTC(Number(year) + 1, 0) <= sinceMs) continue;
    for (const month of await numbersIn(join(channelFolder, year))) {
      if (Date.UTC(Number(year), Number(month)) <= sinceMs) continue;
      for (const day of await numbersIn(join(channelFolder, year, month))) {
        const startMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
        const hours = startMs + 24 * hourMs > sinceMs ? await numbersIn(join(channelFolder, year, month, day)) : [];
        const wanted = hours.filter((hour) => startMs + (Number(hour) + 1) * hourMs > sinceMs);
        yield* wanted.map((hour) => join(channelFolder, year, month, day, hour));
      }
    }
  }
}

async function numbersIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => /^\d{2,4}$/.test(name)).toSorted();
}

/** A folder that is not there has nothing in it. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
