/**
 * The scenario `edge`: a writer with rotation going on → agent → faulty proxy → hub → archive, by TLS with certificates that are renewed
 * all the time. Each round one of the two
 * processes (now and then both) dies as by `kill -9`, at a random moment or at a named point, and is started again. A round counts
 * only if batches were in flight then. At the end everything must be in the archive once and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../agent-host.ts';
import { randomPlan } from '../connection-plan.ts';
import { FaultyProxy } from '../faulty-proxy.ts';
import { HubHost } from '../hub-host.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import type { Program } from '../program.ts';
import type { Programs } from '../programs.ts';
import { checkArchive, type Verdict } from './check.ts';
import { evidenceOf } from './evidence.ts';
import { FaultPlan, type Fault, isOfRenewal, type Product } from './fault-plan.ts';
import { KnownFiles } from './known-files.ts';
import { settled, tailsOf } from './settled.ts';
import { Writer } from './writer.ts';

export interface EdgeOptions {
  readonly programs: Programs;
  readonly rounds: number;
  readonly seed: number;
  readonly log: (line: string) => void;
  /** Without TLS, as products on one machine may speak. */
  readonly plain?: boolean;
}

export interface EdgeResult {
  readonly rounds: number;
  readonly roundsNotCounted: number;
  readonly faults: Readonly<Record<string, number>>;
  /** What is sent again may have been taken before: it is counted, and no fault. */
  readonly toleratesDoubled?: boolean;
  /** What was late is stored behind what follows it: it is counted, and no fault. */
  readonly toleratesDisordered?: boolean;
  /** What else was not as it must be, in sentences. */
  readonly problems?: readonly string[];
  readonly verdict: Verdict;
}

const bytesPerSecond = 800_000;
const rotateBytes = 300_000;
/** In a round of a short run about so much and no more, unless all of it came: a slow machine gets no more to do than a quick one. */
const allowanceBytes = 3_000_000;
/** Nothing comes from the agent for so long: it has no more. */
const restMs = 5000;
/** A named point that is not reached within this is given up: the round does not count. */
const pointDeadlineMs = 15_000;
/**
 * Certificates are renewed when two thirds of this are over, so several times in a run, and among deaths of both ends. Deaths during a
 * renewal wait for one, and on a busy machine a lifetime can end between two deaths, which no agent gets over by itself: so it is short
 * only in runs that are not.
 */
const lifetime = { renewed: '60s', never: '1h' } as const;
const renewalRoundsMin = 20;
const renewalDeadlineMs = 60_000;
const roundsTriedPerCounted = 3;
/** A process's end and that of its connections are seen a moment apart. */
const endOfConnectionsMs = 250;

