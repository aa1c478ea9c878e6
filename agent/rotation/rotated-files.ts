import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FilePatterns } from '../inputs/file/file-patterns.ts';
import { parseRotated, type RotatedName } from './naming.ts';
import type { RotatedFile } from './retention.ts';

export interface FoundFile extends RotatedFile, RotatedName {}

/** What was rotated before of a group's files, by the real path of the file it came from; what is being written too. */
export async function findRotated(
  patterns: FilePatterns,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly FoundFile[]>> {
  const found = new Map<string, FoundFile[]>();
  for (const [folder, givenFolder] of await realFolders([
    ...(await patterns.folders()),
    ...[...paths].map((path) => dirname(path)),
  ])) {
    for (const name of await namesIn(folder)) {
      const rotated = parseRotated(name);
      if (rotated === undefined) continue;
      const base = join(folder, rotated.base);
      if (!paths.has(base) && !patterns.matches(join(givenFolder, rotated.base))) continue;
      const path = join(folder, name);
      const bytes = await sizeOf(path);
      if (bytes !== undefined) found.getOrInsertComputed(base, () => []).push({ ...rotated, base, path, bytes });
    }
  }
  return found;
}

/** Folders by their real paths, each once. */
async function realFolders(folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of new Set(folders)) {
    const real = await realpath(folder).catch(() => undefined);
    if (real !== undefined && !found.has(real)) found.set(real, folder);
  }
  return found;
}

/**
 * Removes what a crash left: parts that were never named, and compressed files whose original is there still. Those are made again,
 * as the original may have grown.
 */
export async function removeLeftovers(files: readonly FoundFile[], keepPart: (path: string) => boolean): Promise<void> {
  const originals = new Set(
    files.filter(({ compression, isPart }) => compression === 'none' && !isPart).map(({ stampMs }) => stampMs),
  );
  for (const { path, isPart, compression, stampMs } of files) {
    const isDoubled = compression !== 'none' && originals.has(stampMs);
    if (isPart ? !keepPart(path) : isDoubled) await rm(path, { force: true });
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  // A folder that is not there has no rotated files; one that is closed to us is told of by the file itself.
  return await readdir(folder).catch(() => []);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    (stats) => (stats.isFile() ? stats.size : undefined),
    () => undefined,
  );
}
