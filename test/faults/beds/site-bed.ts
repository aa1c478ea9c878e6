/** A site of one hub with TLS and its store in SQLite, and agents that were enrolled by the commands that people use. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { AgentHost } from '../../harness/agent-host.ts';
import { freePort } from '../../harness/free-port.ts';
import { HubHost } from '../../harness/hub-host.ts';
import { at, listAt, textAt } from '../../harness/json.ts';
import { testPrograms as programs } from '../../harness/programs.ts';
import { Scratch } from '../../harness/scratch.ts';
import { TestAuthority } from '../../harness/test-authority.ts';
import { until } from '../../harness/until.ts';
import type { Bed, Health } from '../fault.ts';
import { HealthApi } from '../health-api.ts';
import { rulesOfBeds } from './rules-of-beds.ts';
import { wroteAll } from './writer.ts';

/** Of the type `push`. */
export const goodPipeline = "steps:\n  - set: { fields: { 'event.kind': event } }\n";
const yearMs = 365 * 86_400_000;

/** Of this machine, beside its loopback; undefined where it has none. */
export const ownAddress: string | undefined = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

type Config = Readonly<Record<string, unknown>>;

export interface SiteAgent {
  readonly host: AgentHost;
  /** The file that it reads. */
  readonly log: string;
  agentId: string;
}

export interface SiteBedOptions {
  /** By name: what goes before the command of the agent, and options beside those of the bed. */
  readonly agents: Readonly<
    Record<
      string,
      { readonly wrap?: (scratch: Scratch) => Promise<readonly string[]> | readonly string[]; readonly config?: Config }
    >
  >;
}

export class SiteBed implements Bed {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly names = new Map<string, string>();
  readonly pushPort: number;
  /** Where a service of this site may be, which the hub looks for. */
  readonly servicePort: number;
  /** Who made the certificate that the hub shows. */
  readonly authority: TestAuthority;
  readonly #agents = new Map<string, SiteAgent>();
  readonly #owned = new AsyncDisposableStack();
  #api: HealthApi | undefined;

  private constructor(parts: Pick<SiteBed, 'scratch' | 'hub' | 'authority' | 'pushPort' | 'servicePort'>) {
    this.scratch = parts.scratch;
    this.hub = parts.hub;
    this.authority = parts.authority;
    this.pushPort = parts.pushPort;
    this.servicePort = parts.servicePort;
  }

