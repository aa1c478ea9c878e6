/** A hub around the receiving half: one store, group commits, and whatever connections are open, old ones included. */
import type { Message, RecoveredStream } from '@tributary/protocol/messages.ts';
import * as limits from '@tributary/protocol/limits.ts';
import type { AppendRequest, AppendResult, ServerEffect } from '@tributary/protocol/session/server-effect.ts';
import { ServerSession } from '@tributary/protocol/session/server.ts';
import type { Random } from '../harness/random.ts';
import type { EventQueue } from './event-queue.ts';
import { ModelSite } from './model-site.ts';
import type { ModelSource } from './model-source.ts';
import type { Settings } from './settings.ts';

export interface SiteConnection {
  send(message: Message): void;
  close(): void;
}

interface OpenConnection {
  readonly session: ServerSession;
  /** Who has said Hello on it. */
  agentId: string;
  readonly connection: SiteConnection;
}

/** Done in the transaction; what it returns tells the session afterwards. */
interface Waiting {
  readonly kind: 'append' | 'other';
  readonly run: () => () => void;
}

export interface SiteWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly settings: Settings;
  readonly sources: readonly ModelSource[];
}

const siteId = '51'.repeat(16);

export class SiteHost {
  readonly store = new ModelSite();
  readonly #world: SiteWorld;
  #open: OpenConnection[] = [];
  /** What waits for the next commit, in order: done then, and answered after it. */
  #waiting: Waiting[] = [];
  #commitDue = false;
  #epoch = 0;
  /** Faults may hit what it does. */
  faulty = true;

  constructor(world: SiteWorld) {
    this.#world = world;
  }

  /** A new connection; the returned function takes what arrives on it. */
  accept(connection: SiteConnection): (message: Message) => void {
    const { queue } = this.#world;
    const session = new ServerSession({ now: () => queue.nowMs });
    const open = { session, connection, agentId: '' };
    this.#open.push(open);
    return (message) => {
      if (!this.#open.includes(open)) return;
      session.receive(message);
      this.#carryOut(open);
    };
  }

  /** The process dies: nothing that was not committed is left, and no connection. */
  crash(): void {
    this.#epoch += 1;
    this.#waiting = [];
    this.#commitDue = false;
    this.store.crash();
    for (const { connection } of this.#open.splice(0)) connection.close();
  }

  /** The store goes back under a living hub: what is committed next is what counts. */
  storeWentBackLive(restore: () => void): void {
    this.#commit();
    restore();
    for (const open of this.#open) {
      open.session.storeChanged();
      this.#carryOut(open);
    }
  }

  drain(): void {
    this.#each((session) => session.drain(['other'], this.#world.random.between(1, 200)));
  }

  setCredit(bytes: number): void {
    for (const type of ['type0', 'type1']) this.#each((session) => session.setCredit(`acme/${type}`, bytes));
  }

  #each(tell: (session: ServerSession) => void): void {
    for (const open of this.#open) {
      tell(open.session);
      this.#carryOut(open);
    }
  }

  #carryOut(open: OpenConnection): void {
    for (let effects = open.session.takeEffects(); effects.length > 0; effects = open.session.takeEffects()) {
      for (const effect of effects) this.#do(effect, open);
    }
  }

