/**
 * The masters of a Redis Cluster by slot, as its nodes tell (CLUSTER SLOTS). They are asked every few seconds, and more often while a master
 * does not answer; a node that is cut off with an old view is one of several that are asked in turn.
 */
import { type HostPort, parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { Wake } from '../../../groups/wake.ts';
import { addressText } from './connect-settings.ts';
import { RedisConnection } from './connection.ts';
import { slotCount } from './key-slot.ts';
import { slotsEveryMs, slotsEveryMsWell } from './limits.ts';
import { MasterLink, type LinkParts } from './master-link.ts';
import type { Reply } from './masters.ts';
import { textOf } from './server-checks.ts';
import { hintOf, ServerReplyError } from './server-reply.ts';
import type { MasterChange, MasterPair, Topology } from './topology.ts';

interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly master: HostPort;
}

export class ClusterTopology implements Topology {
  readonly #parts: LinkParts;
  readonly #seeds: readonly HostPort[];
  readonly #onChange: (change: MasterChange) => void;
  readonly #pairs = new Map<string, MasterPair>();
  /** Address by slot. */
  #owners: readonly (string | undefined)[] = [];
  readonly #abort = new AbortController();
  readonly #wake = new Wake();
  readonly #closing = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #refreshing: Promise<void> | undefined;
  #problem: string | undefined;
  /** Which node is asked next. */
  #turn = 0;

  constructor(parts: LinkParts, seeds: readonly string[], onChange: (change: MasterChange) => void) {
    this.#parts = parts;
    this.#seeds = seeds.flatMap((seed) => parseHostPort(seed) ?? []);
    this.#onChange = onChange;
    this.#running = this.#run();
  }

  pairOf(slot: number): MasterPair | undefined {
    const owner = this.#owners[slot];
    return owner === undefined ? undefined : this.#pairs.get(owner);
  }

  pairAt(address: HostPort): MasterPair | undefined {
    return this.#pairs.get(addressText(address));
  }

  pairs(): readonly MasterPair[] {
    return [...this.#pairs.values()];
  }

  problem(): string | undefined {
    if (this.#problem !== undefined) return this.#problem;
    const missing = this.#owners.filter((owner) => owner === undefined).length;
    return missing === 0
      ? undefined
      : `the Redis Cluster has no master for ${missing} of its ${slotCount} slots: look at CLUSTER NODES`;
  }

  async refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
    for (const pair of this.#pairs.values()) this.#drop(pair);
    await Promise.all(this.#closing);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.refresh();
      let lookedMs = clock.monotonic();
      const isDue = (): boolean => {
        const ageMs = clock.monotonic() - lookedMs;
        return ageMs >= slotsEveryMsWell || (ageMs >= slotsEveryMs && !this.#isWell());
      };
      while (!signal.aborted && !isDue()) if (await this.#wake.wait(clock, signal, slotsEveryMs)) lookedMs = -Infinity;
    }
  }

  #isWell(): boolean {
    return this.problem() === undefined && this.pairs().every(({ write, read }) => write.isWell && read.isWell);
  }

  /** Asks one node after the other until one answers; never rejects. */
  async #look(): Promise<void> {
    const { signal } = this.#abort;
    const known = this.pairs().flatMap(({ read }) => (read.isWell && read.lane !== undefined ? [read.lane.connection] : []));
    const asks = [
      ...known.map((connection) => () => rangesFrom(connection)),
      ...this.#seeds.map((seed) => () => this.#askSeed(seed)),
    ];
    this.#turn += 1;
    for (let count = 0; count < asks.length && !signal.aborted; count += 1) {
      // Those that are connected come first, each in its turn.
      const place = count < known.length ? (count + this.#turn) % known.length : count;
      try {
        const ranges = await asks[place]?.();
        if (ranges === undefined || ranges.length === 0) continue;
        this.#apply(ranges);
        this.#problem = undefined;
        return;
      } catch (error) {
        this.#problem = error instanceof Error ? error.message : 'unknown';
      }
    }
    this.#problem ??= 'no node of queue.redis.cluster knows of slots: is the Redis Cluster made (redis-cli --cluster create)?';
  }

  async #askSeed(seed: HostPort): Promise<readonly SlotRange[]> {
    const { settings, clock, patience } = this.#parts;
    const connection = await RedisConnection.open(seed, settings, { clock, patience, signal: this.#abort.signal });
    try {
      return await rangesFrom(connection);
    } finally {
      connection.destroy();
    }
  }

  #apply(ranges: readonly SlotRange[]): void {
    if (this.#abort.signal.aborted) return;
    const owners: (string | undefined)[] = Array.from({ length: slotCount }, () => undefined);
    for (const { from, to, master } of ranges) {
      const address = addressText(master);
      owners.fill(address, from, to + 1);
      if (!this.#pairs.has(address)) this.#pairs.set(address, this.#makePair(master));
    }
    const before = this.#owners;
    this.#owners = owners;
    const wanted = new Set(owners);
    for (const [address, pair] of this.#pairs) {
      if (wanted.has(address)) continue;
      this.#pairs.delete(address);
      this.#drop(pair);
    }
    const has = (slot: number): boolean => before[slot] !== undefined && before[slot] !== owners[slot];
    if (before.some((_, slot) => has(slot))) this.#onChange({ kind: 'slots', has });
  }

  #makePair(address: HostPort): MasterPair {
    const source = (): Promise<HostPort> => Promise.resolve(address);
    const pair: MasterPair = {
      write: new MasterLink(this.#parts, source, () => this.#onChange({ kind: 'pair', pair })),
      read: new MasterLink(this.#parts, source, () => undefined),
    };
    return pair;
  }

  #drop({ write, read }: MasterPair): void {
    const closing = Promise.all([write[Symbol.asyncDispose](), read[Symbol.asyncDispose]()]).then(() => undefined);
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

async function rangesFrom(connection: RedisConnection): Promise<readonly SlotRange[]> {
  const reply = await connection.send('CLUSTER', ['SLOTS']).catch((error: unknown) => {
    throw error instanceof ServerReplyError ? new Error(slotsProblem(error, connection.where), { cause: error }) : error;
  });
  const [ownHost] = connection.where.split(/:\d+$/);
  return Array.isArray(reply) ? reply.flatMap((range: Reply) => slotRange(range, ownHost ?? '')) : [];
}

function slotsProblem(error: ServerReplyError, where: string): string {
  if (!error.message.includes('cluster support disabled')) return hintOf(error, where);
  return `Redis at ${where} is no part of a Cluster: name it in queue.redis.url`;
}

function slotRange(range: Reply, ownHost: string): SlotRange[] {
  if (!Array.isArray(range)) return [];
  const [from, to, master] = range;
  if (typeof from !== 'number' || typeof to !== 'number' || !Array.isArray(master)) return [];
  const [host, port] = master;
  const told = textOf(host);
  if (told === '?') return [];
  // A node that was not told its own name answers with none: it is the one that was asked.
  return [{ from, to, master: { host: told === '' ? ownHost.replaceAll(/^\[|\]$/g, '') : told, port: Number(port) } }];
}
