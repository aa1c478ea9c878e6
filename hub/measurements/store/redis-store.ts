/** What was measured, in the Redis that the hubs of a site share: any of them shows all of it. */
import { type Argument, type Masters, partitionKeys, type Reply } from '../../queue/redis/masters/masters.ts';
import { eventsPerAgent, forgetAfterMs } from '../limits.ts';
import {
  type AgentText,
  type Chunk,
  chunkStart,
  type MeasurementStore,
  type RollPlace,
  type Tier,
  tiers,
} from './measurement-store.ts';

export interface RedisMeasurementStoreParts {
  readonly masters: Pick<Masters, 'prefix' | 'call' | 'range'>;
  readonly partitions: number;
  readonly partitionOf: (id: string) => number;
}

interface Weighed {
  readonly partition: number;
  /** `fine:0`, as the index has it. */
  readonly member: string;
  readonly startMs: number;
  readonly bytes: number;
}

/** Events go with the agent. */
const eventsKeptMs = forgetAfterMs;

export class RedisMeasurementStore implements MeasurementStore {
  readonly #parts: RedisMeasurementStoreParts;

  constructor(parts: RedisMeasurementStoreParts) {
    this.#parts = parts;
  }

  async write(chunks: readonly Chunk[]): Promise<void> {
    const together = Map.groupBy(chunks, ({ subject, tier, startMs }) => `${this.#partition(subject)} ${tier} ${startMs}`);
    await Promise.all([...together.values()].map((group) => this.#writeTogether(group)));
  }

  async read(...[{ subject, tier }, { fromMs, toMs }]: Parameters<MeasurementStore['read']>): Promise<readonly Chunk[]> {
    const partition = this.#partition(subject);
    const { chunkMs, keptMs } = tiers[tier];
    // What is older has expired.
    const first = chunkStart(tier, Math.max(fromMs, toMs - keptMs - chunkMs) + chunkMs - 1);
    const starts: number[] = [];
    for (let startMs = first; startMs < toMs; startMs += chunkMs) starts.push(startMs);
    if (starts.length === 0) return [];
    const keys = starts.map((startMs) => this.#key(partition, memberOf(tier, startMs)));
    const found = list(await this.#ask(partition, 'tm1_read', keys, [subject]));
    return starts.flatMap((startMs, index) => {
      const bytes = found[index];
      return Buffer.isBuffer(bytes) ? [{ subject, tier, startMs, bytes }] : [];
    });
  }

  async due(beforeMs: number, limit: number): Promise<readonly RollPlace[]> {
    const found = await this.#everywhere(async (partition) =>
      list(await this.#ask(partition, 'tm1_due', [this.#key(partition, 'due')], [beforeMs, limit])).map((member) => {
        const [startMs = '0', subject = ''] = textOf(member).split(' ');
        return { subject, startMs: Number(startMs) };
      }),
    );
    return found.toSorted((one, other) => one.startMs - other.startMs).slice(0, limit);
  }

  async rolled(places: readonly RollPlace[]): Promise<void> {
    for (const [partition, group] of Map.groupBy(places, ({ subject }) => this.#partition(subject))) {
      const members = group.map(({ subject, startMs }) => `${startMs} ${subject}`);
      await this.#change(partition, 'tm1_rolled', [this.#key(partition, 'due')], members);
    }
  }

  async addEvents(events: readonly AgentText[]): Promise<void> {
    for (const [agentId, group] of Map.groupBy(events, (event) => event.agentId)) {
      const partition = this.#partition(agentId);
      const texts = group.map(({ atMs, json }) => `${atMs} ${json}`);
      await this.#change(partition, 'tm1_tell', [this.#events(agentId)], [eventsPerAgent, eventsKeptMs, ...texts]);
    }
  }

  async events(...[agentId, { skip, limit }]: Parameters<MeasurementStore['events']>): Promise<readonly AgentText[]> {
    const range = { first: skip, last: skip + limit - 1 };
    const found = await this.#parts.masters.range(this.#partition(agentId), this.#events(agentId), range);
    return found.map((reply) => agentText(agentId, textOf(reply)));
  }

  async putStates(states: readonly AgentText[]): Promise<void> {
    for (const [partition, group] of Map.groupBy(states, ({ agentId }) => this.#partition(agentId))) {
      const texts = group.flatMap(({ agentId, atMs, json }) => [agentId, `${atMs} ${json}`]);
      await this.#change(partition, 'tm1_put', [this.#key(partition, 'states')], texts);
    }
  }

  async states(): Promise<readonly AgentText[]> {
    const found = await this.#everywhere(async (partition) => {
      const flat = list(await this.#ask(partition, 'tm1_states', [this.#key(partition, 'states')], [])).map(textOf);
      return flat.flatMap((agentId, index) => (index % 2 === 0 ? [agentText(agentId, flat[index + 1] ?? '')] : []));
    });
    return found.toSorted((one, other) => one.atMs - other.atMs);
  }

  /** Chunks that are too old have expired. */
  async trim({ nowMs, bytesMax }: { readonly nowMs: number; readonly bytesMax: number }): Promise<number> {
    const weighed = await this.#everywhere((partition) => this.#weigh(partition));
    let bytes = weighed.reduce((sum, chunk) => sum + chunk.bytes, 0);
    for (const chunk of weighed.toSorted((one, other) => one.startMs - other.startMs)) {
      if (chunk.bytes > 0 && bytes <= bytesMax) continue;
      const { partition, member } = chunk;
      await this.#change(partition, 'tm1_drop', [this.#key(partition, 'index'), this.#key(partition, member)], [member]);
      bytes -= chunk.bytes;
    }
    await this.#everywhere(async (partition) => {
      await this.#change(partition, 'tm1_forget', [this.#key(partition, 'states')], [nowMs - forgetAfterMs]);
      return [];
    });
    return bytes;
  }

  /** The connections are the queue's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  async #writeTogether(chunks: readonly Chunk[]): Promise<void> {
    const [first] = chunks;
    if (first === undefined) return;
    const { subject, tier, startMs } = first;
    const partition = this.#partition(subject);
    const member = memberOf(tier, startMs);
    const keys = [member, 'index', 'due'].map((name) => this.#key(partition, name));
    const { chunkMs, keptMs } = tiers[tier];
    const marked = tier === 'fine' ? chunkStart('coarse', startMs) : '';
    const rows = chunks.flatMap((chunk): Argument[] => [chunk.subject, chunk.bytes]);
    await this.#change(partition, 'tm1_write', keys, [member, startMs, startMs + chunkMs + keptMs, marked, ...rows]);
  }

  async #weigh(partition: number): Promise<readonly Weighed[]> {
    const members = list(await this.#ask(partition, 'tm1_list', [this.#key(partition, 'index')], [])).map(textOf);
    if (members.length === 0) return [];
    const keys = members.map((member) => this.#key(partition, member));
    const sizes = list(await this.#ask(partition, 'tm1_weigh', keys, []));
    return members.map((member, index) => {
      return { partition, member, startMs: Number(member.split(':')[1]), bytes: Number(sizes[index] ?? 0) };
    });
  }

  async #everywhere<Row>(ask: (partition: number) => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const partitions = Array.from({ length: this.#parts.partitions }, (_, partition) => partition);
    return (await Promise.all(partitions.map(ask))).flat();
  }

  #partition(id: string): number {
    return this.#parts.partitionOf(id);
  }

  #events(agentId: string): string {
    return this.#key(this.#partition(agentId), `events:${agentId}`);
  }

  #key(partition: number, name: string): string {
    return `${partitionKeys(this.#parts.masters.prefix, partition)}measured:${name}`;
  }

  #ask(partition: number, name: string, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#parts.masters.call(partition, { name, keys, args }, { write: false });
  }

  #change(partition: number, name: string, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#parts.masters.call(partition, { name, keys, args });
  }
}

function memberOf(tier: Tier, startMs: number): string {
  return `${tier}:${startMs}`;
}

function agentText(agentId: string, text: string): AgentText {
  const space = text.indexOf(' ');
  return { agentId, atMs: Number(text.slice(0, space)), json: text.slice(space + 1) };
}

function list(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function textOf(reply: Reply): string {
  return reply === null || Array.isArray(reply) ? '' : reply.toString();
}
