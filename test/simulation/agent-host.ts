/**
 * An agent around the sending half: reads sources into batches, stores them, keeps acked ones for a while, and does what the
 * session asks, as the real agent does, in a few lines.
 */
import type { ChannelName, Id, Message, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { ClientEffect } from '@tributary/protocol/session/client-effect.ts';
import { ClientSession } from '@tributary/protocol/session/client.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Random } from '../harness/random.ts';
import type { EventQueue } from './event-queue.ts';
import { type AgentState, copyAgentState, emptyAgentState, makeBatch, type ModelBatch, ModelOutbox } from './model-outbox.ts';
import type { ModelStream } from './model-outbox.ts';
import type { ModelSource } from './model-source.ts';
import type { Settings } from './settings.ts';

export interface AgentWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly settings: Settings;
  readonly sources: readonly ModelSource[];
  /** The greatest position of the stream that the site ever had durably. */
  everHeld(streamId: Id): number;
  send(message: Message): void;
  /** The agent wants no more of this connection. */
  disconnect(): void;
}

export const agentId = 'a0'.repeat(16);

export class AgentHost {
  readonly #world: AgentWorld;
  readonly #outbox = new ModelOutbox(() => this.#state);
  readonly gaps: { readonly streamId: Id; readonly from: number; readonly to: number }[] = [];
  #state: AgentState = emptyAgentState();
  #durable: AgentState = emptyAgentState();
  /** Made and not stored yet. */
  #staged: ModelBatch[] = [];
  #session: ClientSession | undefined;
  #backup: AgentState | undefined;
  #needsRecovery = false;
  #closing = false;
  #startCounter = 1;
  #tickAtMs = Number.POSITIVE_INFINITY;
  /** Faults may hit what it does. */
  faulty = true;

  constructor(world: AgentWorld) {
    this.#world = world;
    this.#openSources();
    this.#durable = copyAgentState(this.#state);
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Everything read to its end, stored and acked. */
  get done(): boolean {
    if (this.#needsRecovery || this.#staged.length > 0) return false;
    for (const { acked } of this.#state.batches.values()) if (!acked) return false;
    return this.#world.sources.every((source) => this.#readTo(source) === source.length);
  }

  connect(): void {
    const id = 'b0'.repeat(16);
    this.#session = new ClientSession({
      outbox: this.#outbox,
      hello: {
        sender: 'agent',
        agentId,
        instanceId: id,
        bootId: id,
        startCounter: this.#startCounter,
        facts: {},
        capabilities: [],
      },
      recover: this.#needsRecovery,
      now: () => this.#world.queue.nowMs,
    });
    this.#session.connected();
    this.#carryOut();
    if (this.#closing) this.closeStreams();
  }

  disconnected(): void {
    this.#session = undefined;
  }

  receive(message: Message): void {
    this.#session?.receive(message);
    this.#carryOut();
  }

  /** Reads a little of one channel's sources into a batch. */
  read(): void {
    if (this.#needsRecovery) return;
    const { random, sources, settings } = this.#world;
    const type = random.pick(sources).attributes.type;
    const parts = [];
    for (const source of sources) {
      if (source.attributes.type !== type || random.chance(0.3) || parts.length === 3) continue;
      const stream = this.#streamOf(source);
      const from = this.#readTo(source);
      const to = Math.min(source.length, from + random.between(1, 60));
      if (to > from) parts.push({ stream, from, to });
    }
    if (parts.length === 0) return;
    const damaged = this.faulty && random.chance(settings.damagedChance);
    this.#staged.push(makeBatch(this.#state.nextBatchId, parts, damaged));
    this.#state.nextBatchId += 1;
  }

  /** One transaction: batches and the positions they move. */
  commit(): void {
    for (const staged of this.#staged.splice(0)) {
      this.#state.batches.set(staged.batch.id, staged);
      for (const { streamId, to } of staged.batch.segments) this.#update(streamId, { end: to });
    }
    this.#forgetAcked();
    this.#durable = copyAgentState(this.#state);
    this.#session?.outboxGrew();
    this.#carryOut();
  }

  crash(): void {
    this.#restart(copyAgentState(this.#durable));
  }

  keepBackup(): void {
    if (!this.#needsRecovery) this.#backup = copyAgentState(this.#durable);
  }

  restoreBackup(): void {
    if (this.#backup === undefined) return this.crash();
    // The newest id is kept beside the buffer, as ids are never used again.
    const { nextBatchId } = this.#state;
    this.#restart({ ...copyAgentState(this.#backup), nextBatchId });
  }

  loseBuffer(): void {
    const { nextBatchId } = this.#state;
    this.#backup = undefined;
    this.#needsRecovery = true;
    this.#restart({ ...emptyAgentState(), nextBatchId });
  }

  /** Tells the site where each stream ends, on this connection and on those that follow. */
  closeStreams(): void {
    this.#closing = true;
    for (const { streamId, end, replaced } of this.#state.streams.values()) {
      if (!replaced) this.#session?.closeStream(streamId, end);
    }
    this.#carryOut();
  }

  #restart(state: AgentState): void {
    this.#staged = [];
    this.#state = state;
    this.#durable = copyAgentState(state);
    this.#startCounter += 1;
  }

  #openSources(): void {
    for (const source of this.#world.sources) if (!this.#state.current.has(source.index)) this.#openStream(source, 0);
  }

  #openStream(source: ModelSource, at: number): ModelStream {
    let streamId = '';
    for (let part = 0; part < 4; part += 1) streamId += this.#world.random.next().toString(16).padStart(8, '0');
    const stream: ModelStream = { streamId, source, start: at, end: at, replaced: false };
    this.#state.streams.set(streamId, stream);
    this.#state.current.set(source.index, streamId);
    return stream;
  }

  #streamOf(source: ModelSource): ModelStream {
    const stream = this.#state.streams.get(this.#state.current.get(source.index) ?? '');
    assert(stream !== undefined, 'every source has a stream');
    return stream;
  }

  /** Where the next read begins: behind what is stored, and behind what is staged. */
  #readTo(source: ModelSource): number {
    const { streamId, end } = this.#streamOf(source);
    let position = end;
    for (const { batch } of this.#staged) {
      for (const segment of batch.segments) if (segment.streamId === streamId) position = segment.to;
    }
    return position;
  }

  #update(streamId: Id, change: Partial<ModelStream>): void {
    const stream = this.#state.streams.get(streamId);
    assert(stream !== undefined, 'a stream that changes is known');
    this.#state.streams.set(streamId, { ...stream, ...change });
  }