  static async open({ agents }: SiteBedOptions): Promise<SiteBed> {
    const scratch = await Scratch.make();
    writeFileSync(`${await scratch.folder('pipelines')}/push.yaml`, goodPipeline);
    const hub = new HubHost({ programs, scratch, tls: true });
    const authority = await TestAuthority.make('A company');
    const bed = new SiteBed({ scratch, hub, authority, pushPort: await freePort(), servicePort: await freePort() });
    bed.#owned.use(scratch);
    bed.#owned.use(hub);
    try {
      await bed.placeCertificate(yearMs);
      await hub.configure(bed.config());
      await hub.start();
      await bed.#begin(agents);
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
    return bed;
  }

  get certificateFile(): string {
    return this.scratch.file('hub.crt');
  }

  /** As a tool that renews certificates does it: of the hub, and it ends after so long. */
  async placeCertificate(lifetimeMs: number = yearMs): Promise<void> {
    const { cert, key } = await this.authority.issue({ hosts: ['127.0.0.1'], usage: 'server', untilMs: lifetimeMs });
    writeFileSync(this.scratch.file('new.key'), key, { mode: 0o600 });
    writeFileSync(this.scratch.file('new.crt'), cert + this.authority.cert);
    renameSync(this.scratch.file('new.key'), this.scratch.file('hub.key'));
    renameSync(this.scratch.file('new.crt'), this.certificateFile);
  }

  /** Of the hub; `more` in the place of what it has there. */
  config(more: Config = {}): Config {
    return {
      listeners: {
        http: { address: '127.0.0.1:0' },
        push: [{ address: `127.0.0.1:${this.pushPort}`, plaintext: true, tenant: 'shop', type: 'push' }],
      },
      tls: { cert: this.certificateFile, key: this.scratch.file('hub.key') },
      services: ownAddress === undefined ? [] : [{ kind: 'redis', url: `redis://${ownAddress}:${this.servicePort}` }],
      pipelines_dir: this.scratch.file('pipelines'),
      scripts: { time_limit: '300ms' },
      health: { rules: { ...rulesOfBeds, version_skew: { after: '1s' } } },
      platform_tenant: 'site',
      ...more,
    };
  }

  /** As a person changes the file of the hub: it reads it again. */
  async change(more: Config = {}): Promise<void> {
    const before = at(await this.hub.status(), 'configuration', 'readMs');
    await this.hub.configure(this.config(more));
    this.hub.program.signal('SIGHUP');
    const isRead = async (): Promise<boolean> => at(await this.hub.status(), 'configuration', 'readMs') !== before;
    await until('the configuration is read again', isRead, { detail: () => this.tail() });
  }

  agent(name: string): SiteAgent {
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new Error(`there is no agent ${name} in this bed`);
    return agent;
  }

  /** A start of an agent is over when it is connected. */
  async start(name: string, wrap?: readonly string[]): Promise<void> {
    const { host, agentId } = this.agent(name);
    await host.start(wrap === undefined ? {} : { wrap });
    await until(`agent ${name} is connected`, async () => (await this.#connected()).includes(agentId), {
      detail: () => this.tail(),
    });
  }

  /** Anew, with another id where it had one. */
  async enrol(name: string, ...args: readonly string[]): Promise<void> {
    const agent = this.agent(name);
    const said = await agent.host.enroll(await this.hub.createToken('--tenant', 'shop'), ...args);
    agent.agentId = /agent ([0-9a-f]{32})/.exec(said)?.[1] ?? '';
    if (agent.agentId === '') throw new Error(`enroll did not say which agent it is: ${said}`);
    this.names.set(agent.agentId, name);
  }

  /** A command of the hub that is to succeed. */
  async command(...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await this.hub.run(...args, '--config', this.hub.configPath);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  }

  async push(type: string, body: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.pushPort}/api/v1/logs?type=${type}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  }

  async look(): Promise<Health | undefined> {
    return await this.#api?.look();
  }

  unanswered(): string {
    return this.#api?.problem ?? '';
  }

  tail(): string {
    const agents = [...this.#agents.values()].map(({ host }) => host).filter(({ running }) => running);
    return [this.hub, ...agents].map((host) => host.program.tail(20)).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #begin(agents: SiteBedOptions['agents']): Promise<void> {
    this.names.set(textAt(await this.hub.status(), 'site', 'hubId'), 'one');
    for (const [name, { wrap, config = {} }] of Object.entries(agents)) {
      const log = `${await this.scratch.folder(`${name}-logs`)}/app.log`;
      const host = new AgentHost({
        programs,
        scratch: this.scratch,
        name,
        hubs: () => [this.hub.url],
        inputs: [{ kind: 'file', paths: [log], type: 'app', scan_interval: '1s' }],
        config: { events: { measured: '2s' }, tenant: undefined, ...config },
        ...(wrap === undefined ? {} : { wrap: await wrap(this.scratch) }),
      });
      this.#owned.use(host);
      this.#agents.set(name, { host, log, agentId: '' });
      await this.enrol(name);
      writeFileSync(log, 'the first line\n');
      await this.start(name);
    }
    await this.push('push', 'the first line\n');
    this.#api = await HealthApi.of(this.hub, { ca: this.authority.cert });
    const logs = [...this.#agents.values()].map(({ log }) => log);
    this.#owned.use(wroteAll(() => logs.forEach((log) => appendFileSync(log, 'another line\n'))));
  }

  async #connected(): Promise<readonly string[]> {
    const connections = listAt(await this.hub.status(), 'connections').map((one) => at(one, 'agentId'));
    return connections.filter((id) => typeof id === 'string');
  }
}
