/** What goes on by itself: hearing of what other hubs did, and taking entries out that nobody needs any more. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { TopicName } from '../queue.ts';
import { pollMs, sweepMs, tickMs, tickWithMoreMs, topicsAtOnceMax, upkeepPatienceMs as patienceMs } from './limits.ts';
import type { QueueContext } from './queue-context.ts';
import { inGroups, numberOf, textOf } from './replies.ts';
import { sweepOrphans } from './spill/sweep-orphans.ts';

export interface UpkeepParts {
  readonly context: QueueContext;
  readonly clock: Clock;
  readonly log: Logger;
  /** Partitions whose entries this hub takes out. */
  readonly ownPartitions: () => Iterable<number>;
  readonly onIdentityChanged: (partition: number) => void;
  /** The store was emptied and is another one now. */
  readonly onStoreLost: () => void;
}

interface Seen {
  changes: number;
  identities: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #seen = new Map<number, Seen>();

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
  }

  async poll(): Promise<void> {
    const { context, onStoreLost } = this.#parts;
    if (await context.register.refresh()) onStoreLost();
    await Promise.all(Array.from({ length: context.partitions.count }, (_, partition) => this.#pollPartition(partition)));
  }

  /** One step over all topics of some partitions. True when there is more to do now. */
  async trim(partitions: Iterable<number>): Promise<boolean> {
    const results = await Promise.all([...partitions].map((partition) => this.#trimPartition(partition)));
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

  async #trimPartition(partition: number): Promise<boolean> {
    const { context } = this.#parts;
    const { limits, levels, partitions } = context;
    const topics = levels.topicsIn(partition);
    if (topics.length === 0) return false;
    const lane = partitions.lane(partition);
    const tidied = lane.call({ function: 'tidy', args: () => [limits.keepKeysMs], patienceMs });
    // All of them together: one that failed while another was waited for would have nobody who hears of it, and end the hub.
    const [, ...trimmed] = await Promise.all([tidied, ...topics.map((topic) => this.#trimTopic(partition, topic))]);
    return trimmed.includes(true);
  }

  async #trimTopic(partition: number, topic: TopicName): Promise<boolean> {
    const { limits, partitions } = this.#parts.context;
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
      await this.#deleteSpilled(named.filter((ref) => !ref.startsWith('=')));
      const wanted = named.filter((ref) => ref.startsWith('='));
      // Their keys are named with the next call, at once: nothing goes without it.
      if (wanted.length === 0) return more === 1;
      refs = wanted;
    }
  }

  /** What cannot be deleted now is found by the sweep. */
  async #deleteSpilled(names: readonly string[]): Promise<void> {
    const { spill } = this.#parts.context.bodies;
    if (spill !== undefined) await Promise.allSettled(names.map((name) => spill.delete(name)));
  }

  /** A store that is nearly full: what all have passed goes at once, so that what none has can come. */
  #replayBytesMax(): number {
    const { levels, limits } = this.#parts.context;
    const isPressed = levels.shortage !== undefined || levels.bytes >= limits.storeBytesMax * 0.9;
    return isPressed ? 0 : limits.replayBytesMax;
  }

  async #keepPolling(signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, async () => {
      await this.poll();
      return pollMs;
    });
  }

  async #keepTrimming(signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, async () => ((await this.trim(this.#parts.ownPartitions())) ? tickWithMoreMs : tickMs));
  }

  /** One hub does it: who works on the first partition. */
  async #keepSweeping(signal: AbortSignal): Promise<void> {
    const { context, ownPartitions } = this.#parts;
    const { spill } = context.bodies;
    if (spill === undefined) return;
    const isOurs = (): boolean => new Set(ownPartitions()).has(0);
    await this.#repeat(signal, async () => {
      if (isOurs()) await sweepOrphans({ store: spill, nowMs: Date.now(), known: (names) => this.#knownSpilled(names) });
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
