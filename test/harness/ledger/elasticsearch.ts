/**
 * The scenario `elasticsearch`: two agents with writers and rotation → a hub and a worker over Redis → a real Elasticsearch. Each round one of
 * them dies as by `kill -9`, at a named point too, or is stopped for a while, or answers are lost; data streams are rolled over before,
 * meanwhile or after, so that what is sent again finds another index to be written to. At the end every line must be there once, and no dead letter.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost } from '../agent-host.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { checkElasticsearch } from './check-elasticsearch.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { type HubName, indices, ElasticsearchSite } from './elasticsearch-site.ts';
import { KnownFiles } from './known-files.ts';
import { Writer } from './writer.ts';

/** Of each agent. A short run has little time, and the machine to itself as little as any test: in each of its rounds no more than the allowance. */
const paces = {
  short: { bytesPerSecond: 15_000, allowanceBytes: 120_000, rotateBytes: 30_000 },
  long: { bytesPerSecond: 20_000, rotateBytes: 200_000 },
};
const longRoundsMin = 10;
const rest = { msMin: 200, msMax: 1500 };
/** In long runs one of the pauses is longer than requests are waited for. */
const pauseMs = { short: 2500, long: 10_000, longest: 75_000 };
const roundsTriedPerCounted = 2;
/** Each document that may be there is looked for in all indices, and there are more of these than anywhere else: a long run waits until that is done with. */
const backlog = { bytesMax: 10_000_000, waitMsMax: 120_000 };
/** Longer than the longest wait between two tries, on a busy machine. */
const standstillMs = 180_000;
const points = [
  'hub.elasticsearch.after-bulk',
  'hub.elasticsearch.before-commit',
  'hub.elasticsearch.before-bulk',
  'hub.elasticsearch.after-commit',
  'hub.pipeline.before-commit',
  'hub.pipeline.after-commit',
];

export async function runElasticsearch(options: EdgeOptions): Promise<EdgeResult> {
  const { programs, rounds, seed, log } = options;
  const random = new Random(seed);
  const isLong = rounds >= longRoundsMin;
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const site = owned.use(await ElasticsearchSite.start({ programs, scratch, random: random.fork(1) }));
  const writers = site.agents.map(({ host, logs }, number) => {
    const known = owned.use(new KnownFiles(host));
    const pace = isLong ? paces.long : paces.short;
    const mayLeave = (path: string): boolean => known.mayLeave(path);
    return new Writer({ folder: logs, seed: seed + number, firstStream: number * 100, ...pace, mayLeave });
  });
  for (const { host } of site.agents) await host.start();
  for (const writer of writers) writer.start();
  // What is rolled over before it has a document shows nothing.
  await site.eachHasDocuments();
  const faults = new ElasticsearchFaults(site, { random: random.fork(2), isLong });
  let counted = 0;
  let tried = 0;
  for (; counted < rounds; tried += 1) {
    if (tried > rounds * roundsTriedPerCounted + 5) throw new Error('too few rounds had anything on its way');
    await site.processed();
    if (isLong) await caughtUp(site);
    for (const writer of writers) writer.allow();
    await sleep(random.between(rest.msMin, rest.msMax));
    const { name, requests, bytes } = await faults.strike();
    const isCounted = requests > 0 || bytes > 0;
    if (isCounted) counted += 1;
    log(`round ${tried + 1}: ${name}; ${requests} requests, ${bytes} bytes on their way; ${counted} counted`);
  }
  const written = writers.flatMap((writer) => writer.stop());
  const lines = written.reduce((sum, file) => sum + file.lines, 0);
  log(`stopped writing: ${written.length} files, ${lines} lines; waiting until all are documents`);
  await arrived(site, lines, log);
  const deadLetters = await site.deadLetters();
  if (deadLetters !== '') site.problems.push(`dead letters: ${deadLetters.slice(0, 2000)}`);
  await site.stop();
  const verdict = await checkElasticsearch({
    url: site.server.url,
    indices,
    written,
    manifestPath: scratch.file('manifest.json'),
  });
  for (const example of verdict.examples) log(`  ${example}`);
  if (verdict.objects < 6) site.problems.push(`the documents are in ${verdict.objects} indices: nothing was rolled over`);
  const counts = { ...faults.counts, rollovers: faults.rollovers };
  return { rounds: counted, roundsNotCounted: tried - counted, faults: counts, problems: site.problems, verdict };
}

