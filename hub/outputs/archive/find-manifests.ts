/** Manifests of one channel and partition, the newest hours first. */
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
  readonly max: number;
}

const hourMs = 3_600_000;
const manifestPattern = /^[0-9a-f]+-(\d+)-\d+-\d+\.json$/;

/** Those whose names are not known, whole or not; unreadable ones are none. */
export async function findManifests(search: ManifestSearch): Promise<FoundManifest[]> {
  const { folder, channel, partition, sinceMs, known, max } = search;
  const found: FoundManifest[] = [];
  for await (const hour of hoursDown(join(folder, channel))) {
    if (hour.startMs + hourMs <= sinceMs || found.length >= max) break;
    for (const file of await namesIn(hour.path)) {
      if (manifestPattern.exec(file)?.[1] !== String(partition)) continue;
      const manifest = parseManifest(await readFile(join(hour.path, file), 'utf8'));
      if (manifest === undefined || manifest.object.channel !== channel || manifest.object.partition !== partition) continue;
      if (!known.has(manifest.object.name)) found.push(manifest);
    }
  }
  return found;
}

async function* hoursDown(channelFolder: string): AsyncIterable<{ readonly path: string; readonly startMs: number }> {
  for (const year of await numbersIn(channelFolder)) {
    for (const month of await numbersIn(join(channelFolder, year))) {
      for (const day of await numbersIn(join(channelFolder, year, month))) {
        for (const hour of await numbersIn(join(channelFolder, year, month, day))) {
          const startMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
          yield { path: join(channelFolder, year, month, day, hour), startMs };
        }
      }
    }
  }
}

async function numbersIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => /^\d{2,4}$/.test(name)).toSorted((one, other) => other.localeCompare(one));
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
