/** A hub whose store and whose archive have small disks of their own, an agent with a small buffer and one with a small disk. */
import { mkdir } from 'node:fs/promises';
import type { HubHost } from '../../harness/hub-host.ts';
import { runProgram } from '../../harness/program.ts';
import { testPrograms as programs } from '../../harness/programs.ts';
import { SmallDisk, smallDiskCommand } from '../../harness/small-disk.ts';
import { until } from '../../harness/until.ts';
import { type PlainAgent, PlainBed } from './plain-bed.ts';
import { rulesOfBeds } from './rules-of-beds.ts';

const mebibyte = 1024 * 1024;
export const diskBytes = 128 * mebibyte;

export class DisksBed extends PlainBed {
  #hub: HubHost | undefined;
  readonly agents = new Map<'busy' | 'narrow', PlainAgent>();

  static async open(): Promise<DisksBed> {
    return await PlainBed.begun(
      (scratch) => new DisksBed(scratch),
      async (bed) => bed.#begin(),
    );
  }

  get site(): HubHost {
    if (this.#hub === undefined) throw new Error('this bed has no hub yet');
    return this.#hub;
  }

  agentCalled(name: 'busy' | 'narrow'): PlainAgent {
    const agent = this.agents.get(name);
    if (agent === undefined) throw new Error(`this bed has no agent ${name}`);
    return agent;
  }

  get storeDisk(): SmallDisk {
    return new SmallDisk(this.site.program, this.site.dataDir);
  }

  get archiveDisk(): SmallDisk {
    return new SmallDisk(this.site.program, this.archive);
  }

  get agentDisk(): SmallDisk {
    const { host } = this.agentCalled('narrow');
    return new SmallDisk(host.program, host.dataDir);
  }

  get archive(): string {
    return this.scratch.file('archive');
  }

  /** As root of the hub's machine does it: what it sees as its disks is its own. Again while a file is being written there. */
  async mount(...args: readonly string[]): Promise<void> {
    const mounted = async (): Promise<boolean> => (await this.#inside('mount', ...args)).code === 0;
    await until(`mount ${args.join(' ')}`, mounted, { everyMs: 5 });
  }

  /** A command on the hub's machine: it sees what the hub sees as its disks. */
  async #inside(...args: readonly string[]): ReturnType<HubHost['run']> {
    const asUser = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
    const target = [...asUser, '--mount', '--target', String(this.site.program.pid)];
    return await runProgram({ name: 'nsenter', command: ['nsenter'], args: [...target, ...args] });
  }

  async #begin(): Promise<void> {
    const { scratch, archive } = this;
    for (const folder of [archive, scratch.file('one'), scratch.file('narrow'), scratch.file('aside')])
      await mkdir(folder, { recursive: true });
    const wrap = [
      ...smallDiskCommand(scratch.file('one'), diskBytes / mebibyte),
      ...smallDiskCommand(archive, diskBytes / mebibyte),
    ];
    const listeners = {
      http: { address: '127.0.0.1:0' },
      push: [{ address: '127.0.0.1:0', plaintext: true, tenant: 'shop', type: 'push', body_bytes: '4MiB' }],
    };
    const config = {
      listeners,
      outputs: [{ kind: 'archive', folder: archive, roll_interval: '1s' }],
      health: { rules: { ...rulesOfBeds, disk: {} } },
      queue: { max_bytes: '10MiB', topic_max_bytes: '10MiB', replay_window: '1s' },
      platform_tenant: 'site',
    };
    const hub = await this.hub({ name: 'one', config, wrap });
    this.#hub = hub;
    const hubs = (): string[] => [hub.url];
    this.agents.set('busy', await this.agent({ name: 'busy', hubs, config: { buffer: { max_bytes: '4MiB' } } }));
    this.agents.set(
      'narrow',
      await this.agent({
        name: 'narrow',
        hubs,
        config: { buffer: { reserve_bytes: '2MiB' } },
        wrap: (host) => smallDiskCommand(host.dataDir, 24),
      }),
    );
    await this.push(hub, 'push', 'the first line\n');
    await this.ask(hub, { run: (...args) => this.#inside(...programs.hub, ...args) });
    this.write(`${this.agentCalled('narrow').logs}/app.log`);
  }
}
