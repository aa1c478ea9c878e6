import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * A folder that a program sees as the whole machine: in it are only the program, the libraries it asks the system for, `/dev/null`
 * and empty folders. What runs there needs no Node, no packages and no repository.
 */
export interface BareRoot {
  readonly folder: string;
  /** How to start one of its programs with `spawn`: also when the caller is not root. */
  command(program: string, args: readonly string[]): { command: string; args: string[] };
  /** Where a path of this machine's view is in the program's: `<folder>/tmp/x` is `/tmp/x`. */
  inside(path: string): string;
}

export interface BareRootOptions {
  /** An empty or missing folder. */
  readonly folder: string;
  /** Programs of this machine's architecture; each becomes `/bin/<its name>`. */
  readonly programs: readonly string[];
}

export function makeBareRoot(options: BareRootOptions): BareRoot {
  const { folder, programs } = options;
  for (const name of ['bin', 'tmp', 'etc', 'run', 'var/lib', 'dev', 'proc']) mkdirSync(join(folder, name), { recursive: true });
  // Only root may make a device; to be read as empty a file is enough.
  writeFileSync(join(folder, 'dev/null'), '');
  for (const program of programs) {
    copyFileSync(program, join(folder, 'bin', basename(program)));
    for (const library of librariesOf(program)) {
      mkdirSync(join(folder, dirname(library)), { recursive: true });
      copyFileSync(realpathSync(library), join(folder, library));
    }
  }
  const start = chrootCommand();
  return {
    folder,
    command: (program, args) => ({ command: start[0], args: [...start.slice(1), folder, `/bin/${program}`, ...args] }),
    inside: (path) => path.replace(folder, ''),
  };
}

/** Why no bare root can be used here, or undefined when one can. */
export function bareRootObstacle(): string | undefined {
  const [command, ...args] = chrootCommand();
  const { status, stderr, error } = spawnSync(command, [...args, '/', '/bin/true'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `a program cannot be given another root here: ${error === undefined ? stderr.trim() : error.message}`;
}

/** Only root may change the root; others may in a user namespace of their own, where the system allows those. */
function chrootCommand(): [string, ...string[]] {
  return process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--user', '--map-root-user', 'chroot'];
}

function librariesOf(program: string): string[] {
  const listing = execFileSync('ldd', [program], { encoding: 'utf8' });
  return listing.split('\n').flatMap((line) => {
    const [, path] = /(?:=> |^\s*)(\/\S+) \(0x/.exec(line) ?? [];
    return path === undefined ? [] : [path];
  });
}
