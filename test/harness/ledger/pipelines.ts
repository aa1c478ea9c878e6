/**
 * The scenario `pipelines`: an agent ships lines of five types, which pipelines parse, drop, route, split, run through a script, or leave
 * as they are. Each round something ends or changes: the hub is killed, also at its named points, a line ends the thread that works on it,
 * a pipeline gets another version, good or bad, the agent is killed. At the end each line must be once where its rule says, and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { checkPipelines, type PipelinesVerdict } from './check-pipelines.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { crashPoints } from './fault-plan.ts';
import { type PipelineName, pipelineNames } from './pipeline-files.ts';
import { PipelinesSite } from './pipelines-site.ts';
import { settled } from './settled.ts';

export interface PipelinesResult extends EdgeResult {
  readonly verdict: PipelinesVerdict;
  readonly problems: readonly string[];
}

/** A short run has little time, and the machine to itself as little as any test. */
const bytesPerSecond = { short: 60_000, long: 250_000 };
const longRoundsMin = 10;
/** Something is on its way before anything is struck. */
const rest = { msMin: 100, msMax: 700 };
const roundsTriedPerCounted = 2;
/** Files are looked at every two seconds. */
const looksMs = 3000;

export async function runPipelines(options: EdgeOptions): Promise<PipelinesResult> {
  const { programs, rounds, seed, log } = options;
  const random = new Random(seed);
  await using scratch = await Scratch.make();
  const pace = rounds < longRoundsMin ? bytesPerSecond.short : bytesPerSecond.long;
  await using site = await PipelinesSite.start({ programs, scratch, random: random.fork(1), bytesPerSecond: pace });
  const { hub, writer } = site;
  writer.start();
  const faults = new PipelineFaults(site, random.fork(2));
  let counted = 0;
  let tried = 0;
  for (; counted < rounds; tried += 1) {
    if (tried > rounds * roundsTriedPerCounted + 5) throw new Error('too few rounds had anything on its way');
    await sleep(random.between(rest.msMin, rest.msMax));
    const missing = await site.missing();
    const name = await faults.strike();
    if (missing > 0) counted += 1;
    log(
      `round ${tried + 1}: ${name}, ${missing} bytes on their way${missing > 0 ? '' : ' (does not count)'}, ${counted} counted`,
    );
    // What was in work is through: else an entry might end two hubs in a row, and be set aside as it should.
    await site.archived(writer.expectedBytes);
  }
  writer.stop();
  const bytes = writer.expectedBytes;
  log(`stopped writing: ${writer.files.length} files; waiting until all ${(bytes / 1e6).toFixed(1)} MB are archived`);
  await settled({ archive: hub.archive, bytes, log, tail: () => site.tail() });
  await site.stop();
  const verdict = await checkPipelines({
    archive: hub.archive,
    hubDb: `${hub.dataDir}/hub.db`,
    manifestPath: scratch.file('manifest.json'),
    files: writer.files,
    versions: site.versions,
  });
  for (const example of verdict.examples) log(`  ${example}`);
  for (const [end, lines] of Object.entries(verdict.ends)) log(`  ${end}: ${lines} lines`);
  const deadLetters = verdict.deadLetters.map((reason) => `a batch was set aside: ${reason}`);
  const ended = { 'threads ended': site.threadsEnded, 'batches set aside': deadLetters.length };
  const problems = [...site.problems, ...deadLetters];
  return { rounds: counted, roundsNotCounted: tried - counted, faults: { ...faults.counts, ...ended }, verdict, problems };
}

type Strike = () => Promise<string | void>;

/** What happens next, by seed: everything happens once before anything does for a second time, and first a death at the commit of what is routed. */
class PipelineFaults {
  readonly #site: PipelinesSite;
  readonly #random: Random;
  readonly #deck: [string, Strike][] = [];
  readonly counts: Record<string, number> = {};

  constructor(site: PipelinesSite, random: Random) {
    this.#site = site;
    this.#random = random;
  }

