/**
 * What stays in the store for good, and how much of it one tenant or one agent may add. Records go once they were archived and are held to
 * the store's size; a log type has readers and a folder of its own for ever, and a stream a row that describes it. So a tenant has so many
 * types and no more, and what describes an agent's new streams may come to so much at once and so much a day. Who has used that up is held
 * back, nothing of it is lost: its batches are answered `busy`, and what it had opened before goes on.
 *
 * Kept in memory: a restart gives everybody the whole allowance again.
 */
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import type { QueueLimits } from './limits.ts';
import { frontTopic, type HeldBack, type OpenStreamRequest } from './queue.ts';

/** What is asked of the store's topics. */
export interface KnownTopics {
  find(name: string, partition: number): object | undefined;
  /** Topics whose names begin so. */
  countFrom(start: string): number;
}

interface Allowance {
  left: number;
  atMs: number;
}

const dayMs = 24 * 3_600_000;
/** Agents whose use is remembered: the ones that opened something last. */
const agentsMax = 10_000;
const notesMax = 100;
/** A row takes so much besides its texts. */
const rowBytes = 256;

export class Allowances {
  readonly #limits: QueueLimits;
  readonly #topics: KnownTopics;
  readonly #byAgent = new Map<string, Allowance>();
  #notes = new Map<string, HeldBack>();

  constructor(limits: QueueLimits, topics: KnownTopics) {
    this.#limits = limits;
    this.#topics = topics;
  }

  /** Why nothing of a channel that is new here is taken; undefined: it is. */
  ofTenant(channel: string, nowMs: number): HeldBack | undefined {
    const [tenant = '', type] = channel.split('/');
    if (type === platformType || this.#topics.find(frontTopic(channel), 0) !== undefined) return undefined;
    const max = this.#limits.typesPerTenantMax;
    if (this.#topics.countFrom(frontTopic(`${tenant}/`)) < max) return undefined;
    const hint = `tenant ${tenant} has ${max} log types and gets no other: have its agents name fewer, or raise queue.types_per_tenant`;
    return this.#note({ cause: 'types', subject: tenant, hint, atMs: nowMs });
  }

  /** Why this agent opens no new stream now; undefined: it may. */
  ofAgent(key: StreamKey, nowMs: number): HeldBack | undefined {
    if (this.mayOpen(key, nowMs)) return undefined;
    const hint = `agent ${key.agentId} opens new streams all the time, and has to wait with them: look what its inputs find`;
    return this.#note({ cause: 'streams', subject: key.agentId, hint, atMs: nowMs });
  }

  /** The same, and nobody is told. */
  mayOpen(key: StreamKey, nowMs: number): boolean {
    const own = this.#byAgent.get(nameOf(key));
    return own === undefined || this.#filled(own, nowMs) > 0;
  }

  added({ key, attributes, identity }: OpenStreamRequest, nowMs: number): void {
    const name = nameOf(key);
    const own = this.#byAgent.get(name) ?? { left: this.#limits.streamsAtOnceBytes, atMs: nowMs };
    own.left = this.#filled(own, nowMs) - rowBytes - JSON.stringify([attributes, identity]).length;
    own.atMs = nowMs;
    this.#byAgent.delete(name);
    this.#byAgent.set(name, own);
    for (const oldest of this.#byAgent.keys()) {
      if (this.#byAgent.size <= agentsMax) break;
      this.#byAgent.delete(oldest);
    }
  }

  /** Who was held back since the last time. */
  takeNotes(): readonly HeldBack[] {
    const notes = [...this.#notes.values()];
    if (notes.length > 0) this.#notes = new Map();
    return notes;
  }

  #filled({ left, atMs }: Allowance, nowMs: number): number {
    const { streamsAtOnceBytes, streamsBytesPerDay } = this.#limits;
    return Math.min(streamsAtOnceBytes, left + (Math.max(0, nowMs - atMs) * streamsBytesPerDay) / dayMs);
  }

  #note(held: HeldBack): HeldBack {
    if (this.#notes.size < notesMax) this.#notes.set(`${held.cause} ${held.subject}`, held);
    return held;
  }
}

function nameOf({ siteId, agentId }: StreamKey): string {
  return `${siteId}/${agentId}`;
}
