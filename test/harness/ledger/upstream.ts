/**
 * The scenarios `upstream` and `upstream-lost`: two agents with writers and rotation → edge → two regions → centre, every link of them
 * faulty. Each round one process dies as by `kill -9` or is stopped as a machine that hangs, a link is gone for a while, or a region stays
 * away while the other brings everything. What the centre archived is what is judged: each line once, in order, though it got them by two
 * ways. In `upstream-lost` a region's store is set back to a copy of it, too: the way by it tells gaps that the other way fills, so that parts of a stream are
 * stored late, behind what follows them. Nothing may be lost or doubled all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import type { HubHost } from '../hub-host.ts';
import type { AgentHost } from '../agent-host.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { KnownFiles } from './known-files.ts';
import { settled } from './settled.ts';
import { UpstreamSites } from './upstream-sites.ts';
import { Writer } from './writer.ts';

const agents = 2;
const bytesPerSecond = 150_000;
const rotateBytes = 200_000;
/** Of a run that is not short, outages outlast the replay windows and the patience of connections. */
const outageMs = { long: 12_000, short: 1500 };
const longRounds = 10;
const downMsMax = 2000;
/** Longer than the replay window of a hub, and what is written in it is on its way. */
const forgottenMs = 7000;
const lateMsMax = 8000;
const calmMs = { min: 100, max: 2500 };

type Kind = 'killed' | 'paused' | 'cut' | 'away' | 'lost';

const kinds: readonly Kind[] = ['killed', 'killed', 'paused', 'cut', 'cut', 'away'];

export async function runUpstream(options: EdgeOptions): Promise<EdgeResult> {
  return await run(options, kinds);
}

export async function runUpstreamLost(options: EdgeOptions): Promise<EdgeResult> {
  return { ...(await run(options, [...kinds, 'lost', 'lost', 'lost'])), toleratesDisordered: true };
}

