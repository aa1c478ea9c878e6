/** What operators do to reader groups by hand, in one partition or in all. */
import { randomBytes } from 'node:crypto';
import { QueueError } from '../queue-error.ts';
import { archiveGroup, type GroupPlace, pipelineGroup, streamName, type TopicName } from '../queue.ts';
import type { SeekTarget, Sought } from '../seek.ts';
import type { QueueFunction } from './functions/library.ts';
import { streamOfText } from './entry-text.ts';
import { forgottenAtOnceMax, passedAtOnceMax, patienceMs, rowsMax, skippedAtOnceMax } from './limits.ts';
import type { Argument, Reply } from './masters/masters.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import { type Answer, inGroups, numberOf, textOf } from './replies.ts';

/** Groups whose second reading would come into the archive beside the first; what they pass by does not get there. */
const readsOnce: ReadonlySet<string> = new Set([archiveGroup, pipelineGroup]);

export class OperatorCalls {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async beginningsOf(place: GroupPlace): Promise<ReadonlyMap<string, number>> {
    const { partitions } = this.#context;
    const { topic, group, partition } = place;
    const lane = partitions.lane(partition);
    const found = new Map<string, number>();
    for (let known = 0; ;) {
      const args = [topic, group, known, rowsMax];
      const request = { function: 'beginningsOf', topics: [topic], args: () => args, patienceMs } as const;
      const { word, values } = await asQueueErrors(lane.read(request));
      // A topic that has nothing in this partition yet has no groups there: whatever comes is behind their beginning.
      if (word === 'absent') return found;
      if (word === 'gathering') {
        await asQueueErrors(partitions.gatherBeginnings(place));
        continue;
      }
      const [last, ...pairs] = values;
      for (const [name, position] of await this.#named(partition, [...inGroups(pairs, 2)])) found.set(name, position);
      known += rowsMax;
      if (known >= numberOf(last)) return found;
    }
  }

  async #named(partition: number, positions: readonly (readonly Reply[])[]): Promise<(readonly [string, number])[]> {
    if (positions.length === 0) return [];
    const rows = positions.map(([row]) => numberOf(row));
    const request = { function: 'describe', args: () => rows, patienceMs } as const;
    const { values } = await asQueueErrors(this.#context.partitions.lane(partition).read(request));
    // One that was forgotten since then is nobody's.
    return positions.flatMap(([, position], index) => {
      const text = values[index];
      return text === null ? [] : [[streamName(streamOfText(textOf(text)).key), numberOf(position)]];
    });
  }

  async pauseGroup(topic: TopicName, group: string, paused: boolean): Promise<void> {
    const { register } = this.#context;
    await asQueueErrors(register.refresh());
    const known = register.groupOf(topic, group);
    if (known === undefined) throw neverRegistered({ topic, group, partition: 0 });
    const version = await asQueueErrors(register.put(topic, group, { ...known, paused }));
    await this.#everywhere('pauseGroup', topic, [topic, version, group, paused ? 1 : 0]);
  }

  /** Where each entry that is passed has to be looked at it goes in steps, between which nobody works on the group. */
  async seekGroup(place: GroupPlace, to: SeekTarget): Promise<Sought> {
    let target = to;
    for (let skippedRecords = 0; ;) {
      const step = await this.#seek(place, target);
      skippedRecords += step.skippedRecords;
      if (step.cursor === step.last) return { cursor: step.cursor, skippedRecords };
      if (step.last !== undefined) target = { kind: 'sequence', sequence: step.last + 1 };
    }
  }

  /** `last`: where the cursor is to go; undefined when that is not known. */
  async #seek(place: GroupPlace, to: SeekTarget): Promise<Sought & { readonly last: number | undefined }> {
    const { topic, group, partition } = place;
    const value = to.kind === 'sequence' ? to.sequence : to.kind === 'time' ? to.receivedMs : 0;
    if (!Number.isSafeInteger(value)) throw new QueueError('QUEUE_RANGE', `there is no going to ${value} in ${topic}`);
    const isOnce = readsOnce.has(group) ? 1 : 0;
    const args = [topic, group, callToken(), to.kind, value, isOnce, ...setAsideArgs(group), passedAtOnceMax];
    const { word, values } = await this.#call('seekGroup', place, args);
    const [first, last] = values;
    if (word === 'range') {
      const have = numberOf(first) > numberOf(last) ? 'nothing' : `${numberOf(first)} to ${numberOf(last)}`;
      throw new QueueError('QUEUE_RANGE', `there is no going to ${value} in ${topic}: retained is ${have}`);
    }
    if (word === 'back') {
      const hint = `group ${group} of ${topic} is at ${numberOf(first)} and cannot go back to ${numberOf(last)}`;
      throw new QueueError('QUEUE_RANGE', `${hint}: what it has read would be in the archive twice`);
    }
    // Its answer was lost on the way, and with it how many were stepped over: they are counted where the cursor is. What is left is asked anew.
    if (word === 'again')
      return { cursor: numberOf(first), skippedRecords: 0, last: readsOnce.has(group) ? undefined : numberOf(first) };
    this.#context.partitions.noteLevel(partition, topic, values.slice(0, 4));
    return { cursor: numberOf(values[4]), skippedRecords: numberOf(values[5]), last: numberOf(values[6]) };
  }

