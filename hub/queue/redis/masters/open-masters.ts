/** Opens the masters that the configuration names. */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { RedisOptions } from '../../../config/store-options.ts';
import type { DurabilityFact, StoreAway } from '../../../store/hub-store.ts';
import { Caller, type PlainCall } from './caller.ts';
import { ClusterTopology } from './cluster-topology.ts';
import { addressOfUrl, connectSettings, sentinelSettings, type ConnectSettings } from './connect-settings.ts';
import type { FunctionLibrary } from './function-library.ts';
import { keySlot } from './key-slot.ts';
import type { Lane } from './lane.ts';
import { usualPatience, type Patience } from './limits.ts';
import { linkLog } from './link-log.ts';
import type { LinkParts } from './master-link.ts';
import { partitionKeys, siteKeys, type CallOptions, type FunctionCall, type Masters, type Reply } from './masters.ts';
import { Notes } from './notes.ts';
import { SentinelWatch } from './sentinel-watch.ts';
import { hintOf, ServerRefusedError, ServerReplyError } from './server-reply.ts';
import { SingleTopology } from './single-topology.ts';
import type { MasterChange, MasterPair, Topology } from './topology.ts';

export type { FunctionLibrary } from './function-library.ts';

export interface MastersOptions {
  readonly options: RedisOptions;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly durability: 'full' | 'relaxed';
  /** Loaded on every master before it is used, and again when missing. */
  readonly libraries: readonly FunctionLibrary[];
  /** Instead of the usual ones (limits.ts). */
  readonly patience?: Partial<Patience>;
  /** Nothing is begun before every master has the replicas that it needs to be written to. */
  readonly writes?: boolean;
  /** Called again and again until then. */
  readonly onWaiting?: (away: StoreAway) => void;
}

const lackLookMs = 100;

/** Whoever waits for as long as it takes says now and then for what. */
const waitToldEveryMs = 30_000;

