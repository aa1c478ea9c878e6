import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { numberAt, parseJson } from './json.ts';

/** Tenant, type, year, month, day, hour, name. */
const manifestDepth = 7;

/** Paths of all finished objects under an archive folder; what is still being written has another ending. */
export async function archiveObjects(folder: string): Promise<readonly string[]> {
  return await filesEndingWith(folder, '.csv.zst');
}

/**
 * Bytes of records in the archive as the manifests tell them, without what agents tell of themselves and their machines. It says when the waiting is over; whether the archive is right is
 * judged from the objects themselves.
 */
export async function archivedRawBytes(folder: string, onlyTenant?: string): Promise<number> {
  let sum = 0;
  for (const path of await filesEndingWith(folder, '.json')) {
    const place = relative(folder, path).split(sep);
    const [tenant, type] = place;
    // Manifests are beside their objects, in the folder of an hour; others tell what the archive held when its store lost something.
    if (place.length !== manifestDepth) continue;
    if (type === 'platform' || (onlyTenant !== undefined && tenant !== onlyTenant)) continue;
    // A manifest may be replaced between listing and reading.
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) sum += numberAt(parseJson(text), 'rawBytes');
  }
  return sum;
}

/** Every object and manifest with its size and when it was last written: a text that is another one when anything there is. */
export async function archiveFiles(folder: string): Promise<string> {
  const paths = [...(await archiveObjects(folder)), ...(await filesEndingWith(folder, '.json'))];
  const lines = paths.map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return `${path} ${found?.ino} ${found?.size} ${found?.mtimeNs}`;
  });
  return (await Promise.all(lines)).join('\n');
}

async function filesEndingWith(folder: string, ending: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => join(folder, name));
}
