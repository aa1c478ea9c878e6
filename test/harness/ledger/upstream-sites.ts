/**
 * Three levels of sites, each made and enrolled by the commands that people use: agents → edge → two regions → centre. Every link goes
 * through a proxy with faults, and can be taken away for a while.
 */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { AgentHost } from '../agent-host.ts';
import { randomPlan } from '../connection-plan.ts';
import { FaultyProxy } from '../faulty-proxy.ts';
import { HubHost } from '../hub-host.ts';
import type { Random } from '../random.ts';
import type { Programs } from '../programs.ts';
import type { Scratch } from '../scratch.ts';

export interface UpstreamSitesOptions {
  readonly programs: Programs;
  readonly scratch: Scratch;
  readonly random: Random;
  readonly agents: number;
}

export interface EdgeAgent {
  readonly host: AgentHost;
  /** Folder whose files it reads. */
  readonly logs: string;
}

/** A way to one hub, that is there or is not. */
export class Link implements AsyncDisposable {
  readonly name: string;
  readonly proxy: FaultyProxy;
  #isCut = false;

  private constructor(name: string, proxy: FaultyProxy) {
    this.name = name;
    this.proxy = proxy;
  }

  static async to(hub: HubHost, name: string, random: Random): Promise<Link> {
    let link: Link | undefined;
    const proxy = await FaultyProxy.start({
      tls: true,
      target: () => (hub.running && link?.isCut === false ? { host: '127.0.0.1', port: hub.port } : undefined),
      plan: () => randomPlan(random),
    });
    link = new Link(name, proxy);
    return link;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
    this.proxy.dropAll();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** What came in stays known for so long after it went on: less than some of the outages. */
const queue = { replay_window: '3s' };
const databaseEndings = ['', '-wal', '-shm'];
const regionNames = ['a', 'b'] as const;

export class UpstreamSites implements AsyncDisposable {
  readonly centre: HubHost;
  readonly regions: readonly HubHost[];
  readonly edge: HubHost;
  readonly agents: readonly EdgeAgent[];
  readonly links: readonly Link[];
  readonly #owned: AsyncDisposableStack;

  private constructor(
    owned: AsyncDisposableStack,
    parts: Pick<UpstreamSites, 'centre' | 'regions' | 'edge' | 'agents' | 'links'>,
  ) {
    this.#owned = owned;
    this.centre = parts.centre;
    this.regions = parts.regions;
    this.edge = parts.edge;
    this.agents = parts.agents;
    this.links = parts.links;
  }

  /** All hubs run and know of each other when it resolves; agents are enrolled and were not started. */
  static async start({ programs, scratch, random, agents: count }: UpstreamSitesOptions): Promise<UpstreamSites> {
    await using made = new AsyncDisposableStack();
    const archive = { kind: 'archive', roll_interval: '1s' };
    const hub = (name: string): HubHost =>
      made.use(new HubHost({ programs, scratch, name, tls: true, config: { queue, outputs: [archive] } }));
    const [centre, edge, regions] = [hub('centre'), hub('edge'), regionNames.map(hub)];
    await Promise.all([centre, edge, ...regions].map((one) => one.start()));
    let salt = 0;
    const link = async (to: HubHost, name: string): Promise<Link> => made.use(await Link.to(to, name, random.fork((salt += 1))));
    // Of each region the way up and the way to it, and at last that of the agents.
    const links: Link[] = [];
    const outputs: object[] = [];
    for (const [index, region] of regions.entries()) {
      const name = regionNames[index] ?? '';
      const [above, below] = [await link(centre, `${name} to centre`), await link(region, `edge to ${name}`)];
      links.push(above, below);
      await enrol({ lower: region, upper: centre, link: above, output: 'centre' });
      await enrol({ lower: edge, upper: region, link: below, output: name });
      await region.configure({ queue, outputs: [upstream('centre', above)] });
      outputs.push(upstream(name, below));
    }
    await edge.configure({ queue, outputs });
    for (const { program } of [...regions, edge]) program.signal('SIGHUP');
    const toEdge = await link(edge, 'agents to edge');
    links.push(toEdge);
    const agents: EdgeAgent[] = [];
    for (let number = 0; number < count; number += 1) {
      const logs = await scratch.folder(`logs${number}`);
      const inputs = ['shift', 'dated', 'away'].map((style) => ({
        kind: 'file',
        paths: [`${logs}/${style}*.log*`],
        type: style,
      }));
      const config = { buffer: { replay_window: '3s' } };
      const host = made.use(
        new AgentHost({ programs, scratch, name: `agent${number}`, config, inputs, hubs: () => [toEdge.proxy.url] }),
      );
      await host.enroll(await edge.createToken());
      agents.push({ host, logs });
    }
    return new UpstreamSites(made.move(), { centre, regions, edge, agents, links });
  }

  /** The way from a region to the centre. */
  above(region: HubHost): Link {
    const link = this.links[this.regions.indexOf(region) * 2];
    if (link === undefined) throw new RangeError('each region has a way to the centre');
    return link;
  }

  /** Of a region that does not run: puts a copy of its store aside, as a backup does. */
  async backUp({ dataDir }: HubHost): Promise<void> {
    for (const ending of databaseEndings) await rm(`${dataDir}/backup${ending}`, { force: true });
    for (const ending of databaseEndings)
      if (existsSync(`${dataDir}/hub.db${ending}`)) await copyFile(`${dataDir}/hub.db${ending}`, `${dataDir}/backup${ending}`);
  }

  /** Of a region that does not run: it forgets what came since the copy. */
  async setBack({ dataDir }: HubHost): Promise<void> {
    for (const ending of databaseEndings) await rm(`${dataDir}/hub.db${ending}`, { force: true });
    for (const ending of databaseEndings)
      if (existsSync(`${dataDir}/backup${ending}`)) await copyFile(`${dataDir}/backup${ending}`, `${dataDir}/hub.db${ending}`);
  }

  tail(): string {
    const hosts = [this.centre, ...this.regions, this.edge, ...this.agents.map(({ host }) => host)];
    return hosts
      .filter(({ running }) => running)
      .map(({ program }) => program.tail(15))
      .join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function upstream(name: string, { proxy }: Link): object {
  return { kind: 'upstream', name, hubs: [proxy.url] };
}

interface Enrolment {
  readonly lower: HubHost;
  readonly upper: HubHost;
  readonly link: Link;
  readonly output: string;
}

async function enrol({ lower, upper, link, output }: Enrolment): Promise<void> {
  // Enrolling through a link that may be cut would try the patience of this set-up, not of the product.
  const token = await upper.createToken('--hub', '--tenant', '*', '--address', `127.0.0.1:${upper.port}`);
  const { code, stdout, stderr } = await lower.run('enroll', '--config', lower.configPath, '--output', output, '--json', token);
  if (code !== 0) throw new Error(`enroll for ${link.name} ended with ${code}\n${stdout}${stderr}`);
}