  async strike(): Promise<string> {
    if (this.#deck.length === 0) {
      const faults = this.#shuffled(this.#faults());
      const commit = faults.findIndex(([name]) => name.startsWith('hub.pipeline.'));
      this.#deck.push(...faults.toSpliced(commit, 1), ...faults.slice(commit, commit + 1));
    }
    const [name, strike] = this.#deck.pop() ?? ['nothing', () => Promise.resolve()];
    const told = (await strike()) ?? name;
    this.counts[told] = (this.counts[told] ?? 0) + 1;
    return told;
  }

  #faults(): [string, Strike][] {
    const site = this.#site;
    const random = this.#random;
    const points = crashPoints.hub.filter((point) => !point.startsWith('hub.intake.'));
    return [
      ['hub killed', () => this.#killHub()],
      ['agent killed', () => site.restartAgent(random.between(0, 1000))],
      ...points.map((point): [string, Strike] => [point, () => this.#dieAt(point)]),
      ['thread held up', () => site.threadEnds('loop')],
      ['thread filled', () => site.threadEnds('fill')],
      ['thread held up, hub killed', () => this.#killHubAfter(() => site.writer.writeDeadly('loop'), 1500)],
      ['another version', () => site.reload(this.#anyPipeline(), { sighup: false })],
      ['another version by SIGHUP', () => site.reload(this.#anyPipeline(), { sighup: true })],
      ['another version, hub killed', () => this.#killHubInReload()],
      ['another version, thread held up', () => this.#reloadWhileHeldUp()],
      ['bad version', () => this.#bad({ sighup: false, killed: false })],
      ['bad version by SIGHUP', () => this.#bad({ sighup: true, killed: false })],
      ['bad version, hub killed', () => this.#bad({ sighup: true, killed: true })],
    ];
  }

  async #killHub(): Promise<void> {
    await this.#site.killHub();
    await this.#site.startHub();
  }

  async #killHubAfter(act: () => void, msMax: number): Promise<void> {
    act();
    await sleep(this.#random.below(msMax));
    await this.#killHub();
  }

  /** It was stopped in order before, or killed: then what it had in work is tried alone. */
  async #dieAt(point: string): Promise<string | void> {
    const { hub } = this.#site;
    if (this.#random.chance(0.5)) await this.#site.killHub();
    else await hub.program.stop();
    const count = point.startsWith('hub.archive.') ? this.#random.between(1, 3) : this.#random.between(1, 8);
    const reached = await this.#site.dieAtPoint(point, count);
    await this.#site.startHub();
    return reached ? point : `${point} not reached`;
  }

  async #killHubInReload(): Promise<void> {
    const name = this.#anyPipeline();
    const version = this.#site.writeGood(name);
    if (this.#random.chance(0.5)) this.#site.hub.program.signal('SIGHUP');
    await sleep(this.#random.below(looksMs));
    await this.#killHub();
    this.#site.versions[name] = version;
  }

  /** What held up a thread of the pipelines before is worked on again by one of those that are new. */
  async #reloadWhileHeldUp(): Promise<void> {
    const site = this.#site;
    site.writer.writeDeadly(this.#random.pick(['loop', 'fill']));
    await sleep(this.#random.below(1000));
    await site.reload(this.#random.pick(['script', 'app']), { sighup: true });
  }

  async #bad({ sighup, killed }: { readonly sighup: boolean; readonly killed: boolean }): Promise<void> {
    const site = this.#site;
    const name = this.#anyPipeline();
    await site.reloadBad(name, this.#random, { sighup });
    // Its lines wait then: there is no version of it that is known to be good.
    if (killed) await this.#killHub();
    await sleep(this.#random.below(1000));
    await site.reload(name, { sighup: this.#random.chance(0.5) });
  }

  #anyPipeline(): PipelineName {
    return this.#random.pick(pipelineNames);
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map((item) => ({ item, key: this.#random.next() }));
    return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
  }
}
