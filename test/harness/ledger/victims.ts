/** Who is struck next in a site of several hubs, and by what: one process at a time, which is itself again when `strike` resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubCluster } from '../cluster.ts';
import type { Program } from '../program.ts';
import type { Random } from '../random.ts';
import type { Cut } from '../redis/redis-network.ts';
import type { RedisServer } from '../redis/redis-server.ts';
import type { LedgerRedis } from './cluster-redis.ts';

type Victim = 'agent' | 'hub' | 'worker' | 'redis' | 'sentinel';
/** `moved`: a slot of a Cluster has another master. */
type Kind = 'killed' | 'paused' | 'cut' | 'moved';

export interface Fault {
  readonly victim: Victim;
  readonly kind: Kind;
  /** Number of the agent, hub, Redis or Sentinel. */
  readonly number: number;
  /** For people. */
  readonly which: string;
  /** Of what is cut off in a network of Redis processes. */
  readonly cut?: Cut & { readonly heldBack: 'late' | 'never' };
}

/** The Redis that Sentinels made master is struck as often as the others; where there is one, it has its turn like any hub. */
const victims: readonly Victim[] = ['agent', 'hub', 'hub', 'worker', 'redis', 'redis'];
/** Where there are several processes of Redis it is they who are looked at. */
const victimsOfMany: readonly Victim[] = ['agent', 'hub', 'worker', 'redis', 'redis', 'redis', 'redis'];
const kinds: readonly Kind[] = ['killed', 'paused', 'cut', 'moved'];
const downMsMax = 3000;

export class Victims {
  readonly #cluster: HubCluster;
  readonly #redis: LedgerRedis;
  readonly #random: Random;
  readonly #worker: number;
  readonly #victims: readonly Victim[];

  constructor(site: { readonly cluster: HubCluster; readonly redis: LedgerRedis }, random: Random) {
    this.#cluster = site.cluster;
    this.#redis = site.redis;
    this.#random = random;
    this.#worker = site.cluster.hubs.length - 1;
    const { network, sentinels } = site.redis;
    this.#victims =
      network === undefined ? victims : [...victimsOfMany, ...(sentinels.length > 0 ? (['sentinel'] as const) : [])];
  }

  next(): Fault {
    const random = this.#random;
    const victim = random.pick(this.#victims);
    const number = this.#numberOf(victim);
    const possible = kinds.filter((kind) => this.#canBe(kind, victim));
    const isInNetwork = this.#redis.network !== undefined && isOfRedis(victim);
    // There are many ways to be cut off.
    if (isInNetwork) possible.push('cut');
    const kind = random.pick(possible);
    const which = victim === 'worker' ? victim : `${victim} ${number}`;
    if (kind !== 'cut' || !isInNetwork) return { victim, number, kind, which };
    const cut = {
      from: random.pick(['everybody', 'its own kind'] as const),
      how: random.pick(['silent', 'silent', 'closed'] as const),
      heldBack: random.pick(['late', 'never'] as const),
    };
    return { victim, number, kind, cut, which: `${which} (from ${cut.from}, ${cut.how}, then ${cut.heldBack})` };
  }

  async strike(fault: Fault, lengthMs: number): Promise<void> {
    if (fault.cut !== undefined) return await this.#cutOff(this.#serverOf(fault), fault.cut, lengthMs);
    if (fault.kind === 'cut') return await this.#cut(fault, lengthMs);
    if (fault.kind === 'moved') return await this.#redis.move?.(this.#random);
    if (isOfRedis(fault.victim)) return await this.#strikeRedis(fault, lengthMs);
    const host = fault.victim === 'agent' ? this.#cluster.agents[fault.number]?.host : this.#cluster.hubs[fault.number];
    if (host === undefined) throw new Error(`there is no ${fault.which}`);
    if (!host.running) throw new Error(`${fault.which} ended by itself\n${host.program.tail()}`);
    if (fault.kind === 'paused') return await paused(host.program, lengthMs);
    await host.program.kill();
    await sleep(this.#random.between(0, downMsMax));
    await host.start();
  }

  #serverOf({ victim, number, which }: Fault): RedisServer {
    const server = (victim === 'sentinel' ? this.#redis.sentinels : this.#redis.servers)[number];
    if (server === undefined) throw new Error(`there is no ${which}`);
    return server;
  }

  async #strikeRedis(fault: Fault, lengthMs: number): Promise<void> {
    const server = this.#serverOf(fault);
    if (fault.kind === 'paused') {
      server.pause();
      await sleep(lengthMs);
      return server.resume();
    }
    await server.kill();
    await sleep(this.#random.between(0, downMsMax));
    await server.restart();
  }

  /** At times for so long that another one takes its place, at times not. */
  async #cutOff({ place }: RedisServer, cut: NonNullable<Fault['cut']>, lengthMs: number): Promise<void> {
    const { network } = this.#redis;
    if (network === undefined || place === undefined) throw new Error('what is cut off is in a network');
    network.cut(place, cut);
    await sleep(this.#random.between(lengthMs / 4, lengthMs * 2));
    network.heal(cut.heldBack);
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
      case 'redis':
        return this.#random.below(this.#redis.servers.length);
      default:
        return this.#random.below(this.#redis.sentinels.length);
    }
  }

  #canBe(kind: Kind, victim: Victim): boolean {
    if (kind === 'moved') return victim === 'redis' && this.#redis.move !== undefined;
    if (kind !== 'cut' || victim === 'agent') return true;
    return this.#redis.proxies.length > 0 || (isOfRedis(victim) && this.#redis.network !== undefined);
  }
}

function isOfRedis(victim: Victim): boolean {
  return victim === 'redis' || victim === 'sentinel';
}

async function paused(program: Program, lengthMs: number): Promise<void> {
  program.signal('SIGSTOP');
  await sleep(lengthMs);
  program.signal('SIGCONT');
}