/** Resolves when little is on its way, or when it takes too long. */
async function caughtUp(site: ElasticsearchSite): Promise<void> {
  const endMs = performance.now() + backlog.waitMsMax;
  while (performance.now() < endMs && (await site.underWay()).bytes > backlog.bytesMax) await sleep(200);
}

/** Resolves when there are as many documents as lines and nothing is on its way, or when nothing has moved for so long that nothing will. */
async function arrived(site: ElasticsearchSite, lines: number, log: (line: string) => void): Promise<void> {
  let last = -1;
  let changedMs = performance.now();
  for (;;) {
    const documents = await site.documents();
    const { bytes } = await site.underWay();
    if (documents >= lines && bytes === 0) return;
    if (documents !== last) changedMs = performance.now();
    last = documents;
    if (performance.now() - changedMs > standstillMs) {
      log(`standstill: ${documents} documents of ${lines} lines`);
      return;
    }
    await sleep(1000);
  }
}

type Strike = () => Promise<string | void>;

interface Struck {
  readonly name: string;
  readonly requests: number;
  readonly bytes: number;
}

/** What happens next, by seed: everything once before anything for a second time. A short run begins with what needs the rollover most. */
class ElasticsearchFaults {
  readonly #site: ElasticsearchSite;
  readonly #random: Random;
  readonly #isLong: boolean;
  #deck: [string, Strike][] = [];
  /** What was on its way when it struck. */
  #underWay = { requests: 0, bytes: 0 };
  readonly counts: Record<string, number> = {};
  rollovers = 0;

  constructor(site: ElasticsearchSite, { random, isLong }: { readonly random: Random; readonly isLong: boolean }) {
    this.#site = site;
    this.#random = random;
    this.#isLong = isLong;
  }

