/**
 * What a test needs beyond npm. `requireTool` gives nothing when the tool is there, and otherwise the reason to skip with:
 *
 *     test('…', { skip: await requireTool('strace') }, async () => …)
 *
 * A tool that is missing is installed where that is allowed: by apt-get, when we are root. With `TRIBUTARY_REQUIRE=all` (CI) a tool
 * that cannot be had is an error instead of a reason, so the test fails. Only what the kernel forbids although the programs are there
 * (`containers`, `docker`: within some containers) stays a reason, which the test's report shows: no CI could mend that.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installByApt } from './apt.ts';
import { ForbiddenError } from './forbidden.ts';
import { pythonProgram } from './python.ts';

const run = promisify(execFile);

/** It is no command for people, so it is not on the path. */
export const journalRemotePath = '/lib/systemd/systemd-journal-remote';

/** One program with several names: it is the server when it is called `redis-server`. */
export const redisProgram = 'redis-check-rdb';

interface Tool {
  /** What it is for, for the reason. */
  readonly purpose: string;
  /** The Debian package that has it; undefined when it is not something to install. */
  readonly aptPackage: string | undefined;
  /** Whether it works here: finding the program is not always enough. Rejects when not. */
  readonly probe: () => Promise<unknown>;
  /** How it comes here, where installing its package is not the way. */
  readonly install?: () => Promise<void>;
}

