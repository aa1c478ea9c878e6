/** What the beds without certificates are made of: hubs that are asked for their health, and agents that are known by how they are named. */
import { appendFileSync } from 'node:fs';
import { AgentHost } from '../../harness/agent-host.ts';
import { HubHost } from '../../harness/hub-host.ts';
import { at, listAt, textAt } from '../../harness/json.ts';
import { testPrograms as programs } from '../../harness/programs.ts';
import { Scratch } from '../../harness/scratch.ts';
import { until } from '../../harness/until.ts';
import type { Health } from '../fault.ts';
import { HealthApi, type HealthApiAccess } from '../health-api.ts';
import { wroteAll } from './writer.ts';

type Config = Readonly<Record<string, unknown>>;

export interface PlainAgent {
  readonly host: AgentHost;
  readonly logs: string;
  /** Options from its next start on. */
  readonly config: Record<string, unknown>;
}

export interface AddedHub {
  readonly name: string;
  readonly config: Config;
  readonly tls?: boolean;
  readonly wrap?: readonly string[];
}

export interface AddedAgent {
  readonly name: string;
  readonly config?: Config;
  /** Of the files in its folder, by name, each an input: `app` is `app.log`. */
  readonly inputs?: readonly string[];
  readonly hubs: () => readonly string[];
  readonly wrap?: (host: AgentHost) => Promise<readonly string[]> | readonly string[];
}

export class PlainBed implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly names = new Map<string, string>();
  readonly owned = new AsyncDisposableStack();
  readonly #hubs: HubHost[] = [];
  readonly #agents: PlainAgent[] = [];
  #api: HealthApi | undefined;

  constructor(scratch: Scratch) {
    this.scratch = scratch;
    this.owned.use(scratch);
  }

  /** A bed of a kind of its own. What it has by then goes where it cannot begin. */
  protected static async begun<Bed extends PlainBed>(
    make: (scratch: Scratch) => Bed,
    begin: (bed: Bed) => Promise<void>,
  ): Promise<Bed> {
    const bed = make(await Scratch.make());
    try {
      await begin(bed);
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** It runs when this resolves. */
  async hub({ name, config, tls = false, wrap }: AddedHub): Promise<HubHost> {
    const hub = this.owned.use(new HubHost({ programs, scratch: this.scratch, name, config, tls }));
    this.#hubs.push(hub);
    await hub.start(wrap === undefined ? {} : { wrap });
    this.names.set(textAt(await hub.status(), 'site', 'hubId'), name);
    return hub;
  }

  /** It is connected when this resolves, and has read a line of each of its files. */
  async agent({ name, config = {}, inputs = ['app'], hubs, wrap }: AddedAgent): Promise<PlainAgent> {
    const logs = await this.scratch.folder(`${name}-logs`);
    const settings: Record<string, unknown> = { events: { measured: '2s' }, ...config };
    const kinds = inputs.map((type) => ({ kind: 'file', paths: [`${logs}/${type}.log`], type, scan_interval: '1s' }));
    const host = this.owned.use(new AgentHost({ programs, scratch: this.scratch, name, hubs, inputs: kinds, config: settings }));
    const agent = { host, logs, config: settings };
    this.#agents.push(agent);
    for (const type of inputs) appendFileSync(`${logs}/${type}.log`, 'the first line\n');
    await host.start(wrap === undefined ? {} : { wrap: await wrap(host) });
    await this.connected(agent);
    this.names.set(textAt(await host.status(), 'agentId'), name);
    return agent;
  }

  async connected({ host }: PlainAgent): Promise<void> {
    const detail = (): string => this.tail();
    await until('the agent is connected', async () => at(await host.status(), 'uplink', 'state') === 'connected', { detail });
  }

  /** Whom `look` asks. */
  async ask(hub: HubHost, access: HealthApiAccess = {}): Promise<void> {
    this.#api = await HealthApi.of(hub, access);
  }

  async look(): Promise<Health | undefined> {
    return await this.#api?.look();
  }

  unanswered(): string {
    return this.#api?.problem ?? '';
  }

  /** Lines come as long as the bed is there. */
  write(...files: readonly string[]): void {
    this.owned.use(wroteAll(() => files.forEach((file) => appendFileSync(file, 'another line\n'))));
  }

  async command(hub: HubHost, ...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await hub.run(...args, '--config', hub.configPath);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  }

  /** As a person changes its file: it reads it again. */
  async change(hub: HubHost, config: Config): Promise<void> {
    const before = at(await hub.status(), 'configuration', 'readMs');
    await hub.configure(config);
    hub.program.signal('SIGHUP');
    const isRead = async (): Promise<boolean> => at(await hub.status(), 'configuration', 'readMs') !== before;
    await until('the configuration is read again', isRead, { detail: () => this.tail() });
  }

  async push(hub: HubHost, type: string, body: string): Promise<number> {
    const [url] = listAt(await hub.status(), 'listeners', 'push').map((one) => at(one, 'url'));
    const asked = { method: 'POST', headers: { 'content-type': 'text/plain' }, body };
    const response = await fetch(`${String(url)}/api/v1/logs?type=${type}`, asked);
    await response.arrayBuffer();
    return response.status;
  }

  tail(): string {
    const running = [...this.#hubs, ...this.#agents.map(({ host }) => host)].filter((host) => host.running);
    return running.map(({ program }) => program.tail(20)).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}
