/**
 * The real Docker, with all its folders in a scratch folder and no network. Installing its package would start a service, so its files are
 * unpacked into `.tools/docker`. Root is needed, and `runc`.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackByApt } from './apt.ts';
import { ifAllowed } from './forbidden.ts';
import { Program } from './program.ts';
import { repositoryRoot } from './programs.ts';
import { Scratch } from './scratch.ts';
import { until } from './until.ts';

const execute = promisify(execFile);
const unpacked = join(repositoryRoot, '.tools/docker');
const packages = ['docker.io', 'containerd', 'tini'];
const path = [join(unpacked, 'usr/bin'), join(unpacked, 'usr/sbin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':');
const image = 'shell:1';

/** Rejects where it cannot be run; with a ForbiddenError when only the kernel is in the way. */
export async function probeDocker(): Promise<void> {
  if (!existsSync(unpacked)) {
    if (process.getuid?.() !== 0) throw new Error('only root can run it');
    await unpackByApt('docker', packages);
  }
  await ifAllowed(async () => {
    await using docker = await DockerEngine.start();
    await docker.run({ name: 'probe', script: 'echo it works' });
  });
}

export interface DockerRun {
  readonly name: string;
  readonly script: string;
  /** Such as `--label=a=b`. */
  readonly options?: readonly string[];
}

export class DockerEngine implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly #program: Program;

  private constructor(scratch: Scratch, program: Program) {
    this.#scratch = scratch;
    this.#program = program;
  }

  static async start(): Promise<DockerEngine> {
    const scratch = await Scratch.make();
    const folders = [`--data-root=${scratch.file('data')}`, `--exec-root=${scratch.file('exec')}`];
    const files = [`--pidfile=${scratch.file('pid')}`, `--host=unix://${scratch.file('sock')}`];
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
    const args = [...folders, ...files, ...network, '--storage-driver=vfs', '--log-level=error'];
    const program = new Program({ name: 'dockerd', command: [join(unpacked, 'usr/sbin/dockerd')], args, env: { PATH: path } });
    const docker = new DockerEngine(scratch, program);
    try {
      await until('Docker listens', () => {
        if (!program.running) throw new Error(`dockerd ended\n${program.tail()}`);
        return existsSync(scratch.file('sock'));
      });
      await docker.#makeImage();
    } catch (error) {
      await docker[Symbol.asyncDispose]();
      throw error;
    }
    return docker;
  }

  /** The folder that the input reads. */
  get root(): string {
    return this.#scratch.file('data');
  }

  /** Runs a shell script in a container of its own, to its end; the container stays, with its log. */
  async run({ name, script, options = [] }: DockerRun): Promise<void> {
    const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024', '--network=none'];
    await this.#docker('run', `--name=${name}`, ...limits, ...options, image, '/bin/sh', '-c', script);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#program.running) await this.#program.stop();
    await this.#scratch[Symbol.asyncDispose]();
  }

  async #docker(...args: readonly string[]): Promise<void> {
    const host = ['--host', `unix://${this.#scratch.file('sock')}`];
    const env = { PATH: path, DOCKER_CONFIG: this.#scratch.file('config') };
    await execute(join(unpacked, 'usr/bin/docker'), [...host, ...args], { env, timeout: 120_000, maxBuffer: 1 << 28 });
  }

  /** Nothing but this machine's shell. */
  async #makeImage(): Promise<void> {
    const folder = await this.#scratch.folder('image');
    const { stdout } = await execute('ldd', ['/bin/sh']);
    for (const file of ['/bin/sh', ...(stdout.match(/\/\S+/g) ?? [])]) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await copyFile(file, join(folder, file));
    }
    const archive = this.#scratch.file('image.tar');
    await execute('tar', ['-C', folder, '-cf', archive, '.']);
    await this.#docker('import', archive, image);
  }
}
