/** versitygw, a server of S3 over a folder, built once per machine from its Go module (docs/TESTING.md says why this one). */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installByApt } from '../apt.ts';
import { cached, cachePath } from '../cache-folder.ts';

const run = promisify(execFile);

const version = 'v1.8.0';
const name = `versitygw-${version}`;
const program = 'versitygw';
/** On a machine that does ten other things. */
const buildTimeoutMs = 20 * 60_000;

/** Rejects unless all that `S3Server.start` needs is here. */
export async function probeS3(): Promise<void> {
  await run('setpriv', ['--version']);
  if (!existsSync(cachePath(name))) throw new Error(`${cachePath(name)} is not there: run test/harness/bring-servers.ts`);
}

export async function installS3(): Promise<void> {
  await run('go', ['version'], { env: goEnvironment('') }).catch(async () => await installByApt('golang-go'));
  await s3Program();
}

/** The path of the program; built when it is not there yet. */
export async function s3Program(): Promise<string> {
  return join(await cached({ name, make: build }), program);
}

async function build(scratch: string): Promise<string> {
  await run('go', ['install', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/${program}@${version}`], {
    cwd: scratch,
    env: goEnvironment(scratch),
    timeout: buildTimeoutMs,
    maxBuffer: 1 << 26,
  });
  return join(scratch, 'bin');
}

/** The sources of a hundred modules and what is compiled of them go again. */
function goEnvironment(scratch: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // Where Go's own archive is unpacked to by its instructions, often without being on the path.
    PATH: [process.env['PATH'], '/usr/local/go/bin'].join(delimiter),
    CGO_ENABLED: '0',
    GOFLAGS: '-modcacherw',
    GOBIN: join(scratch, 'bin'),
    GOMODCACHE: join(scratch, 'modules'),
    GOCACHE: join(scratch, 'compiled'),
  };
}