  async skipEntries(place: GroupPlace, count: number, reason: string): Promise<number> {
    let skipped = 0;
    for (;;) {
      const wanted = Math.min(skippedAtOnceMax, Math.max(0, Math.floor(count) - skipped));
      const now = await this.#skip(place, wanted, reason);
      skipped += now;
      if (now < skippedAtOnceMax || skipped >= count) return skipped;
    }
  }

  async #skip(place: GroupPlace, wanted: number, reason: string): Promise<number> {
    const { topic, group, partition } = place;
    const args = [topic, group, callToken(), wanted, reason, ...setAsideArgs(group)];
    const { word, values } = await this.#call('skipEntries', place, args);
    if (word === 'again') return wanted;
    this.#context.partitions.noteLevel(partition, topic, values.slice(0, 4));
    return numberOf(values[4]);
  }

  async removeGroup(topic: TopicName, group: string): Promise<void> {
    const { register } = this.#context;
    if (!register.has(topic)) await asQueueErrors(register.refresh());
    if (!register.has(topic)) return;
    const version = await asQueueErrors(register.put(topic, group, undefined));
    await this.#everywhere('removeGroup', topic, [topic, version, group], async (partition, [rows]) => {
      await this.#forgetBeginnings({ topic, group, partition }, numberOf(rows));
    });
  }

  async #forgetBeginnings({ topic, group, partition }: GroupPlace, rows: number): Promise<void> {
    const lane = this.#context.partitions.lane(partition);
    for (let first = 1; first <= rows; first += forgottenAtOnceMax) {
      const args = [topic, group, first, forgottenAtOnceMax];
      await asQueueErrors(lane.call({ function: 'forgetBeginnings', topics: [topic], args: () => args, patienceMs }));
    }
  }

  /** `after`: with what an answer says beyond the level. */
  async #everywhere(
    name: QueueFunction,
    topic: TopicName,
    args: readonly Argument[],
    after?: (partition: number, values: readonly Reply[]) => Promise<void>,
  ): Promise<void> {
    const { partitions } = this.#context;
    await Promise.all(
      Array.from({ length: partitions.count }, async (_, partition) => {
        const request = { function: name, topics: [topic], args: () => args, patienceMs };
        const answer = await asQueueErrors(partitions.lane(partition).call(request));
        if (answer.word !== 'done') return;
        partitions.noteLevel(partition, topic, answer.values.slice(0, 4));
        await after?.(partition, answer.values.slice(4));
      }),
    );
  }

  async #call(name: QueueFunction, place: GroupPlace, args: readonly Argument[]): Promise<Answer> {
    const { topic, group, partition } = place;
    const { partitions, register } = this.#context;
    if (register.groupOf(topic, group) === undefined) await asQueueErrors(register.refresh());
    if (register.groupOf(topic, group) === undefined) throw neverRegistered(place);
    const answer = await asQueueErrors(
      partitions.lane(partition).call({
        function: name,
        topics: [topic],
        args: () => args,
        patienceMs,
        provide: () => partitions.makeTopic(partition, topic),
      }),
    );
    if (answer.word === 'absent') throw neverRegistered(place);
    return answer;
  }
}

function callToken(): string {
  return randomBytes(9).toString('base64url');
}

/** Whether what is passed by is set aside, and whether it is passed by for good. */
function setAsideArgs(group: string): readonly Argument[] {
  return [readsOnce.has(group) ? 1 : 0, group === archiveGroup ? 1 : 0];
}

function neverRegistered({ topic, group, partition }: GroupPlace): QueueError {
  return new QueueError('QUEUE_UNKNOWN', `group ${group} of ${topic} partition ${partition} was never registered`);
}
