/**
 * One agent's streams reach a site by two regions: the first had the beginning of what the agent sent and the second its end, as after a
 * failover, with what the agent sent to both in between. Each region's outbox declares what it never had, whether the other one has it
 * or not. At the end every position that a region had arrived once, and what no region had is a gap.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { Random } from '../harness/random.ts';
import { checkBooks, type Tally } from './check-books.ts';
import { EventQueue } from './event-queue.ts';
import { makeBatch, type ModelBatch, type ModelStream } from './model-outbox.ts';
import { ModelSource } from './model-source.ts';
import { Region } from './region.ts';
import { drawSettings, type Settings } from './settings.ts';
import { SiteHost } from './site-host.ts';

const faultyMs = 1000;
const quietMsMax = 120_000;
const stepsMax = 200_000;

export class TwoWays {
  readonly #queue = new EventQueue();
  readonly #random: Random;
  readonly #settings: Settings;
  readonly #sources: ModelSource[] = [];
  readonly #site: SiteHost;
  readonly #regions: Region[] = [];
  /** No region has what lies between these batches. */
  readonly #isTorn: boolean;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#settings = { ...drawSettings(this.#random.fork(1)), corruptChance: 0, faults: [] };
    for (let index = 0; index < this.#settings.sources; index += 1) this.#sources.push(this.#drawSource(index));
    this.#site = new SiteHost({
      queue: this.#queue,
      settings: this.#settings,
      sources: this.#sources,
      random: this.#random.fork(2),
    });
    const batches = this.#drawBatches();
    this.#isTorn = this.#random.chance(0.3);
    const split = this.#random.below(batches.length + 1);
    const shared = this.#random.below(6) * (this.#isTorn ? -1 : 1);
    this.#addRegion('c0'.repeat(16), batches.slice(0, split));
    this.#addRegion('d0'.repeat(16), batches.slice(Math.max(0, split - shared)));
  }

  run(): Tally {
    for (const region of this.#regions) this.#queue.after(this.#random.below(300), () => region.connect());
    this.#faultsHappen();
    this.#runUntil(faultyMs, () => false);
    this.#site.faulty = false;
    this.#site.setCredit(100_000);
    const isDone = this.#runUntil(faultyMs + quietMsMax, () => this.#regions.every((region) => region.done));
    assert(isDone, 'everything that a region has is answered once it is quiet');
    const streams = new Map<Id, ModelStream>();
    for (const stream of this.#regions.flatMap((region) => [...region.streams])) {
      if (stream.end > (streams.get(stream.streamId)?.end ?? 0)) streams.set(stream.streamId, stream);
    }
    const endOf = (source: ModelSource): number => streams.get(streamIdOf(source))?.end ?? 0;
    const tally = checkBooks(this.#sources, { agent: { streams }, site: this.#site.store }, endOf);
    assert(this.#isTorn || tally.lost === 0, 'what one of the regions has is not lost');
    return tally;
  }

  #runUntil(untilMs: number, isDone: () => boolean): boolean {
    for (let steps = 0; steps < stepsMax; steps += 1) {
      if (isDone()) return true;
      if (!this.#queue.step(untilMs)) return isDone();
    }
    throw new Error(`more than ${stepsMax} steps: something goes round in circles`);
  }

  #faultsHappen(): void {
    this.#queue.after(this.#random.between(5, 200), () => {
      if (!this.#site.faulty) return;
      if (this.#random.chance(0.3)) this.#site.crash();
      else this.#random.pick(this.#regions).disconnect();
      this.#faultsHappen();
    });
  }

  #addRegion(hubId: Id, batches: readonly ModelBatch[]): void {
    const { delayMsMax, encoded } = this.#settings;
    const parts = { queue: this.#queue, random: this.#random.fork(this.#regions.length + 3), delayMsMax, encoded };
    this.#regions.push(new Region({ ...parts, hubId, batches, sources: this.#sources, site: this.#site }));
  }

  /** All that the agent ever sends, in its order: each batch with the next part of some sources. */
  #drawBatches(): ModelBatch[] {
    const random = this.#random;
    const ends = new Map<ModelSource, number>();
    const batches: ModelBatch[] = [];
    for (;;) {
      const open = this.#sources.filter((source) => (ends.get(source) ?? 0) < source.length);
      if (open.length === 0) return batches;
      const first = random.pick(open);
      const others = open.filter(({ attributes }) => attributes.type === first.attributes.type && random.chance(0.5));
      const parts = [...new Set([first, ...others])].slice(0, 3).map((source) => {
        const from = ends.get(source) ?? 0;
        const to = Math.min(source.length, from + random.between(1, 60));
        ends.set(source, to);
        return { stream: streamOf(source, to), from, to };
      });
      batches.push(makeBatch(batches.length + 1, parts, false));
    }
  }

  #drawSource(index: number): ModelSource {
    const random = this.#random;
    const counted = random.chance(0.3);
    return new ModelSource({
      index,
      length: random.between(50, this.#settings.lengthMax),
      type: `type${random.below(this.#settings.channels)}`,
      counted,
      poison: undefined,
      hasLengths: random.chance(0.3),
      dropsOneIn: counted ? 0 : random.pick([0, 0, 4]),
    });
  }
}

function streamOf(source: ModelSource, end: number): ModelStream {
  return { streamId: streamIdOf(source), source, start: 0, end, replaced: false };
}

function streamIdOf(source: ModelSource): Id {
  return source.index.toString(16).padStart(32, 'e');
}