/** Resolves when every master was reached and checked. Rejects with a sentence that says which server, what, and what to do. */
export async function openMasters(masters: MastersOptions): Promise<Masters> {
  const opened = new RedisMasters(masters, await connectSettings(masters.options));
  try {
    await opened.reached(masters);
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

class RedisMasters implements Masters {
  readonly prefix: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #topology: Topology;
  readonly #caller: Caller;
  readonly #notes: Notes;
  readonly #listeners = new Set<(partitions: readonly number[] | 'all') => void>();
  readonly #slots: readonly number[];
  readonly #siteSlot: number;
  readonly #patience: Patience;
  /** Why nothing can be written yet, before it is opened. */
  #lack: string | undefined;
  /** Of what is amiss with none of the connections. */
  #amissSinceMs: number | undefined;

  constructor(masters: MastersOptions, settings: ConnectSettings) {
    const { options, logger, clock, durability, libraries } = masters;
    const patience = { ...usualPatience, ...masters.patience };
    this.#patience = patience;
    const { prefix, min_replicas: minReplicas, partitions, cluster, sentinels } = options;
    this.prefix = prefix;
    this.#clock = clock;
    this.#logger = logger;
    this.#slots = Array.from({ length: partitions }, (_, partition) => keySlot(partitionKeys(prefix, partition)));
    this.#siteSlot = keySlot(siteKeys(prefix));
    const events = linkLog(logger);
    const kind = cluster !== undefined ? 'cluster' : sentinels !== undefined ? 'sentinel' : 'single';
    const parts: LinkParts = { clock, settings, patience, libraries, events, demands: { durability, kind, minReplicas } };
    this.#topology = topologyOf(options, parts, (change) => this.#changed(change));
    this.#caller = new Caller({ topology: this.#topology, clock, patience, libraries, events });
    const lane = (): Lane | undefined => this.#topology.pairs().flatMap(({ read }) => read.lane ?? [])[0];
    this.#notes = new Notes({ channel: `${prefix}:notes`, settings, clock, lane });
  }

  async reached({ writes = false, onWaiting }: Pick<MastersOptions, 'writes' | 'onWaiting'>): Promise<void> {
    const endMs = this.#clock.monotonic() + this.#patience.openMsMax;
    let tellMs = this.#clock.monotonic() + usualPatience.openMsMax;
    for (;;) {
      await this.#topology.refresh();
      const pairs = this.#topology.pairs();
      for (const { write } of pairs) await write.ready(200);
      const areThere = pairs.length > 0 && pairs.every(({ write, read }) => write.lane && read.lane);
      if (areThere && this.#topology.problem() === undefined) {
        this.#lack = writes ? await lackOf(pairs) : undefined;
        if (this.#lack === undefined) return;
      }
      const refused = pairs
        .map(({ write }) => write.problem)
        .find((problem) => problem instanceof ServerRefusedError && isLasting(problem));
      if (refused !== undefined) throw refused;
      const away = this.away();
      if (away !== undefined) onWaiting?.(away);
      const nowMs = this.#clock.monotonic();
      if (nowMs < endMs) {
        if (nowMs >= tellMs) {
          this.#logger.warn('still waiting for Redis', { problem: this.problems()[0] });
          tellMs = nowMs + waitToldEveryMs;
        }
        await this.#clock.sleep(this.#lack === undefined ? 20 : lackLookMs);
        continue;
      }
      throw new Error(this.problems()[0] ?? 'no master of queue.redis could be reached');
    }
  }

  async call(partition: number, call: FunctionCall, { write = true }: CallOptions = {}): Promise<Reply> {
    const slot = this.#slots[partition];
    assert(slot !== undefined, 'a partition is one of those that there are');
    checkKeys(call.keys, partitionKeys(this.prefix, partition));
    return await this.#caller.call(slot, call, write);
  }

  async get(partition: number, keys: readonly string[]): Promise<readonly Reply[]> {
    return await this.#read(partition, { command: 'MGET', keys });
  }

  async range(
    partition: number,
    key: string,
    { first, last }: { readonly first: number; readonly last: number },
  ): Promise<readonly Reply[]> {
    return await this.#read(partition, { command: 'LRANGE', keys: [key], args: [first, last] });
  }

  async #read(partition: number, call: PlainCall): Promise<readonly Reply[]> {
    const slot = this.#slots[partition];
    assert(slot !== undefined, 'a partition is one of those that there are');
    checkKeys(call.keys, partitionKeys(this.prefix, partition));
    const reply = await this.#caller.call(slot, call, false);
    assert(Array.isArray(reply), 'several values come as a list');
    return reply;
  }

  async callSite(call: FunctionCall, { write = true }: CallOptions = {}): Promise<Reply> {
    checkKeys(call.keys, siteKeys(this.prefix));
    return await this.#caller.call(this.#siteSlot, call, write);
  }

  onMasterChanged(listener: (partitions: readonly number[] | 'all') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(message: string): void {
    this.#notes.publish(message);
  }

  subscribe(listener: (message: string) => void): () => void {
    return this.#notes.subscribe(listener);
  }

  facts(): readonly DurabilityFact[] {
    return this.#topology.pairs().flatMap(({ write }) => write.server?.facts ?? []);
  }

  memory(): readonly { readonly where: string; readonly used: number; readonly max: number }[] {
    return this.#topology.pairs().flatMap(({ write }) => {
      const { lane, memory } = write;
      return lane === undefined || memory === undefined ? [] : [{ where: lane.connection.where, ...memory }];
    });
  }

  problems(): readonly string[] {
    const own = this.#topology.problem() ?? this.#lack;
    const ofLinks = this.#topology.pairs().flatMap(({ write, read }) => write.problem?.message ?? read.problem?.message ?? []);
    return [...ofLinks, ...(own === undefined ? [] : [own])];
  }

  /** Only connections that read tell it by their silence: on the others a call may wait for replicas. */
  away(): StoreAway | undefined {
    for (const { write, read } of this.#topology.pairs()) {
      const away = read.away ?? (write.lane === undefined ? write.away : undefined);
      if (away !== undefined) return away;
    }
    const why =
      this.#topology.problem() ??
      this.#lack ??
      (this.#topology.pairs().length === 0 ? 'no master of queue.redis is known yet' : undefined);
    if (why === undefined) {
      this.#amissSinceMs = undefined;
      return undefined;
    }
    this.#amissSinceMs ??= this.#clock.now();
    return { why, sinceMs: this.#amissSinceMs };
  }

  giveUp(): void {
    this.#caller.close();
    for (const { write, read } of this.#topology.pairs()) {
      write.close();
      read.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#caller.close();
    await this.#notes[Symbol.asyncDispose]();
    await this.#topology[Symbol.asyncDispose]();
  }

  #changed(change: MasterChange): void {
    const isIn = (slot: number): boolean =>
      change.kind === 'slots' ? change.has(slot) : isSame(this.#topology.pairOf(slot), change.pair);
    const partitions = [...this.#slots.keys()].filter((partition) => isIn(this.#slots[partition] ?? -1));
    const told = partitions.length === this.#slots.length ? 'all' : partitions;
    if (partitions.length > 0) for (const listener of this.#listeners) listener(told);
  }
}

/**
 * Right after a failover the new master may have no replica for a while. A hub that starts then would soon be refused or not be acked.
 */
async function lackOf(pairs: readonly MasterPair[]): Promise<string | undefined> {
  for (const { write } of pairs) {
    const { lane } = write;
    if (lane === undefined) return 'a Redis master was there a moment ago';
    const { where } = lane.connection;
    const { replicasMin } = lane.server;
    if (replicasMin === 0) continue;
    try {
      // Answered at once: how many have what this connection wrote.
      const replicas = Number(await lane.connection.send('WAIT', [0, 0]));
      if (replicas < replicasMin) return lackSentence(where, replicas, replicasMin);
    } catch (error) {
      return error instanceof ServerReplyError ? hintOf(error, where) : `Redis at ${where} was there a moment ago`;
    }
  }
  return undefined;
}

function lackSentence(where: string, replicas: number, replicasMin: number): string {
  return `Redis at ${where} is followed by ${replicas} replicas, and without ${replicasMin} nothing can be stored (queue.redis.min_replicas, min-replicas-to-write): start its replicas, or wait until they have all`;
}

function topologyOf(options: RedisMastersChoice, parts: LinkParts, onChange: (change: MasterChange) => void): Topology {
  const { url, sentinels, cluster, master_name: masterName, sentinel_password: password } = options;
  if (cluster !== undefined) return new ClusterTopology(parts, cluster, onChange);
  if (sentinels !== undefined) {
    const settings = sentinelSettings(parts.settings, password);
    return new SingleTopology(parts, new SentinelWatch({ sentinels, masterName, settings, clock: parts.clock }), onChange);
  }
  assert(url !== undefined, 'one of url, sentinels and cluster is set');
  return new SingleTopology(parts, addressOfUrl(url), onChange);
}

type RedisMastersChoice = Pick<RedisOptions, 'url' | 'sentinels' | 'cluster' | 'master_name' | 'sentinel_password'>;

/** Others may go away by themselves. */
function isLasting({ kind }: ServerRefusedError): boolean {
  return kind !== 'loading' && kind !== 'not-master';
}

function isSame(one: MasterPair | undefined, other: MasterPair): boolean {
  return one !== undefined && one.write === other.write;
}

function checkKeys(keys: readonly string[], prefix: string): void {
  assert(
    keys.length > 0 && keys.every((key) => key.startsWith(prefix)),
    'a function is passed its keys, all of one partition or all of the site',
  );
}
