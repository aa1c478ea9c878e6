/** What operators do to reader groups by hand, in one partition or in all. */
import { randomBytes } from 'node:crypto';
import { QueueError } from '../queue-error.ts';
import {
  archiveGroup,
  type GroupPlace,
  pipelineGroup,
  type SeekTarget,
  type Sought,
  streamName,
  type TopicName,
} from '../queue.ts';
import type { QueueFunction } from './functions/library.ts';
import { streamOfText } from './entry-text.ts';
import { patienceMs, rowsMax, skippedAtOnceMax } from './limits.ts';
import type { Argument } from './masters/masters.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import { type Answer, numberOf, textOf } from './replies.ts';

/** Groups whose second reading would come into the archive beside the first; what they pass by does not get there. */
const readsOnce: ReadonlySet<string> = new Set([archiveGroup, pipelineGroup]);

export class OperatorCalls {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async beginningsOf({ topic, group, partition }: GroupPlace): Promise<ReadonlyMap<string, number>> {
    const lane = this.#context.partitions.lane(partition);
    const args = [topic, group];
    const request = { function: 'beginningsOf', topics: [topic], args: () => args, patienceMs } as const;
    const answer = await asQueueErrors(lane.read(request));
    // A topic that has nothing in this partition yet has no groups there: whatever comes is behind their beginning.
    if (answer.word === 'absent') return new Map();
    const text = textOf(answer.values[0]);
    const positions = text === '' ? [] : text.split(' ').map((place) => place.split(':'));
    const found = new Map<string, number>();
    for (let at = 0; at < positions.length; at += rowsMax) {
      const part = positions.slice(at, at + rowsMax);
      const rows = part.map(([row = '']) => row);
      const { values } = await asQueueErrors(lane.read({ function: 'describe', args: () => rows, patienceMs }));
      for (const [index, [, position]] of part.entries()) {
        found.set(streamName(streamOfText(textOf(values[index])).key), Number(position));
      }
    }
    return found;
  }

  async pauseGroup(topic: TopicName, group: string, paused: boolean): Promise<void> {
    const { register } = this.#context;
    await asQueueErrors(register.refresh());
    const known = register.groupOf(topic, group);
    if (known === undefined) throw neverRegistered({ topic, group, partition: 0 });
    const version = await asQueueErrors(register.put(topic, group, { ...known, paused }));
    await this.#everywhere('pauseGroup', topic, [topic, version, group, paused ? 1 : 0]);
  }

  async seekGroup(place: GroupPlace, to: SeekTarget): Promise<Sought> {
    const { topic, group, partition } = place;
    const value = to.kind === 'sequence' ? to.sequence : to.kind === 'time' ? to.receivedMs : 0;
    if (!Number.isSafeInteger(value)) throw new QueueError('QUEUE_RANGE', `there is no going to ${value} in ${topic}`);
    const args = [topic, group, callToken(), to.kind, value, readsOnce.has(group) ? 1 : 0, ...setAsideArgs(group)];
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
    // Its answer was lost on the way, and with it how many were stepped over: they are counted where the cursor is.
    if (word === 'again') return { cursor: numberOf(first), skippedRecords: 0 };
    this.#context.partitions.noteLevel(partition, topic, values.slice(0, 4));
    return { cursor: numberOf(values[4]), skippedRecords: numberOf(values[5]) };
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
    await this.#everywhere('removeGroup', topic, [topic, version, group]);
  }

  async #everywhere(name: QueueFunction, topic: TopicName, args: readonly Argument[]): Promise<void> {
    const { partitions } = this.#context;
    await Promise.all(
      Array.from({ length: partitions.count }, async (_, partition) => {
        const request = { function: name, topics: [topic], args: () => args, patienceMs };
        const answer = await asQueueErrors(partitions.lane(partition).call(request));
        if (answer.word === 'done') partitions.noteLevel(partition, topic, answer.values);
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
