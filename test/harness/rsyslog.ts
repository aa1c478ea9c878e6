/**
 * The real rsyslogd, on configurations of its own. Its package and that of syslog-ng exclude each other, so where it is not installed its
 * files are unpacked into `.tools/rsyslog` instead, with the three libraries that nothing else has.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackByApt } from './apt.ts';
import { Program } from './program.ts';
import { repositoryRoot } from './programs.ts';
import type { Scratch } from './scratch.ts';

const run = promisify(execFile);

const unpacked = join(repositoryRoot, '.tools/rsyslog');
const packages = ['rsyslog', 'libestr0', 'libfastjson4', 'liblognorm5'];
const installed = '/usr/sbin/rsyslogd';

/** Rejects where it cannot be run. */
export async function probeRsyslog(): Promise<void> {
  const { command, env } = rsyslogd();
  await run(command, ['-v'], { env: { ...process.env, ...env } });
}

/** Unpacks it; nothing of the system is changed. */
export async function unpackRsyslog(): Promise<void> {
  await unpackByApt('rsyslog', packages);
}

function rsyslogd(): { command: string; env: Record<string, string>; modules: string | undefined } {
  if (existsSync(installed)) return { command: installed, env: {}, modules: undefined };
  const base = join(unpacked, 'usr/lib');
  const [library = ''] = existsSync(base) ? readdirSync(base).filter((name) => existsSync(join(base, name, 'rsyslog'))) : [];
  const libraries = join(base, library);
  const command = join(unpacked, 'usr/sbin/rsyslogd');
  return { command, env: { LD_LIBRARY_PATH: libraries }, modules: join(libraries, 'rsyslog') };
}

/** Starts one; it is ended by disposing it. */
export async function startRsyslog(scratch: Scratch, name: string, config: string): Promise<Program> {
  const { command, env, modules } = rsyslogd();
  const file = scratch.file(`${name}.conf`);
  await writeFile(file, `global(workDirectory="${await scratch.folder(`${name}-work`)}")\n${config}`);
  const args = ['-n', '-f', file, '-i', scratch.file(`${name}.pid`), ...(modules === undefined ? [] : ['-M', modules])];
  return new Program({ name: 'rsyslogd', command: [command], args, env });
}