async function run(options: EdgeOptions, mayHappen: readonly Kind[]): Promise<EdgeResult> {
  const { programs, log, seed } = options;
  await using scratch = await Scratch.make();
  const random = new Random(seed);
  await using sites = await UpstreamSites.start({ programs, scratch, random: random.fork(1), agents });
  await using owned = new AsyncDisposableStack();
  const writers = sites.agents.map(({ host, logs }, number) => {
    const known = owned.use(new KnownFiles(host));
    const mayLeave = (path: string): boolean => known.mayLeave(path);
    return new Writer({ folder: logs, seed: seed + number, firstStream: number * 100, bytesPerSecond, rotateBytes, mayLeave });
  });
  for (const { host } of sites.agents) await host.start();
  for (const writer of writers) writer.start();
  const faults = await new Harassment({ ...options, sites, random: random.fork(2), mayHappen }).run();
  const written = writers.flatMap((writer) => writer.stop());
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  log(`stopped writing: ${written.length} files, ${(bytes / 1e6).toFixed(1)} MB; waiting until the centre has archived all`);
  await settled({ archive: sites.centre.archive, bytes, log, tail: () => sites.tail() });
  const problems = await stopped(sites);
  const verdict = await checkArchive({ archive: sites.centre.archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) log(`  ${example}`);
  for (const { proxy } of sites.links)
    for (const [kind, count] of proxy.faults) faults[`proxy ${kind}`] = (faults[`proxy ${kind}`] ?? 0) + count;
  return { rounds: options.rounds, roundsNotCounted: 0, faults, problems, verdict };
}

interface HarassmentOptions extends EdgeOptions {
  readonly sites: UpstreamSites;
  readonly random: Random;
  readonly mayHappen: readonly Kind[];
}

class Harassment {
  readonly #options: HarassmentOptions;
  readonly #counts: Record<string, number> = {};
  readonly #lengthMs: number;
  /** A region that is away over several rounds. */
  #away: { readonly region: HubHost; readonly untilRound: number } | undefined;

  constructor(options: HarassmentOptions) {
    this.#options = options;
    this.#lengthMs = options.rounds >= longRounds ? outageMs.long : outageMs.short;
  }

  /** One fault after the other. What they were, and how often. */
  async run(): Promise<Record<string, number>> {
    const { rounds, random, mayHappen } = this.#options;
    for (let round = 1; round <= rounds; round += 1) {
      await sleep(random.between(calmMs.min, calmMs.max));
      if (this.#away !== undefined && this.#away.untilRound <= round) await this.#comeBack();
      await this.#strike(round, random.pick(mayHappen));
    }
    await this.#comeBack();
    return this.#counts;
  }

  async #strike(round: number, kind: Kind): Promise<void> {
    const { random, sites } = this.#options;
    if (kind === 'cut') return await this.#cut(round);
    if (kind === 'away' || kind === 'lost') {
      // While one way is gone the other one must be there.
      if (this.#away !== undefined) return await this.#cut(round);
      const region = random.pick(sites.regions);
      this.#note(round, this.#nameOf(region), kind);
      if (kind === 'lost') return await this.#lose(region);
      await this.#mustRun(region).program.kill();
      this.#away = { region, untilRound: round + random.between(1, 3) };
      return;
    }
    const host = random.pick(this.#running());
    this.#note(round, this.#nameOf(host), kind);
    if (kind === 'killed') {
      await host.program.kill();
      await sleep(random.between(0, downMsMax));
      await host.start();
      return;
    }
    host.program.signal('SIGSTOP');
    await sleep(this.#lengthMs);
    host.program.signal('SIGCONT');
  }

  /**
   * Both regions have what the edge has forgotten, and the centre has it from none; then one of them loses it and tells the centre so,
   * before the other one brings it.
   */
  async #lose(region: HubHost): Promise<void> {
    const { random, sites } = this.#options;
    const ways = sites.regions.map((one) => sites.above(one));
    for (const way of ways) way.cut();
    await this.#mustRun(region).program.kill();
    await sites.backUp(region);
    await region.start();
    await sleep(Math.max(this.#lengthMs, forgottenMs));
    await this.#mustRun(region).program.kill();
    await sites.setBack(region);
    await region.start();
    sites.above(region).mend();
    await sleep(random.between(0, lateMsMax));
    for (const way of ways) way.mend();
  }

  async #cut(round: number): Promise<void> {
    const { random, sites } = this.#options;
    const link = random.pick(sites.links);
    this.#note(round, link.name, 'cut');
    link.cut();
    await sleep(this.#lengthMs);
    link.mend();
  }

  async #comeBack(): Promise<void> {
    if (this.#away === undefined) return;
    await this.#away.region.start();
    this.#options.log(`  ${this.#nameOf(this.#away.region)} is back`);
    this.#away = undefined;
  }

  /** What may be struck now. What ended by itself is a failure whatever the archive says. */
  #running(): readonly (AgentHost | HubHost)[] {
    const { sites } = this.#options;
    const hosts = [...sites.agents.map(({ host }) => host), sites.edge, ...sites.regions, sites.centre];
    return hosts.filter((host) => host !== this.#away?.region).map((host) => this.#mustRun(host));
  }

  #mustRun<Host extends AgentHost | HubHost>(host: Host): Host {
    if (!host.running) throw new Error(`${this.#nameOf(host)} ended by itself\n${host.program.tail()}`);
    return host;
  }

  #nameOf(host: AgentHost | HubHost): string {
    return host.configPath.slice(host.configPath.lastIndexOf('/') + 1).replace('.yaml', '');
  }

  #note(round: number, which: string, kind: Kind): void {
    const name = `${which} ${kind}`;
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    this.#options.log(`round ${round}: ${name}`);
  }
}

/** What ended by itself is a problem. */
async function stopped(sites: UpstreamSites): Promise<string[]> {
  const hosts = [...sites.agents.map(({ host }) => host), sites.edge, ...sites.regions, sites.centre];
  const problems = hosts.filter(({ running }) => !running).map(({ program }) => `ended by itself: ${program.tail(20)}`);
  for (const host of hosts) if (host.running) await host.program.stop();
  return problems;
}
