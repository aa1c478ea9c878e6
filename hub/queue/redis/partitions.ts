/**
 * The partitions with their lanes: what is known of each one's master, and what is done when that is another one.
 *
 * A partition's `generation` is a number that Redis keeps: the incarnation, which grows with every change of the master, and a random part,
 * as a store that went back may count an incarnation again. A hub that sees another one than before tells its listeners.
 */
import { randomInt } from 'node:crypto';
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { QueueLimits } from '../limits.ts';
import type { GroupPlace, TopicName } from '../queue.ts';
import { changesNothing, functionName, type QueueFunction } from './functions/library.ts';
import { PartitionKeys } from './keys.ts';
import type { RedisLevels } from './levels.ts';
import { gatheredAtOnceMax } from './limits.ts';
import { type Argument, MasterError, type Masters, type Reply } from './masters/masters.ts';
import { PartitionLane } from './partition-lane.ts';
import { type Answer, answerOf, listOf, numberOf, textOf } from './replies.ts';
import type { RegisteredGroup, TopicRegister } from './topic-register.ts';

export interface PartitionsParts {
  readonly masters: Masters;
  readonly register: TopicRegister;
  readonly levels: RedisLevels;
  readonly limits: QueueLimits;
  readonly clock: Clock;
  readonly clockOffsetMs: () => number;
  /** What was known of a partition may not be true any more. */
  readonly onChanged: (partition: number) => void;
}

interface Partition {
  readonly lane: PartitionLane;
  readonly keys: PartitionKeys;
  generation: number | undefined;
  recovering: Promise<void> | undefined;
}

const topicTriesMax = 5;
const drawnMax = 2 ** 31;

export class Partitions {
  readonly #parts: PartitionsParts;
  readonly #partitions: readonly Partition[];