  async strike(): Promise<Struck> {
    if (this.#deck.length === 0) this.#deck = this.#isLong ? this.#shuffled(this.#faults()) : this.#short();
    const [name, strike] = this.#deck.shift() ?? ['nothing', () => Promise.resolve()];
    await this.#mayRollOver(0.15);
    this.#underWay = await this.#site.underWay();
    const told = (await strike()) ?? name;
    await this.#mayRollOver(0.15);
    this.counts[told] = (this.counts[told] ?? 0) + 1;
    return { name: told, ...this.#underWay };
  }

  /** The few that a short run has time for: one of each kind. */
  #short(): [string, Strike][] {
    const faults = this.#shuffled(this.#faults());
    const wanted = ['answers lost', 'hub.elasticsearch.', 'elasticsearch killed', 'worker killed'];
    const first = wanted.flatMap((start) => faults.find(([name]) => name.startsWith(start)) ?? []);
    const chosen = faults.filter((fault) => first.some((name) => name === fault[0]));
    return [...chosen, ...faults.filter((fault) => !chosen.includes(fault))];
  }

  #faults(): [string, Strike][] {
    const site = this.#site;
    const agent = (): AgentHost => this.#random.pick(site.agents).host;
    return [
      ['hub killed', () => this.#killHub('hub')],
      ['worker killed', () => this.#killHub('worker')],
      ['hub paused', () => site.pause(site.host('hub'), () => this.#pass())],
      ['worker paused', () => site.pause(site.host('worker'), () => this.#pass())],
      ['agent killed', () => this.#killAgent(agent())],
      ['agent paused', () => site.pause(agent(), () => this.#pass())],
      ['elasticsearch killed', () => this.#killServer()],
      ['elasticsearch killed with both hubs', () => this.#killAll()],
      ['elasticsearch paused', () => this.#pauseServer()],
      ['elasticsearch paused, worker killed', () => this.#pauseServerAndKill()],
      ['answers lost', () => site.loseAnswers(() => this.#pass())],
      ['answers lost, worker killed', () => this.#loseAnswersAndKill()],
      ['connections cut', () => this.#cut()],
      ...points.map((point): [string, Strike] => [point, () => this.#dieAt(point)]),
    ];
  }

  /** Some time, with a rollover in it more often than not: what is sent again then would be written into another index. */
  async #pass(msMax = this.#isLong ? pauseMs.long : pauseMs.short): Promise<void> {
    await sleep(this.#random.between(100, msMax / 2));
    await this.#mayRollOver(0.6);
    await sleep(this.#random.between(100, msMax / 2));
  }

  /** The first time in any case: a run without any shows nothing of them. */
  async #mayRollOver(chance: number): Promise<void> {
    const isDrawn = this.#random.chance(chance);
    if (isDrawn || this.rollovers === 0) await this.#rollOver();
  }

  async #rollOver(): Promise<void> {
    this.rollovers += await this.#site.rollOver();
  }

  async #killHub(name: HubName): Promise<void> {
    await this.#site.kill(this.#site.host(name));
    await this.#pass(2000);
    await this.#site.start(name);
  }

  async #killAgent(agent: AgentHost): Promise<void> {
    await this.#site.kill(agent);
    await sleep(this.#random.between(0, 1000));
    await agent.start();
  }

  async #killServer(): Promise<void> {
    const { server } = this.#site;
    await server.kill();
    await sleep(this.#random.between(0, 3000));
    await server.restart();
    await this.#mayRollOver(0.7);
  }

  /** Nobody remembers what was sent and not confirmed. */
  async #killAll(): Promise<void> {
    const site = this.#site;
    await Promise.all([site.server.kill(), site.kill(site.host('hub')), site.kill(site.host('worker'))]);
    await site.server.restart();
    await this.#mayRollOver(0.7);
    await Promise.all([site.start('hub'), site.start('worker')]);
  }

  async #pauseServer(): Promise<void> {
    const { server } = this.#site;
    server.pause();
    await sleep(this.#pauseLengthMs());
    server.resume();
    await this.#mayRollOver(0.7);
  }

  /** What was sent before the death may be done after the next owner looked. */
  async #pauseServerAndKill(): Promise<void> {
    const site = this.#site;
    site.server.pause();
    await sleep(this.#random.between(100, 2000));
    await site.kill(site.host('worker'));
    await site.start('worker');
    await sleep(this.#random.between(100, 3000));
    site.server.resume();
    await this.#mayRollOver(0.7);
  }

  async #loseAnswersAndKill(): Promise<void> {
    const site = this.#site;
    await site.loseAnswers(async () => {
      await sleep(this.#random.between(100, 2000));
      await site.kill(site.host('worker'));
      await this.#rollOver();
    });
    await site.start('worker');
  }

  async #cut(): Promise<void> {
    this.#site.proxy.cut();
    await this.#rollOver();
    await sleep(this.#random.between(0, 300));
    this.#site.proxy.cut();
  }

  /** The worker is gone before, so that the hub does it all; it was stopped in order before, or killed. */
  async #dieAt(point: string): Promise<string | void> {
    const site = this.#site;
    await site.kill(site.host('worker'));
    if (this.#random.chance(0.5)) await site.kill(site.host('hub'));
    else await site.host('hub').program.stop();
    const reached = await site.dieAtPoint(point, this.#random.between(1, 10));
    if (reached) this.#underWay = { requests: 1, bytes: 1 };
    await this.#mayRollOver(0.7);
    await Promise.all([site.start('hub'), site.start('worker')]);
    return reached ? point : `${point} not reached`;
  }

  #pauseLengthMs(): number {
    if (!this.#isLong) return pauseMs.short;
    return this.#random.chance(0.3) ? pauseMs.longest : this.#random.between(1000, pauseMs.long);
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map((item) => ({ item, key: this.#random.next() }));
    return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
  }
}