  #forgetAcked(): void {
    const acked = [...this.#state.batches.values()].filter((stored) => stored.acked);
    const surplus = acked.length - this.#world.settings.retained;
    for (const { batch } of acked.slice(0, Math.max(0, surplus))) this.#state.batches.delete(batch.id);
  }

  tick(): void {
    this.#session?.tick();
    this.#carryOut();
  }

  #carryOut(): void {
    for (let effects = this.#session?.takeEffects() ?? []; effects.length > 0; effects = this.#session?.takeEffects() ?? []) {
      for (const effect of effects) this.#do(effect);
    }
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    const session = this.#session;
    const atMs = session?.nextTickMs();
    if (session === undefined || atMs === undefined || atMs === this.#tickAtMs) return;
    const { queue } = this.#world;
    this.#tickAtMs = atMs;
    queue.after(atMs - queue.nowMs, () => {
      if (this.#session !== session || this.#tickAtMs !== atMs) return;
      this.#tickAtMs = Number.POSITIVE_INFINITY;
      this.tick();
    });
  }

  #do(effect: ClientEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#world.send(effect.message);
      case 'acked':
        for (const batchId of effect.batchIds) this.#acked(batchId);
        return;
      case 'recovered':
        this.#adopt(effect.streams);
        return this.#session?.recoveryDone();
      case 'gap':
        this.gaps.push(effect);
        return;
      case 'rejected-batch':
        this.#state.batches.delete(effect.batchId);
        return;
      case 'diverged':
        this.#replace(effect);
        return this.#resume(effect.channel);
      case 'close':
        assert(effect.reason !== 'peer-broke-protocol', `the site breaks a rule: ${effect.hint}`);
        return this.#world.disconnect();
      case 'closed':
        return undefined;
      case 'drained':
        return this.#world.disconnect();
      case 'welcomed':
      case 'positioned':
    }
  }

  #resume(channel: ChannelName): void {
    const session = this.#session;
    this.#world.queue.after(this.#world.random.below(5), () => {
      if (this.#session !== session) return;
      session?.resumeChannel(channel);
      this.#carryOut();
    });
  }

  #acked(batchId: number): void {
    const stored = this.#state.batches.get(batchId);
    if (stored === undefined) return;
    for (const { streamId, to } of stored.batch.segments) {
      const isOurs = this.#state.streams.get(streamId)?.replaced !== true;
      if (isOurs) assert(this.#world.everHeld(streamId) >= to, 'what is acked was durable at the site');
    }
    this.#state.batches.set(batchId, { ...stored, acked: true });
  }

  /** The source lives on, so what the site has of it is our own: a new stream begins where the site's content ends. */
  #replace(divergence: Extract<ClientEffect, { kind: 'diverged' }>): void {
    const { streamId, held, heldMark, reason } = divergence;
    const old = this.#state.streams.get(streamId);
    assert(old !== undefined, 'a stream that diverged is known');
    assert(reason === 'ahead' && old.source.markAt(held) === heldMark, 'the site has what the source has');
    this.#staged = this.#staged.filter(({ batch }) => batch.segments.every((segment) => segment.streamId !== streamId));
    this.#update(streamId, { replaced: true });
    this.#openStream(old.source, held);
    // What was not acked of the old stream lies before `held`: the site has it.
    for (const stored of this.#state.batches.values()) if (!stored.acked) this.#withoutStream(stored, streamId);
    this.#backup = undefined;
    this.#durable = copyAgentState(this.#state);
  }

  #withoutStream({ batch }: ModelBatch, streamId: Id): void {
    const rest = batch.segments.filter((segment) => segment.streamId !== streamId);
    if (rest.length === batch.segments.length) return;
    if (rest.length === 0) return void this.#state.batches.delete(batch.id);
    const parts = rest.map(({ streamId: other, from, to }) => {
      const stream = this.#state.streams.get(other);
      assert(stream !== undefined, 'the streams of a batch are known');
      return { stream, from, to };
    });
    this.#state.batches.set(batch.id, makeBatch(batch.id, parts, false));
  }

  #adopt(recovered: readonly RecoveredStream[]): void {
    for (const { streamId, start, held, attributes } of recovered) {
      const source = this.#world.sources.find(({ index }) => `s${index}` === attributes.labels['source']);
      assert(source !== undefined, 'a recovered stream has its source');
      this.#state.streams.set(streamId, { streamId, source, start, end: held, replaced: false });
      const current = this.#state.streams.get(this.#state.current.get(source.index) ?? '');
      if (current === undefined || held > current.end) this.#state.current.set(source.index, streamId);
    }
    this.#needsRecovery = false;
    this.#openSources();
    this.#durable = copyAgentState(this.#state);
  }
}