  constructor(parts: PartitionsParts) {
    this.#parts = parts;
    const { masters, clock, clockOffsetMs, register } = parts;
    this.#partitions = Array.from({ length: register.partitions }, (_, partition) => {
      const keys = new PartitionKeys(masters.prefix, partition);
      const lane = new PartitionLane({
        partition,
        masters,
        keys,
        clock,
        clockOffsetMs,
        recover: () => this.recover(partition),
        generation: () => this.#partition(partition).generation,
        onGeneration: (generation, whenSent) => this.#noteGeneration(partition, generation, whenSent),
      });
      return { lane, keys, generation: undefined, recovering: undefined };
    });
  }

  get count(): number {
    return this.#partitions.length;
  }

  lane(partition: number): PartitionLane {
    return this.#partition(partition).lane;
  }

  generationOf(partition: number): number {
    return this.#partition(partition).generation ?? 0;
  }

  /** As a hub begins: keys of senders that could not send again while no hub was there are remembered for their time. */
  async open(): Promise<void> {
    await Promise.all(this.#partitions.map((_, partition) => this.#recover(partition, true)));
  }

  /** Takes the server that the partition is on now for its master. Once for all that ask at a time. */
  recover(partition: number): Promise<void> {
    const state = this.#partition(partition);
    state.recovering ??= this.#recover(partition, false).finally(() => {
      state.recovering = undefined;
    });
    return state.recovering;
  }

  /** Makes a topic in a partition, with the groups that the site has of it. */
  async makeTopic(partition: number, topic: TopicName): Promise<void> {
    const { register } = this.#parts;
    for (let tries = 1; tries <= topicTriesMax; tries += 1) {
      await register.refresh();
      await register.add(topic);
      const groups = register.groupsOf(topic).flatMap((group) => [...groupArgs(group), group.paused ? 1 : 0, 'beginning']);
      const answer = await this.#call(partition, 'makeTopic', { topics: [topic], args: [topic, register.version, ...groups] });
      if (answer.word === 'MASTER') await this.recover(partition);
      else if (answer.word === 'done') {
        this.noteLevel(partition, topic, answer.values);
        return;
      }
    }
    throw new MasterError('UNAVAILABLE', `the groups of ${topic} change all the time`);
  }

  /** Gathers what lay before a group that was made over what there is: until then nobody works on it. */
  async gatherBeginnings({ topic, group, partition }: GroupPlace): Promise<void> {
    for (;;) {
      const args = [topic, group, gatheredAtOnceMax];
      const { word } = await this.#call(partition, 'gatherBeginnings', { topics: [topic], args });
      if (word === 'MASTER') await this.recover(partition);
      else if (word !== 'more') return;
    }
  }

  /** From the last four values of an answer: last sequence, pending bytes, bytes and memory of the partition. True: entries came. */
  noteLevel(partition: number, topic: TopicName, values: readonly Reply[]): boolean {
    const [last, pendingBytes, bytes, memoryBytes] = values.map(numberOf);
    assert(last !== undefined && pendingBytes !== undefined, 'a level is four numbers');
    this.#parts.levels.noteStore(partition, bytes ?? 0, memoryBytes ?? 0);
    return this.#parts.levels.noteTopic(partition, topic, { last, pendingBytes });
  }

  async #recover(partition: number, isBegin: boolean): Promise<void> {
    const { limits } = this.#parts;
    const args = [limits.keepKeysMs, randomInt(drawnMax), isBegin ? 1 : 0];
    const whenSent = this.#partition(partition).generation;
    const answer = await this.#call(partition, 'recover', { topics: [], args });
    if (numberOf(answer.values[0]) === 1) await this.ensureGroups(partition);
    this.#noteGeneration(partition, answer.generation, whenSent);
  }

  /**
   * A master that went back may lack groups that were made lately: they begin before all there is, so that they miss nothing. Until all of
   * it was done Redis says that it is due, so that a hub that dies with it leaves it to the others.
   */
  async ensureGroups(partition: number): Promise<void> {
    const { register } = this.#parts;
    const figures = await this.#call(partition, 'figures', { topics: [], args: [] });
    if (figures.word === 'MASTER') return;
    const rows = listOf(figures.values[1]).map(textOf);
    const topics = rows.filter((_, index) => index % 2 === 0);
    for (const topic of topics) {
      for (const group of register.groupsOf(topic)) {
        const args = [topic, register.version, ...groupArgs(group), 'beginning', group.paused ? 1 : 0];
        await this.#call(partition, 'ensureGroup', { topics: [topic], args });
      }
    }
    await this.#call(partition, 'groupsDone', { topics: [], args: [] });
  }

  async #call(
    partition: number,
    name: QueueFunction,
    { topics, args }: { readonly topics: readonly TopicName[]; readonly args: readonly Argument[] },
  ): Promise<Answer> {
    const { masters, clockOffsetMs } = this.#parts;
    const { keys } = this.#partition(partition);
    const call = { name: functionName(name), keys: keys.with(topics), args: [clockOffsetMs(), ...args] };
    return answerOf(await masters.call(partition, call, { write: !changesNothing(name) }));
  }

  /** An answer to what was sent before a change that is known by now may come late from the master before it: it tells nothing new. */
  #noteGeneration(partition: number, generation: number, whenSent: number | undefined): void {
    const state = this.#partition(partition);
    if (generation === state.generation || whenSent !== state.generation) return;
    const isKnown = state.generation !== undefined;
    state.generation = generation;
    if (!isKnown) return;
    this.#parts.levels.forget(partition);
    this.#parts.onChanged(partition);
  }

  #partition(partition: number): Partition {
    const found = this.#partitions[partition];
    assert(found !== undefined, `partition ${partition} is one of ${this.#partitions.length}`);
    return found;
  }
}

/** Name, policy, age, bytes. */
export function groupArgs({ group, policy }: Pick<RegisteredGroup, 'group' | 'policy'>): Argument[] {
  if (policy.kind === 'blocking') return [group, 'b', 0, 0];
  return [group, 'x', policy.ageMsMax, policy.bytesMax];
}
