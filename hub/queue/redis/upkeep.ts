/** What goes on by itself: hearing of what other hubs did, and taking entries out that nobody needs any more. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { TopicName } from '../queue.ts';
import {
  pollMs,
  spilledStaysMs,
  sweepMs,
  tickMs,
  tickWithMoreMs,
  topicsAtOnceMax,
  upkeepPatienceMs as patienceMs,
  windowParts,
} from './limits.ts';
import type { Reply } from './masters/masters.ts';
import type { QueueContext } from './queue-context.ts';
import { inGroups, numberOf, textOf } from './replies.ts';
import type { ObjectName } from './spill/object-store.ts';
import { type Orphans, sweepOrphans } from './spill/sweep-orphans.ts';

export interface UpkeepParts {
  readonly context: QueueContext;
  readonly clock: Clock;
  readonly log: Logger;
  /** Partitions whose entries this hub takes out. */
  readonly ownPartitions: () => Iterable<number>;
  readonly onIdentityChanged: (partition: number) => void;
}

interface Seen {
  changes: number;
  identities: number;
}

/** A topic in which there was nothing to take out. */
interface Rest {
  readonly last: number;
  /** By the monotonic clock. Undefined: nothing is kept, so that nothing can go before more comes. */
  readonly lookAtMs: number | undefined;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #seen = new Map<number, Seen>();
  /** Bodies of entries that went, in the order in which these went. */
  #spilled: { readonly name: ObjectName; readonly atMs: number }[] = [];
  /** By partition. */
  readonly #resting = new Map<number, Map<TopicName, Rest>>();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keepPolling(signal), this.#keepTrimming(signal), this.#keepSweeping(signal)]);
  }

  /** Everything again with the next poll: what was known of a partition's changes is another master's. */
  forget(partition: number): void {
    this.#seen.delete(partition);
    this.#resting.delete(partition);
    // Their entries may be there again: the sweep looks.
    this.#spilled = this.#spilled.filter(({ name }) => !name.startsWith(`p${partition}/`));
  }

  async poll(): Promise<void> {
    const { context } = this.#parts;
    await context.register.refresh();
    await Promise.all(Array.from({ length: context.partitions.count }, (_, partition) => this.#pollPartition(partition)));
  }

  /** One step over all topics of some partitions, or those that are due. True when there is more to do now. */
  async trim(partitions: Iterable<number>, which: 'all' | 'due'): Promise<boolean> {
    const results = await Promise.all([...partitions].map((partition) => this.#trimPartition(partition, which)));
    // A replica that becomes the master may not have heard that they went, and then needs their bodies.
    await this.#deleteSpilled(which === 'all' ? Infinity : this.#parts.clock.monotonic() - spilledStaysMs);
    return results.includes(true);
  }

  async #pollPartition(partition: number): Promise<void> {
    const { context, onIdentityChanged } = this.#parts;
    const lane = context.partitions.lane(partition);
    const seen = this.#seen.get(partition) ?? { changes: 0, identities: -1 };
    const generation = context.partitions.generationOf(partition);
    const { values } = await lane.read({ function: 'poll', args: () => [seen.changes], patienceMs });
    const [changes, bytes, memoryBytes, identities, areGroupsDue, ...names] = values;
    if (areGroupsDue === 1) await context.partitions.ensureGroups(partition);
    context.levels.noteStore(partition, numberOf(bytes), numberOf(memoryBytes));
    const topics = names.map(textOf);
    for (let at = 0; at < topics.length; at += topicsAtOnceMax) {
      const part = topics.slice(at, at + topicsAtOnceMax);
      const found = await lane.read({ function: 'levels', topics: part, args: () => part, patienceMs });
      for (const [index, [last, pendingBytes]] of [...inGroups(found.values, 2)].entries()) {
        if (numberOf(last) < 0) continue;
        context.levels.noteTopic(partition, part[index] ?? '', { last: numberOf(last), pendingBytes: numberOf(pendingBytes) });
      }
    }
    if (seen.identities !== -1 && numberOf(identities) !== seen.identities) onIdentityChanged(partition);
    // What was asked for was what is new since an earlier master: all that was known was forgotten meanwhile, and the next poll asks for all.
    if (context.partitions.generationOf(partition) !== generation) this.forget(partition);
    else this.#seen.set(partition, { changes: numberOf(changes), identities: numberOf(identities) });
  }

  async #trimPartition(partition: number, which: 'all' | 'due'): Promise<boolean> {
    const { context } = this.#parts;
    const { limits, levels, partitions } = context;
    const topics = levels.topicsIn(partition).filter((topic) => which === 'all' || this.#isDue(partition, topic));
    if (topics.length === 0) return false;
    const lane = partitions.lane(partition);
    const tidied = lane.call({ function: 'tidy', args: () => [limits.keepKeysMs], patienceMs });
    // All of them together: one that failed while another was waited for would have nobody who hears of it, and end the hub.
    const [, ...trimmed] = await Promise.all([tidied, ...topics.map((topic) => this.#trimTopic(partition, topic))]);
    return trimmed.includes(true);
  }

  /** Most topics of a site are at rest: asking each of them each second would cost Redis more than what comes in. */
  #isDue(partition: number, topic: TopicName): boolean {
    const { context, clock } = this.#parts;
    const rest = this.#resting.get(partition)?.get(topic);
    if (rest === undefined || rest.last !== context.levels.lastOf(topic, partition)) return true;
    if (rest.lookAtMs === undefined) return false;
    return this.#isPressed() || clock.monotonic() >= rest.lookAtMs;
  }

  #noteRest(
    partition: number,
    topic: TopicName,
    { more, last }: { readonly more: Reply | undefined; readonly last: number },
  ): void {
    const { context, clock } = this.#parts;
    const resting = this.#resting.getOrInsertComputed(partition, () => new Map<TopicName, Rest>());
    const keptMs = context.limits.replayWindowMs / windowParts;
    if (more === 1) resting.delete(topic);
    else resting.set(topic, { last, lookAtMs: more === 2 ? clock.monotonic() + keptMs : undefined });
  }

  async #trimTopic(partition: number, topic: TopicName): Promise<boolean> {
    const { context, clock } = this.#parts;
    const { limits, partitions } = context;
    const lane = partitions.lane(partition);
    let refs: readonly string[] = [];
    for (;;) {
      const args = [topic, limits.replayWindowMs, this.#replayBytesMax(), ...refs];
      const request = { function: 'trim', topics: [topic], refs, args: () => args, patienceMs } as const;
      const { word, values } = await lane.call(request);
      if (word !== 'done') return false;
      const [more, ...level] = values;
      partitions.noteLevel(partition, topic, level.slice(0, 4));
      const named = level.slice(4).map(textOf);
      const atMs = clock.monotonic();
      this.#spilled.push(...named.filter((ref) => !ref.startsWith('=')).map((name) => ({ name, atMs })));
      const wanted = named.filter((ref) => ref.startsWith('='));
      // Their keys are named with the next call, at once: nothing goes without it.
      if (wanted.length === 0) {
        this.#noteRest(partition, topic, { more, last: numberOf(level[0]) });
        return more === 1;
      }
      refs = wanted;
    }
  }

  /**
   * What cannot be deleted, or is left when the hub ends, is found by the sweep. The store is asked once more: a hub that was stopped since then
   * may not have heard yet of a master that does not know that the entries went.
   */
  async #deleteSpilled(untilMs: number): Promise<void> {
    const { spill } = this.#parts.context.bodies;
    const first = this.#spilled.findIndex(({ atMs }) => atMs > untilMs);
    const due = this.#spilled.splice(0, first === -1 ? this.#spilled.length : first);
    if (spill === undefined || due.length === 0) return;
    const names = due.map(({ name }) => name);
    const known = await this.#knownSpilled(names);
    await Promise.allSettled(names.filter((name) => !known.has(name)).map((name) => spill.delete(name)));
  }

  /** A store that is nearly full: what all have passed goes at once, so that what none has can come. */
  #replayBytesMax(): number {
    return this.#isPressed() ? 0 : this.#parts.context.limits.replayBytesMax;
  }

  #isPressed(): boolean {
    const { levels, limits } = this.#parts.context;
    return levels.shortage !== undefined || levels.bytes >= limits.storeBytesMax * 0.9;
  }

  async #keepPolling(signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, async () => {
      await this.poll();
      return pollMs;
    });
  }

  async #keepTrimming(signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, async () => ((await this.trim(this.#parts.ownPartitions(), 'due')) ? tickWithMoreMs : tickMs));
  }

  /**
   * One hub does it, who works on the first partition, to spare the others the work: two do no harm, and neither does one that was stopped in
   * between. What no entry has named for hours is never named again, as each body has a name of its own.
   */
  async #keepSweeping(signal: AbortSignal): Promise<void> {
    const { context, ownPartitions } = this.#parts;
    const { spill } = context.bodies;
    if (spill === undefined) return;
    const isOurs = (): boolean => new Set(ownPartitions()).has(0);
    const orphans: Orphans = new Map();
    await this.#repeat(signal, async () => {
      if (isOurs()) await sweepOrphans({ store: spill, nowMs: Date.now(), orphans, known: (names) => this.#knownSpilled(names) });
      return sweepMs;
    });
  }

  /** Names that are not of this site's partitions are somebody else's. */
  async #knownSpilled(names: readonly string[]): Promise<ReadonlySet<string>> {
    const { partitions } = this.#parts.context;
    const known = new Set<string>();
    const byPartition = Map.groupBy(names, (name) => Number(/^p(\d+)\//.exec(name)?.[1] ?? -1));
    for (const [partition, own] of byPartition) {
      if (partition < 0 || partition >= partitions.count) for (const name of own) known.add(name);
      else {
        const { values } = await partitions.lane(partition).read({ function: 'knownSpilled', args: () => own, patienceMs });
        for (const name of values) known.add(textOf(name));
      }
    }
    return known;
  }

  async #repeat(signal: AbortSignal, step: () => Promise<number>): Promise<void> {
    const { clock, log } = this.#parts;
    let waitMs = pollMs;
    while (!signal.aborted) {
      try {
        await clock.sleep(waitMs, signal);
      } catch {
        return;
      }
      try {
        waitMs = await step();
      } catch (error) {
        waitMs = tickMs;
        // Who wants something of the store hears the same; it is tried again as long as the hub runs.
        if (!signal.aborted) log.debug('the queue could not look at its store', { error, retryInMs: waitMs });
      }
    }
  }
}
