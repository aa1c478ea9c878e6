/** One run: an agent, a site, the connections between them, faults for a while, then quiet until everything has arrived. */
import { assert } from '@tributary/shared/assert.ts';
import { Random } from '../harness/random.ts';
import { AgentHost } from './agent-host.ts';
import { checkBooks, type Tally } from './check-books.ts';
import { EventQueue } from './event-queue.ts';
import { Link } from './link.ts';
import type { SiteState } from './model-site.ts';
import { ModelSource } from './model-source.ts';
import { drawSettings, type Fault, type Settings } from './settings.ts';
import { SiteHost } from './site-host.ts';
import { WireRules } from './wire-rules.ts';

const faultyMs = 1500;
const quietMsMax = 120_000;
const stepsMax = 400_000;

interface Wire {
  readonly up: Link;
  readonly down: Link;
  readonly rules: WireRules;
}

export class World {
  readonly #queue = new EventQueue();
  readonly #random: Random;
  readonly #settings: Settings;
  readonly #sources: ModelSource[] = [];
  readonly #agent: AgentHost;
  readonly #site: SiteHost;
  #wire: Wire | undefined;
  #siteBackup: SiteState = new Map();
  #faulty = true;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#settings = drawSettings(this.#random.fork(1));
    const random = this.#random.fork(2);
    for (let index = 0; index < this.#settings.sources; index += 1) this.#sources.push(drawSource(index, random, this.#settings));
    const common = { queue: this.#queue, settings: this.#settings, sources: this.#sources };
    this.#site = new SiteHost({ ...common, random: this.#random.fork(3) });
    this.#agent = new AgentHost({
      ...common,
      random: this.#random.fork(4),
      everHeld: (streamId) => this.#site.store.everHeld.get(streamId) ?? 0,
      send: (message) => {
        this.#wire?.rules.sent(message);
        this.#wire?.up.send(message);
      },
      disconnect: () => this.#disconnect('some'),
    });
  }

  run(): Tally {
    this.#connect();
    this.#agentWorks();
    if (this.#settings.faults.length > 0) this.#faultsHappen();
    this.#runUntil(faultyMs, () => false);
    this.#quiet();
    const isDone = this.#runUntil(faultyMs + quietMsMax, () => this.#agent.done);
    assert(isDone, 'everything arrives once it is quiet');
    this.#agent.closeStreams();
    // CloseStream has no answer: what a silent link swallowed is told again on the next connection.
    for (let at = 1; at <= 10; at += 1) this.#queue.after(at * 5000, () => this.#disconnect('none'));
    const isClosed = this.#runUntil(this.#queue.nowMs + quietMsMax, () => this.#allClosed());
    assert(isClosed, 'the site learns where each stream ends');
    return checkBooks(this.#sources, { agent: this.#agent.state, site: this.#site.store });
  }

  #allClosed(): boolean {
    const { streams } = this.#site.store;
    return [...this.#agent.state.streams.values()].every(({ streamId, end, replaced }) => {
      const stream = streams.get(streamId);
      // A CloseStream may cross the Position that says the site went back: it is closed once it holds that much again.
      return replaced || (stream?.closedAt === end && stream.held >= end);
    });
  }

  #runUntil(untilMs: number, isDone: () => boolean): boolean {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      if (isDone()) return true;
      if (!this.#queue.step(untilMs)) return isDone();
    }
    throw new Error(`more than ${stepsMax} steps: something goes round in circles`);
  }

  #quiet(): void {
    this.#faulty = false;
    this.#agent.faulty = false;
    this.#site.faulty = false;
    this.#site.setCredit(100_000);
  }

  #connect(): void {
    const { encoded, delayMsMax, corruptChance } = this.#settings;
    const common = { queue: this.#queue, random: this.#random, delayMsMax, encoded };
    const wire: Wire = {
      up: new Link({ ...common, corruptChance: this.#faulty ? corruptChance : 0, deliver: (message) => arrive(message) }),
      down: new Link({
        ...common,
        corruptChance: 0,
        deliver: (message) => {
          if (this.#wire !== wire) return;
          wire.rules.arrived(message);
          this.#agent.receive(message);
        },
      }),
      rules: new WireRules(),
    };
    const arrive = this.#site.accept({
      send: (message) => wire.down.send(message),
      // What the site sent last still arrives; then the agent sees the end.
      close: () => this.#queue.after(delayMsMax + 1, () => this.#wire === wire && this.#disconnect('some')),
    });
    this.#wire = wire;
    this.#agent.connect();
  }

  #disconnect(afterwards: 'some' | 'none'): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    this.#wire = undefined;
    wire.up.cut(afterwards);
    wire.down.cut('none');
    this.#agent.disconnected();
    this.#queue.after(this.#random.between(1, 60), () => {
      if (this.#wire === undefined) this.#connect();
    });
  }

  #agentWorks(): void {
    this.#queue.after(this.#random.between(1, 15), () => {
      this.#agent.read();
      if (this.#random.chance(0.6)) this.#agent.commit();
      this.#agentWorks();
    });
  }

  #faultsHappen(): void {
    this.#queue.after(this.#random.between(5, 300), () => {
      if (!this.#faulty) return;
      this.#fault(this.#random.pick(this.#settings.faults));
      this.#faultsHappen();
    });
    if (this.#random.chance(0.3)) this.#agent.keepBackup();
    if (this.#random.chance(0.3)) this.#siteBackup = this.#site.store.backup();
  }

  #fault(fault: Fault): void {
    switch (fault) {
      case 'cut':
        return this.#disconnect(this.#random.pick(['some', 'none']));
      case 'silence':
        this.#wire?.up.cut('some');
        this.#wire?.down.cut('some');
        return;
      case 'agent-crash':
        return this.#agentRestarts(() => this.#agent.crash());
      case 'agent-back':
        return this.#agentRestarts(() => this.#agent.restoreBackup());
      case 'agent-lost':
        return this.#agentRestarts(() => this.#agent.loseBuffer());
      case 'site-crash':
        return this.#site.crash();
      case 'site-back':
        this.#site.crash();
        return this.#site.store.restore(this.#siteBackup);
      case 'site-back-live':
        return this.#site.storeWentBackLive(() => this.#site.store.restore(this.#siteBackup));
      case 'site-lost':
        this.#site.crash();
        return this.#site.store.restore(new Map());
      case 'drain':
        return this.#site.drain();
      case 'credit':
        return this.#site.setCredit(this.#random.pick([0, 50, 1000]));
    }
  }

  #agentRestarts(change: () => void): void {
    this.#disconnect('some');
    change();
  }
}

function drawSource(index: number, random: Random, settings: Settings): ModelSource {
  const length = random.between(1, settings.lengthMax);
  const at = random.below(length);
  const counted = random.chance(0.3);
  return new ModelSource({
    index,
    length,
    type: `type${random.below(settings.channels)}`,
    counted,
    poison: random.chance(settings.poisonChance) ? { from: at, to: at + random.between(1, 20) } : undefined,
    hasLengths: random.chance(0.3),
    // What is left out of a counted stream has no position.
    dropsOneIn: counted ? 0 : random.pick([0, 0, 4, 1]),
  });
}
