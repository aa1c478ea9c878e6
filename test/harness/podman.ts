/**
 * Real containers: podman with a storage of its own in a scratch folder, and a root of nothing but a shell, made of this machine's. Their
 * logs are written by conmon in the format of the Kubernetes runtimes (`--log-driver=k8s-file`).
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ifAllowed } from './forbidden.ts';
import { Scratch } from './scratch.ts';

const execute = promisify(execFile);
const runTimeoutMs = 120_000;

/** Rejects where containers cannot be run; with a ForbiddenError when only the kernel is in the way. */
export async function probePodman(): Promise<void> {
  await using podman = await Podman.make();
  await ifAllowed(async () => await podman.run({ log: `${podman.folder}/probe.log`, script: 'echo it works' }));
}

export class Podman implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly #running = new Set<Promise<void>>();

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  static async make(): Promise<Podman> {
    const podman = new Podman(await Scratch.make());
    await podman.#makeRoot();
    return podman;
  }

  get folder(): string {
    return this.#scratch.path;
  }

  /** Runs a shell script in a container of its own, to its end. */
  async run({ log, script }: { readonly log: string; readonly script: string }): Promise<void> {
    const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024', '--network=host'];
    const logging = ['--log-driver=k8s-file', `--log-opt=path=${log}`];
    const root = ['--rootfs', this.#scratch.file('root')];
    const running = this.#podman('run', '--rm', ...limits, ...logging, ...root, '/bin/sh', '-c', script);
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** What still runs is killed, and removed by the podman that runs it: of two that remove the same container one may hang (podman 4.3). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#podman('kill', '--all').catch(() => undefined);
    await Promise.allSettled(this.#running);
    await this.#podman('rm', '--all', '--force').catch(() => undefined);
    await this.#scratch[Symbol.asyncDispose]();
  }

  async #podman(...args: readonly string[]): Promise<void> {
    const folders = [`--root=${this.#scratch.file('storage')}`, `--runroot=${this.#scratch.file('run')}`];
    const own = [...folders, `--tmpdir=${this.#scratch.file('tmp')}`, '--events-backend=none'];
    const engine = ['--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--runtime=runc'];
    // A podman that hangs does not heed SIGTERM.
    const options = { timeout: runTimeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const;
    await execute('podman', [...own, ...engine, ...args], options);
  }

  async #makeRoot(): Promise<void> {
    const root = await this.#scratch.folder('root');
    for (const folder of ['proc', 'dev', 'sys', 'etc', 'tmp', 'run']) await mkdir(join(root, folder));
    const { stdout } = await execute('ldd', ['/bin/sh']);
    const libraries = stdout.match(/\/\S+/g) ?? [];
    for (const file of ['/bin/sh', ...libraries]) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await copyFile(file, join(root, file));
    }
  }
}
