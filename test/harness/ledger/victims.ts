/** Who is struck next in a site of several hubs, and by what: one process at a time, which is itself again when `strike` resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubCluster } from '../cluster.ts';
import type { Program } from '../program.ts';
import type { Random } from '../random.ts';
import type { LedgerRedis } from './cluster-redis.ts';

type Victim = 'agent' | 'hub' | 'worker' | 'redis';
/** `moved`: a slot of a Cluster has another master. */
type Kind = 'killed' | 'paused' | 'cut' | 'moved';

export interface Fault {
  readonly victim: Victim;
  readonly kind: Kind;
  /** Number of the agent, hub or Redis. */
  readonly number: number;
  /** For people. */
  readonly which: string;
}

/** The Redis that Sentinels made master is struck as often as the others; where there is one, it has its turn like any hub. */
const victims: readonly Victim[] = ['agent', 'hub', 'hub', 'worker', 'redis', 'redis'];
const kinds: readonly Kind[] = ['killed', 'paused', 'cut', 'moved'];
const downMsMax = 3000;

export class Victims {
  readonly #cluster: HubCluster;
  readonly #redis: LedgerRedis;
  readonly #random: Random;
  readonly #worker: number;

  constructor(site: { readonly cluster: HubCluster; readonly redis: LedgerRedis }, random: Random) {
    this.#cluster = site.cluster;
    this.#redis = site.redis;
    this.#random = random;
    this.#worker = site.cluster.hubs.length - 1;
  }

  next(): Fault {
    const random = this.#random;
    const victim = pick(victims, random);
    const number = this.#numberOf(victim);
    const possible = kinds.filter((kind) => this.#canBe(kind, victim));
    return { victim, number, kind: pick(possible, random), which: victim === 'worker' ? victim : `${victim} ${number}` };
  }

  async strike(fault: Fault, lengthMs: number): Promise<void> {
    if (fault.kind === 'cut') return await this.#cut(fault, lengthMs);
    if (fault.kind === 'moved') return await this.#redis.move?.(this.#random);
    if (fault.victim === 'redis') return await this.#strikeRedis(fault, lengthMs);
    const host = fault.victim === 'agent' ? this.#cluster.agents[fault.number]?.host : this.#cluster.hubs[fault.number];
    if (host === undefined) throw new Error(`there is no ${fault.which}`);
    if (!host.running) throw new Error(`${fault.which} ended by itself\n${host.program.tail()}`);
    if (fault.kind === 'paused') return await paused(host.program, lengthMs);
    await host.program.kill();
    await sleep(this.#random.between(0, downMsMax));
    await host.start();
  }

  async #strikeRedis({ kind, number }: Fault, lengthMs: number): Promise<void> {
    const server = this.#redis.servers[number];
    if (server === undefined) throw new Error(`there is no Redis ${number}`);
    if (kind === 'paused') {
      server.pause();
      await sleep(lengthMs);
      return server.resume();
    }
    await server.kill();
    await sleep(this.#random.between(0, downMsMax));
    await server.restart();
  }

  /** Of an agent or a hub the connections between them end at once; towards Redis nothing passes any more, and nobody is told. */
  async #cut({ victim, number }: Fault, lengthMs: number): Promise<void> {
    if (victim === 'agent') {
      for (const proxy of this.#cluster.proxies) proxy.dropAll();
      return;
    }
    const silenced = victim === 'redis' ? this.#redis.proxies : this.#redis.proxies.slice(number, number + 1);
    if (victim === 'hub') this.#cluster.proxies[number]?.dropAll();
    for (const proxy of silenced) proxy.silence();
    await sleep(lengthMs);
    for (const proxy of silenced) {
      proxy.restore();
      proxy.cut();
    }
  }

  #numberOf(victim: Victim): number {
    switch (victim) {
      case 'agent':
        return this.#random.below(this.#cluster.agents.length);
      case 'hub':
        return this.#random.below(this.#worker);
      case 'worker':
        return this.#worker;
      default:
        return this.#random.below(this.#redis.servers.length);
    }
  }

  #canBe(kind: Kind, victim: Victim): boolean {
    if (kind === 'moved') return victim === 'redis' && this.#redis.move !== undefined;
    return kind !== 'cut' || victim === 'agent' || this.#redis.proxies.length > 0;
  }
}

async function paused(program: Program, lengthMs: number): Promise<void> {
  program.signal('SIGSTOP');
  await sleep(lengthMs);
  program.signal('SIGCONT');
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}
