/** A region's hub as its upstream sees it: what it has of an agent's batches, sent by the same half that an agent sends with. */
import type { Id, Message } from '@tributary/protocol/messages.ts';
import type { ClientEffect } from '@tributary/protocol/session/client-effect.ts';
import { ClientSession } from '@tributary/protocol/session/client.ts';
import type { OutboxStream } from '@tributary/protocol/session/outbox.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Random } from '../harness/random.ts';
import type { EventQueue } from './event-queue.ts';
import { Link } from './link.ts';
import { type AgentState, emptyAgentState, type ModelBatch, ModelOutbox, type ModelStream } from './model-outbox.ts';
import type { ModelSource } from './model-source.ts';
import type { SiteHost } from './site-host.ts';
import { WireRules } from './wire-rules.ts';

export interface RegionParts {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly delayMsMax: number;
  readonly encoded: boolean;
  readonly hubId: Id;
  /** In the order in which the region got them. */
  readonly batches: readonly ModelBatch[];
  readonly sources: readonly ModelSource[];
  readonly site: SiteHost;
}

interface Wire {
  readonly up: Link;
  readonly down: Link;
  readonly rules: WireRules;
}

const tickMs = 25;
/** The edge site that the streams come from: the same whichever way they take. */
const origin = { siteId: '71'.repeat(16), agentId: '72'.repeat(16) };

export class Region {
  readonly #parts: RegionParts;
  readonly #state: AgentState = emptyAgentState();
  readonly #outbox: RegionOutbox;
  #session: ClientSession | undefined;
  #wire: Wire | undefined;

  constructor(parts: RegionParts) {
    this.#parts = parts;
    this.#outbox = new RegionOutbox(() => this.#state);
    for (const stored of parts.batches) {
      this.#state.batches.set(stored.batch.id, stored);
      for (const { streamId, to } of stored.batch.segments) this.#grow(streamId, to);
    }
  }

  get done(): boolean {
    return this.#state.batches.values().every(({ acked }) => acked);
  }

  get streams(): Iterable<ModelStream> {
    return this.#state.streams.values();
  }

  connect(): void {
    const { queue, random, delayMsMax, encoded, site, hubId } = this.#parts;
    const common = { queue, random, delayMsMax, encoded, corruptChance: 0 };
    const wire: Wire = {
      up: new Link({ ...common, deliver: (message) => arrive(message) }),
      down: new Link({ ...common, deliver: (message) => this.#receive(wire, message) }),
      rules: new WireRules(),
    };
    const arrive = site.accept({
      send: (message) => wire.down.send(message),
      close: () => queue.after(delayMsMax + 1, () => this.#wire === wire && this.disconnect()),
    });
    this.#wire = wire;
    const ids = { agentId: hubId, instanceId: hubId, bootId: hubId };
    this.#session = new ClientSession({
      outbox: this.#outbox,
      hello: { sender: 'hub', ...ids, startCounter: 1, facts: {}, capabilities: [] },
      recover: false,
      now: () => queue.nowMs,
    });
    this.#session.connected();
    this.#carryOut();
    this.#tick(this.#session);
  }

  disconnect(): void {
    if (this.#wire === undefined) return;
    this.#wire.up.cut('some');
    this.#wire.down.cut('none');
    this.#wire = undefined;
    this.#session = undefined;
    this.#parts.queue.after(this.#parts.random.between(1, 400), () => {
      if (this.#wire === undefined) this.connect();
    });
  }

  #tick(session: ClientSession): void {
    if (session !== this.#session) return;
    session.tick();
    this.#carryOut();
    this.#parts.queue.after(tickMs, () => this.#tick(session));
  }

  #receive(wire: Wire, message: Message): void {
    if (this.#wire !== wire) return;
    wire.rules.arrived(message);
    this.#session?.receive(message);
    this.#carryOut();
  }

  #carryOut(): void {
    for (const effect of this.#session?.takeEffects() ?? []) this.#do(effect);
  }

  #do(effect: ClientEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#wire?.rules.sent(effect.message);
        this.#wire?.up.send(effect.message);
        break;
      case 'acked':
        for (const id of effect.batchIds) {
          const stored = this.#state.batches.get(id);
          assert(stored !== undefined, 'what is acked is retained');
          this.#state.batches.set(id, { ...stored, acked: true });
        }
        break;
      case 'drained':
      case 'close':
        this.disconnect();
        break;
      case 'diverged':
      case 'rejected-batch':
        throw new Error(`the site takes what is the agent's own: ${effect.kind} (${effect.reason})`);
      case 'welcomed':
      case 'recovered':
      case 'positioned':
      case 'gap':
      case 'closed':
    }
  }

  #grow(streamId: Id, end: number): void {
    const known = this.#state.streams.get(streamId);
    const source = known?.source ?? this.#parts.sources.find(({ index }) => streamId.endsWith(index.toString(16)));
    assert(source !== undefined, 'a stream has its source');
    this.#state.streams.set(streamId, { streamId, source, start: 0, end: Math.max(end, known?.end ?? 0), replaced: false });
  }
}

class RegionOutbox extends ModelOutbox {
  override stream(streamId: Id): OutboxStream | undefined {
    const stream = super.stream(streamId);
    return stream === undefined ? undefined : { ...stream, origin, hasOtherWays: true };
  }
}
