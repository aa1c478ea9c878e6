/** The Java that Elasticsearch needs: 21 or newer, which is often not the one on the path. */
import { globSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

const majorMin = 21;

/** The folder of the newest Java that is here. Rejects when none is new enough. */
export async function findJdk(): Promise<string> {
  const found = await Promise.all((await candidates()).map(async (folder) => ({ folder, major: await majorOf(folder) })));
  const [newest] = found.filter(({ major }) => major >= majorMin).toSorted((a, b) => b.major - a.major);
  if (newest !== undefined) return newest.folder;
  throw new Error(`no Java ${majorMin} or newer: not by JAVA_HOME, nor on the path, nor where Debian and Temurin put theirs`);
}

async function candidates(): Promise<string[]> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map(async (folder) => {
    try {
      return dirname(dirname(await realpath(join(folder, 'java'))));
    } catch {
      return undefined;
    }
  });
  const all = [process.env['JAVA_HOME'], ...(await Promise.all(onPath)), ...globSync('/usr/lib/jvm/*')];
  return [...new Set(all.filter((folder): folder is string => folder !== undefined && folder !== ''))];
}

/** As the file says that comes with every Java. */
async function majorOf(folder: string): Promise<number> {
  try {
    return Number(/^JAVA_VERSION="(\d+)/m.exec(await readFile(join(folder, 'release'), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