export async function runEdge(options: EdgeOptions): Promise<EdgeResult> {
  const tls = options.plain !== true;
  const renews = tls && options.rounds >= renewalRoundsMin;
  await using scratch = await Scratch.make();
  await using hub = new HubHost({
    programs: options.programs,
    scratch,
    tls,
    config: {
      queue: { replay_window: '2s' },
      ...(tls ? { tls: { agent_lifetime: renews ? lifetime.renewed : lifetime.never } } : {}),
    },
  });
  const random = new Random(options.seed);
  const planRandom = random.fork(1);
  await using proxy = await FaultyProxy.start({
    target: () => (hub.port > 0 && hub.running ? { host: '127.0.0.1', port: hub.port } : undefined),
    plan: () => randomPlan(planRandom),
    tls,
  });
  const logs = await scratch.folder('logs');
  await using agent = new AgentHost({
    programs: options.programs,
    scratch,
    hubs: () => [proxy.url],
    config: { buffer: { replay_window: '3s' } },
    inputs: ['shift', 'dated', 'away'].map((style) => ({ kind: 'file', paths: [`${logs}/${style}*.log*`], type: style })),
  });
  await hub.start();
  if (tls) await agent.enroll(await hub.createToken());
  await agent.start();
  using known = new KnownFiles(agent);
  const writer = new Writer({
    folder: logs,
    seed: options.seed,
    bytesPerSecond,
    rotateBytes,
    ...(options.rounds < renewalRoundsMin ? { allowanceBytes } : {}),
    mayLeave: (path) => known.mayLeave(path),
  });
  writer.start();
  const rounds = new Rounds({ ...options, renews, hub, agent, proxy, writer, random: random.fork(2) });
  await rounds.run();
  const written = writer.stop();
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  options.log(`stopped writing: ${written.length} files, ${(bytes / 1e6).toFixed(1)} MB; waiting until all is archived`);
  await settled({ archive: hub.archive, bytes, log: options.log, tail: () => evidenceOf({ agent, hub }, written) });
  await agent.program.stop();
  await hub.program.stop();
  const verdict = await checkArchive({ archive: hub.archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) options.log(`  ${example}`);
  const faults = { ...rounds.faults, ...Object.fromEntries([...proxy.faults].map(([kind, count]) => [`proxy ${kind}`, count])) };
  return { rounds: rounds.counted, roundsNotCounted: rounds.tried - rounds.counted, faults, verdict };
}

class UnexpectedEndError extends Error {}

interface RoundsOptions extends EdgeOptions {
  readonly renews: boolean;
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly proxy: FaultyProxy;
  readonly writer: Writer;
  readonly random: Random;
}

class Rounds {
  readonly #options: RoundsOptions;
  readonly #plan: FaultPlan;
  readonly faults: Record<string, number> = {};
  counted = 0;
  tried = 0;
  /** By the agent, up to when. */
  #sent = { batches: 0, atMs: 0 };

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#plan = new FaultPlan(options.random, { renews: options.renews });
  }

  async run(): Promise<void> {
    const { rounds } = this.#options;
    while (this.counted < rounds) {
      if (this.tried > rounds * roundsTriedPerCounted + 10) throw new Error('too few rounds had batches in flight');
      const chain = this.#plan.nextChain().slice(0, Math.max(1, rounds - this.counted));
      for (const [index, fault] of chain.entries()) await this.#round(fault, chain[index + 1]);
    }
  }

  /** One death and the start after it, armed for the next round if that has a named point. */
  async #round(fault: Fault, next: Fault | undefined): Promise<void> {
    const { proxy, log } = this.#options;
    this.tried += 1;
    this.#options.writer.allow();
    const program = this.#host(fault.product).program;
    let name = fault.point ?? `${fault.product} killed`;
    if (fault.point === undefined) await this.#killAtRandom(fault, program);
    else if (!(await this.#diesAtPoint(program, fault.point))) name = `${name} not reached`;
    const inFlight = proxy.inFlightSince(performance.now() - endOfConnectionsMs);
    if (fault.both) {
      name = `${name} and the other`;
      await this.#host(other(fault.product)).program.kill();
    }
    const counts = inFlight > 0 && !name.includes('not reached');
    if (counts) this.counted += 1;
    this.faults[name] = (this.faults[name] ?? 0) + 1;
    log(`round ${this.tried}: ${name}, ${inFlight} in flight${counts ? '' : ' (does not count)'}, ${this.counted} counted`);
    const crashPoint = next?.point === undefined ? undefined : `${next.point}:${next.count}`;
    await this.#restart(fault.product, crashPoint);
    if (fault.both) await this.#restart(other(fault.product), undefined);
  }

  async #killAtRandom(fault: Fault, program: Program): Promise<void> {
    const { proxy } = this.#options;
    await sleep(fault.afterMs);
    const sent = proxy.batchesSent;
    const flow = (): boolean => {
      this.#mustRun(fault.product);
      this.#mustRun(other(fault.product));
      this.#keepFlowing();
      return proxy.batchesSent > sent && proxy.inFlight > 0;
    };
    await until('batches flow again', flow, { deadlineMs: 120_000, everyMs: 5, detail: () => this.#tails() });
    await program.kill();
  }

  /** False when the point was not reached in time, and the process was killed instead. */
  async #diesAtPoint(program: Program, point: string): Promise<boolean> {
    try {
      const product = point.startsWith('hub.') ? 'agent' : 'hub';
      const died = (): boolean => {
        this.#mustRun(product);
        this.#keepFlowing();
        return !program.running;
      };
      const deadlineMs = isOfRenewal(point) ? renewalDeadlineMs : pointDeadlineMs;
      await until(`${point} is reached`, died, { deadlineMs, everyMs: 2 });
    } catch (error) {
      if (error instanceof UnexpectedEndError) throw error;
      await program.kill();
      return false;
    }
    const { signal, code } = await program.exited;
    if (signal !== 'SIGKILL')
      throw new Error(`${program.name} ended with ${code ?? signal} instead of dying at ${point}\n${program.tail()}`);
    return true;
  }

  async #restart(product: Product, crashPoint: string | undefined): Promise<void> {
    const { hub, agent } = this.#options;
    if (product === 'agent') await agent.start({ crashPoint });
    else {
      await hub.writeConfig();
      hub.launch({ crashPoint });
      // An armed hub may die before it is seen to listen: its port is known from its first start.
      if (crashPoint === undefined) await hub.listening();
    }
  }

  /** Where a round needs more than it was allowed, as all of that has arrived, it gets more a while later. */
  #keepFlowing(): void {
    const { proxy, writer } = this.#options;
    const nowMs = performance.now();
    if (proxy.batchesSent !== this.#sent.batches) this.#sent = { batches: proxy.batchesSent, atMs: nowMs };
    if (nowMs - this.#sent.atMs < restMs) return;
    this.#sent = { batches: proxy.batchesSent, atMs: nowMs };
    writer.allow();
  }

  /** A product that ends by itself is a failure whatever the archive says. */
  #mustRun(product: Product): void {
    if (!this.#host(product).running)
      throw new UnexpectedEndError(`the ${product} ended by itself\n${this.#host(product).program.tail()}`);
  }

  #tails(): string {
    return tailsOf(this.#options.agent, this.#options.hub);
  }

  #host(product: Product): AgentHost | HubHost {
    return product === 'agent' ? this.#options.agent : this.#options.hub;
  }
}

function other(product: Product): Product {
  return product === 'agent' ? 'hub' : 'agent';
}