  #do(effect: ServerEffect, open: OpenConnection): void {
    const { session, connection } = open;
    switch (effect.kind) {
      case 'send':
        return connection.send(effect.message);
      case 'admit':
        open.agentId = effect.hello.agentId;
        this.#supersede(open);
        return this.#soon(open, () => this.#admit(session));
      case 'recover':
        return this.#atCommit('other', () => {
          const streams = this.#recovered();
          return () => session.recovered(streams);
        });
      case 'open':
        return this.#atCommit('other', () => {
          const position = this.store.open(effect.key, effect.message);
          return () => session.positioned(effect.requestId, position);
        });
      case 'gap':
        return this.#atCommit('other', () => {
          const position = this.store.gap(effect.key, effect.message);
          return () => session.positioned(effect.requestId, position);
        });
      case 'append':
        return this.#atCommit('append', () => {
          const result = this.#refusal(effect.request) ?? this.store.append(effect.request);
          return () => session.appended(effect.requestId, result);
        });
      case 'close-stream':
        return this.#atCommit('other', () => {
          this.store.close(effect.key, effect.position);
          return () => undefined;
        });
      case 'snapshot':
        return;
      case 'close':
        this.#open = this.#open.filter((other) => other !== open);
        return connection.close();
    }
  }

  /** Half the time an older connection of the agent is ended, half the time its late frames are still taken. */
  #supersede(open: OpenConnection): void {
    if (this.#world.random.chance(0.5)) return;
    for (const other of this.#open) {
      if (other === open || other.agentId !== open.agentId) continue;
      other.session.shutdown({ code: 'superseded', hint: 'a newer connection', retryAfterMs: 0 });
      this.#carryOut(other);
    }
  }

  #admit(session: ServerSession): void {
    const { settings } = this.#world;
    session.admitted({
      kind: 'admitted',
      origin: { siteId, agentId: 'a0'.repeat(16) },
      welcome: {
        hubId: siteId,
        siteId,
        storeId: siteId,
        hubs: [],
        limits: {
          frameBytesMax: limits.frameBytesMax,
          inflatedBytesMax: limits.inflatedBytesMax,
          segmentsMax: 3,
          recordsMax: limits.recordsMax,
          streamsMax: settings.streamsMax,
        },
        flushIntervalMsMin: 0,
        creditBytes: settings.creditBytes,
        capabilities: [],
      },
    });
  }

  #recovered(): RecoveredStream[] {
    return [...this.store.streams.values()].map(
      ({ streamId, origin, identity, attributes, start, held, heldMark, closedAt }) => ({
        streamId,
        origin,
        identity,
        attributes,
        start,
        held,
        heldMark,
        closed: closedAt !== undefined,
      }),
    );
  }

  #refusal({ segments }: AppendRequest): AppendResult | undefined {
    const { random, settings, sources } = this.#world;
    if (this.faulty && random.chance(settings.busyChance)) {
      return { kind: 'refused', reason: 'busy', retryAfterMs: random.below(100), hint: 'busy' };
    }
    for (const segment of segments) {
      const stream = this.store.streams.get(segment.key.streamId);
      const poison = sources.find(({ index }) => `s${index}` === stream?.attributes.labels['source'])?.poison;
      if (poison === undefined || segment.to <= poison.from || segment.from >= poison.to) continue;
      // What the site has already it does not look at again.
      if (segment.to > (stream?.held ?? 0)) return { kind: 'refused', reason: 'forbidden', hint: 'poison' };
    }
    return undefined;
  }

  #soon(open: OpenConnection, run: () => void): void {
    const epoch = this.#epoch;
    this.#world.queue.after(this.#world.random.below(4), () => {
      if (epoch !== this.#epoch) return;
      run();
      this.#carryOut(open);
    });
  }

  #atCommit(kind: Waiting['kind'], run: () => () => void): void {
    this.#waiting.push({ kind, run });
    if (this.#commitDue) return;
    this.#commitDue = true;
    const epoch = this.#epoch;
    this.#world.queue.after(this.#world.random.between(1, 8), () => {
      if (epoch === this.#epoch) this.#commit();
    });
  }

  #commit(): void {
    this.#commitDue = false;
    const answers = this.#waiting.splice(0).map(({ kind, run }) => ({ kind, answer: run() }));
    this.store.commit();
    this.#mixAppends(answers);
    for (const { answer } of answers) answer();
    for (const open of this.#open) this.#carryOut(open);
  }

  /** Appends may be answered in any order, but not across a Position. */
  #mixAppends(answers: { kind: Waiting['kind']; answer: () => void }[]): void {
    const { random } = this.#world;
    for (let index = 1; index < answers.length; index += 1) {
      const [left, right] = [answers[index - 1], answers[index]];
      if (left?.kind !== 'append' || right?.kind !== 'append' || random.chance(0.5)) continue;
      answers[index - 1] = right;
      answers[index] = left;
    }
  }
}