const tools = {
  strace: {
    purpose: 'records system calls',
    aptPackage: 'strace',
    // A container may forbid tracing although the program is there.
    probe: () => run('strace', ['-o', '/dev/null', 'true']),
  },
  python3: {
    purpose: 'reads the archive with a tool that is not ours',
    aptPackage: 'python3',
    probe: pythonProgram,
  },
  zstd: {
    purpose: 'reads the archive with a tool that is not ours',
    aptPackage: 'zstd',
    probe: () => run('zstd', ['--version']),
  },
  procps: {
    purpose: 'tells of memory and processes beside us',
    aptPackage: 'procps',
    probe: () => run('sh', ['-c', 'ps -A && free -b']),
  },
  collectd: {
    purpose: 'measures a machine beside us',
    aptPackage: 'collectd-core',
    probe: () => run('collectd', ['-h']),
  },
  git: { purpose: 'makes a fresh clone', aptPackage: 'git', probe: () => run('git', ['--version']) },
  npm: { purpose: 'brings Node and pnpm as a newcomer would', aptPackage: undefined, probe: () => findProgram('npm') },
  tmpfs: {
    purpose: 'is a disk that can be full',
    aptPackage: undefined,
    // In a mount namespace of its own, so that the probe leaves nothing behind. Root, or user namespaces, are needed.
    probe: () => run('unshare', [...unshareArgs(), 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']),
  },
  chroot: {
    purpose: 'is a root without Node and without the repository',
    aptPackage: undefined,
    probe: () => run('unshare', [...unshareArgs(), 'chroot', '/', 'true']),
  },
  logrotate: {
    purpose: 'rotates logs as on most servers',
    aptPackage: 'logrotate',
    probe: () => run('logrotate', ['--version']),
  },
  podman: { purpose: 'runs containers', aptPackage: 'podman', probe: () => run('podman', ['--version']) },
  runc: { purpose: 'runs containers', aptPackage: 'runc', probe: () => run('runc', ['--version']) },
  containers: {
    purpose: 'writes logs of containers',
    aptPackage: undefined,
    probe: async () => await (await import('./podman.ts')).probePodman(),
  },
  flock: { purpose: 'lets one process work at a time', aptPackage: 'util-linux', probe: () => run('flock', ['--version']) },
  haproxy: { purpose: 'logs by syslog', aptPackage: 'haproxy', probe: () => run('haproxy', ['-v']) },
  logger: { purpose: 'sends syslog', aptPackage: 'bsdutils', probe: () => run('logger', ['--version']) },
  rsyslog: {
    purpose: 'sends and receives syslog',
    aptPackage: 'rsyslog',
    probe: async () => {
      await (await import('./rsyslog.ts')).probeRsyslog();
    },
    // Beside syslog-ng it cannot be installed.
    install: async () => {
      await (await import('./rsyslog.ts')).unpackRsyslog();
    },
  },
  'syslog-ng': { purpose: 'sends syslog', aptPackage: 'syslog-ng-core', probe: () => run('syslog-ng', ['--version']) },
  docker: {
    purpose: 'writes logs of containers',
    // Its package would start a service: it is unpacked instead.
    aptPackage: undefined,
    probe: async () => await (await import('./docker-engine.ts')).probeDocker(),
  },
  promtool: {
    purpose: 'checks metrics with a tool that is not ours',
    aptPackage: 'prometheus',
    probe: () => run('promtool', ['--version']),
  },
  chromium: {
    purpose: 'shows the page as people see it',
    aptPackage: 'chromium',
    probe: async () => await (await import('./browser/chromium.ts')).probeChromium(),
  },
  openssl: { purpose: 'speaks TLS without us', aptPackage: 'openssl', probe: () => run('openssl', ['version']) },
  faketime: {
    purpose: 'gives a program another time of day',
    aptPackage: 'libfaketime',
    probe: async () => await (await import('./wrong-clock.ts')).probeFaketime(),
  },
  curl: { purpose: 'pushes as people do', aptPackage: 'curl', probe: () => run('curl', ['--version']) },
  redis: {
    purpose: 'is a Redis that answers anybody, or nobody without a password',
    // The server itself is in this package, under the name of its checker; that of its own name would start a service.
    aptPackage: 'redis-tools',
    probe: () => findProgram(redisProgram),
  },
  elasticsearch: {
    purpose: 'is a real Elasticsearch',
    aptPackage: 'maven',
    probe: async () => await (await import('./elasticsearch/download.ts')).probeElasticsearch(),
    install: async () => await (await import('./elasticsearch/download.ts')).installElasticsearch(),
  },
  s3: {
    purpose: 'is a real S3 server',
    aptPackage: 'golang-go',
    probe: async () => await (await import('./s3/build.ts')).probeS3(),
    install: async () => await (await import('./s3/build.ts')).installS3(),
  },
  keepalived: {
    purpose: 'places a virtual address',
    aptPackage: 'keepalived',
    probe: () => run('keepalived', ['--version']),
  },
  namespaces: {
    purpose: 'are machines with networks of their own',
    aptPackage: 'iproute2',
    probe: async () => await (await import('./linux-namespaces.ts')).probeNamespaces(),
  },
  'packet-filter': {
    purpose: 'lets no packet through to a port',
    aptPackage: 'iptables',
    probe: async () =>
      await (
        await import('./forbidden.ts')
      ).ifAllowed(() => run('unshare', ['--net', 'iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '7701', '-j', 'DROP'])),
  },
  'systemd-journal-remote': {
    purpose: 'writes journal files as journald does',
    aptPackage: 'systemd-journal-remote',
    probe: async () => {
      await run(journalRemotePath, ['--version']);
      await run('journalctl', ['--version']);
    },
  },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

export interface RequireOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly isRoot?: boolean;
  readonly probe?: () => Promise<unknown>;
  readonly install?: (aptPackage: string) => Promise<void>;
}

const answers = new Map<ToolName, Promise<string | undefined>>();

/** Gives the reason to skip with, or undefined when the tool can be used. A tool is looked for once per process. */
export async function requireTool(name: ToolName): Promise<string | undefined> {
  return await answers.getOrInsertComputed(name, () => lookForTool(name));
}

/** As `requireTool`, anew each time and with the world given: for the tests of this file. */
export async function lookForTool(name: ToolName, options: RequireOptions = {}): Promise<string | undefined> {
  const tool: Tool = tools[name];
  const {
    env = process.env,
    isRoot = process.getuid?.() === 0,
    probe = tool.probe,
    install = tool.install ?? installByApt,
  } = options;
  const problem = await tryProbe(probe);
  if (problem === undefined) return undefined;
  let reason = `${name} is needed (${tool.purpose}) and does not work here: ${problem.told}`;
  if (problem.isForbidden) return reason;
  if (tool.aptPackage !== undefined && isRoot) {
    const failure = await tryInstall(() => install(tool.aptPackage ?? name));
    if (failure === undefined && (await tryProbe(probe)) === undefined) return undefined;
    reason += `; installing the package ${tool.aptPackage} did not help${failure === undefined ? '' : `: ${failure}`}`;
  } else if (tool.aptPackage !== undefined) {
    reason += `; install the package ${tool.aptPackage}`;
  }
  if (env['TRIBUTARY_REQUIRE'] === 'all') throw new Error(`TRIBUTARY_REQUIRE=all: ${reason}`);
  return reason;
}

/** The arguments that give a command its own mounts: root simply may, others need a user namespace. */
export function unshareArgs(): string[] {
  return process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
}

interface Problem {
  readonly told: string;
  readonly isForbidden: boolean;
}

async function tryProbe(probe: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await probe();
    return undefined;
  } catch (error) {
    return { told: firstLineOf(error), isForbidden: error instanceof ForbiddenError };
  }
}

async function tryInstall(install: () => Promise<void>): Promise<string | undefined> {
  try {
    await install();
    return undefined;
  } catch (error) {
    return firstLineOf(error);
  }
}

async function findProgram(name: string): Promise<void> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (await isExecutable(join(folder, name))) return;
  }
  throw new Error(`${name} is not on the path`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return (stderr.trim() === '' ? text : stderr).trim().split('\n')[0] ?? text;
}
