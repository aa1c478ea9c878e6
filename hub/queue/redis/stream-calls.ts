/** Opening and closing streams, what is lost of them, and what comes in: invariant 3. */
import { randomBytes } from 'node:crypto';
import { recoveredStreamsTotalMax } from '@tributary/protocol/limits.ts';
import { channelName, type Id, type RecoveredStream } from '@tributary/protocol/messages.ts';
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
import { assert } from '@tributary/shared/assert.ts';
import { QueueError } from '../queue-error.ts';
import {
  type AppendBatch,
  frontTopic,
  type HeldBack,
  type NewEntry,
  type OpenStreamRequest,
  type Queue,
  type RecordedGap,
  streamName,
  type TopicName,
} from '../queue.ts';
import { appendArgs, bodiesWithKeys, bodyOf, entryArgs, fixedText, type StoredBody, streamOfText } from './entry-text.ts';
import { bodyPlace } from './keys.ts';
import { intakePatienceMs, patienceMs, rowsMax } from './limits.ts';
import { type Argument, MasterError } from './masters/masters.ts';
import { asQueueErrors, partitionOf, type QueueContext } from './queue-context.ts';
import { ObjectStoreError } from './spill/object-store.ts';
import { type Answer, inGroups, numberOf, rowOf, textOf } from './replies.ts';

export class StreamCalls {
  readonly #context: QueueContext;
  /** Entries came by this hub. */
  readonly #onLast: (topic: TopicName, partition: number, last: number) => void;
  readonly #onIdentityChanged: (partition: number) => void;

  constructor(
    context: QueueContext,
    events: {
      readonly onLast: (topic: TopicName, partition: number, last: number) => void;
      readonly onIdentityChanged: (partition: number) => void;
    },
  ) {
    this.#context = context;
    this.#onLast = events.onLast;
    this.#onIdentityChanged = events.onIdentityChanged;
  }

  partitionOf(agentId: Id): number {
    return partitionOf(agentId, this.#context.partitions.count);
  }

  async openStream(request: OpenStreamRequest): Promise<StreamPosition> {
    const { partitions, register, allowances } = this.#context;
    const { key, attributes, identity, start } = request;
    const channel = channelName(attributes);
    const topic = frontTopic(channel);
    const partition = this.partitionOf(key.agentId);
    let isTenantFull = false;
    const mayBeMade = (): string => {
      if (isTenantFull || !allowances.mayOpen(key, this.#context.nowMs())) return '0';
      return register.has(topic) ? '1' : '?';
    };
    const answer = await asQueueErrors(
      partitions.lane(partition).call({
        function: 'openStream',
        args: () => [streamName(key), channel, start, fixedText(request), JSON.stringify(identity), mayBeMade()],
        patienceMs: intakePatienceMs,
        lacks: () => (mayBeMade() === '?' ? 'TOPIC' : undefined),
        provide: async () => {
          isTenantFull = !(await register.add(topic, this.#typesOf(channel)));
        },
      }),
    );
    const [held, heldMark, archived, moved] = answer.values;
    switch (answer.word) {
      case 'absent':
        this.#heldBack(key, channel);
        return { held: start, heldMark: '', archived: start };
      case 'changed': {
        const message = `stream ${key.streamId} belongs to ${textOf(held)} and cannot be opened as ${channel}`;
        throw new QueueError('QUEUE_STREAM_CHANGED', message);
      }
      case 'new':
        allowances.added(request, this.#context.nowMs());
        break;
      default:
        if (moved === 1) this.#onIdentityChanged(partition);
    }
    return { held: numberOf(held), heldMark: textOf(heldMark), archived: numberOf(archived) };
  }

  async closeStream(key: StreamKey, position: number): Promise<void> {
    const lane = this.#context.partitions.lane(this.partitionOf(key.agentId));
    await asQueueErrors(lane.call({ function: 'closeStream', args: () => [streamName(key), position], patienceMs }));
  }

  async recordGap(key: StreamKey, gap: Parameters<Queue['recordGap']>[1]): Promise<RecordedGap> {
    const lane = this.#context.partitions.lane(this.partitionOf(key.agentId));
    const args = [streamName(key), gap.from, gap.to, gap.toMark, gap.cause];
    const answer = await asQueueErrors(lane.call({ function: 'recordGap', args: () => args, patienceMs }));
    if (answer.word === 'absent') throw new QueueError('QUEUE_UNKNOWN', `stream ${key.streamId} was not opened`);
    const [held, heldMark, archived, recorded] = answer.values;
    return { held: numberOf(held), heldMark: textOf(heldMark), archived: numberOf(archived), recorded: numberOf(recorded) };
  }

  async append(batch: AppendBatch): Promise<AppendResult> {
    const { bodies, levels } = this.#context;
    const [first] = batch.segments;
    const partition = first === undefined ? 0 : this.partitionOf(first.key.agentId);
    if (batch.segments.some(({ key }) => this.partitionOf(key.agentId) !== partition)) {
      return { kind: 'refused', reason: 'forbidden', hint: 'a batch is of one agent' };
    }
    const topic = frontTopic(batch.channel);
    try {
      return await bodies.placed(partition, [bodyOf(batch)], async ([stored]) => {
        assert(stored !== undefined, 'a batch has one body');
        const answer = await this.#store({ name: 'append', partition, topic, stored }, ({ body, place }) => [
          batch.channel,
          topic,
          ...this.#room(partition, topic),
          ...appendArgs(batch, body, place),
        ]);
        return this.#appendResult(batch, answer);
      });
    } catch (error) {
      return this.#busy(levels.shortage ?? reasonToWait(error));
    }
  }

  async publish(
    topic: TopicName,
    partition: number,
    entry: NewEntry,
    idempotencyKey = '',
  ): Promise<'stored' | 'duplicate' | 'full'> {
    const { bodies, limits, partitions } = this.#context;
    // As its caller knows it, who begins streams anew with each.
    const generation = partitions.generationOf(partition);
    const channel = channelOf(topic);
    if (channel !== undefined && !(await this.#mayHaveType(channel))) return 'full';
    const token = randomBytes(12).toString('base64url');
    try {
      return await bodies.placed(partition, [bodyOf(entry)], async ([stored]) => {
        assert(stored !== undefined, 'an entry has one body');
        const { word } = await this.#store({ name: 'publish', partition, topic, stored }, ({ body, place, isDescribed }) => [
          topic,
          ...this.#room(partition, topic),
          limits.keepKeysMs,
          idempotencyKey,
          token,
          generation,
          ...entryArgs(entry, body, { place, isDescribed }),
        ]);
        assert(word === 'stored' || word === 'duplicate' || word === 'busy' || word === 'earlier', 'an entry is stored or not');
        return word === 'stored' || word === 'duplicate' ? word : 'full';
      });
    } catch (error) {
      reasonToWait(error);
      return 'full';
    }
  }

  /** One call that brings an entry, with what the partition may lack for it. */
  async #store(
    what: {
      readonly name: 'append' | 'publish';
      readonly partition: number;
      readonly topic: TopicName;
      readonly stored: StoredBody;
    },
    argsOf: (now: { readonly body: StoredBody; readonly place: number; readonly isDescribed: boolean }) => readonly Argument[],
  ): Promise<Answer> {
    const { partitions } = this.#context;
    const { name, partition, topic, stored } = what;
    let body = stored;
    let isDescribed = false;
    const answer = await partitions.lane(partition).call({
      function: name,
      topics: [topic],
      bodies: () => bodiesWithKeys([body]),
      args: () => argsOf({ body, place: bodyPlace(1, 0), isDescribed }),
      patienceMs: intakePatienceMs,
      provide: async (lack) => {
        if (lack === 'STREAMS') isDescribed = true;
        // Redis had no memory for it, which the function itself may still have.
        else if (lack === 'BODIES') body = { ...stored, ref: '' };
        else await partitions.makeTopic(partition, topic);
      },
    });
    if (answer.word === 'stored') this.#stored(topic, partition, answer);
    return answer;
  }

  /** The newest where there are too many. */
  async *streamsOf(siteId: Id, agentId: Id): AsyncGenerator<RecoveredStream> {
    const lane = this.#context.partitions.lane(this.partitionOf(agentId));
    for (let known = ''; ;) {
      const args = [`${siteId}/${agentId}/`, known, recoveredStreamsTotalMax, rowsMax];
      const { values } = await asQueueErrors(lane.read({ function: 'streamsOf', args: () => args, patienceMs }));
      const rows = [...inGroups(values, 3)];
      for (const [member, row, info] of rows) {
        known = textOf(member);
        const [, , held, mark, , , , closed] = rowOf(row);
        const heldMark = mark === '-' ? '' : (mark ?? '');
        const isClosed = closed !== '-' && Number(held) >= Number(closed?.split('@')[0]);
        const { key, origin, identity, attributes, start } = streamOfText(textOf(info));
        const { streamId } = key;
        yield { streamId, origin, identity, attributes, start, held: Number(held), heldMark, closed: isClosed };
      }
      if (rows.length < rowsMax) return;
    }
  }

  #stored(topic: TopicName, partition: number, { values }: Answer): void {
    if (this.#context.partitions.noteLevel(partition, topic, values)) this.#onLast(topic, partition, numberOf(values[0]));
  }

  /** What the topic and the store may have in a partition; nothing while Redis is short of memory: what came before needs no room. */
  #room(partition: number, topic: TopicName): readonly [topicBytesMax: number, storeBytesMax: number] {
    const { levels } = this.#context;
    if (levels.shortage !== undefined) return [0, 0];
    return [levels.topicBytesMaxIn(partition, topic), levels.storeBytesMaxIn(partition)];
  }

  #appendResult(batch: AppendBatch, { word, values }: Answer): AppendResult {
    const index = word === 'absent' || word === 'changed' || word === 'ahead' || word === 'mark' ? numberOf(values[0]) : 0;
    const key = batch.segments[index]?.key;
    assert(key !== undefined, 'a batch has a segment, and what is refused is one of them');
    switch (word) {
      case 'stored':
      case 'duplicate':
        return { kind: word };
      case 'absent': {
        const held = this.#heldBack(key, batch.channel);
        if (held !== undefined) return { ...this.#busy(held.hint), retryAfterMs: this.#context.limits.heldBackRetryMs };
        return { kind: 'refused', reason: 'position', key, held: 0, heldMark: '', hint: 'the stream was not opened' };
      }
      case 'changed':
        return { kind: 'refused', reason: 'forbidden', hint: `stream ${key.streamId} belongs to ${textOf(values[1])}` };
      case 'busy': {
        const topic = frontTopic(batch.channel);
        const hint = textOf(values[0]) === 'store' ? 'the store is full' : `topic ${topic} is full`;
        return this.#busy(this.#context.levels.shortage ?? hint);
      }
      default: {
        const hint = word === 'mark' ? 'the bytes before it differ' : 'a part is missing before it';
        return { kind: 'refused', reason: 'position', key, held: numberOf(values[1]), heldMark: textOf(values[2]), hint };
      }
    }
  }

  #busy(hint: string): Extract<AppendResult, { kind: 'refused' }> {
    return { kind: 'refused', reason: 'busy', retryAfterMs: this.#context.limits.busyRetryMs, hint };
  }

  /** Why a stream that is not here yet cannot be opened now. */
  #heldBack(key: StreamKey, channel: string): HeldBack | undefined {
    const { allowances } = this.#context;
    const nowMs = this.#context.nowMs();
    return allowances.ofTenant(channel, nowMs) ?? allowances.ofAgent(key, nowMs);
  }

  async #mayHaveType(channel: string): Promise<boolean> {
    const { register, allowances } = this.#context;
    const topic = frontTopic(channel);
    if (register.has(topic)) return true;
    try {
      if (await register.add(topic, this.#typesOf(channel))) return true;
    } catch (error) {
      if (error instanceof MasterError && error.code !== 'REFUSED') return false;
      throw error;
    }
    allowances.ofTenant(channel, this.#context.nowMs());
    return false;
  }

  /** How the tenant's types are counted; undefined of its platform events, which it always has. */
  #typesOf(channel: string): { readonly start: string; readonly most: number } | undefined {
    const [tenant = '', type] = channel.split('/');
    if (type === platformType) return undefined;
    return { start: frontTopic(`${tenant}/`), most: this.#context.limits.typesPerTenantMax };
  }
}

function channelOf(topic: TopicName): string | undefined {
  const start = frontTopic('');
  return topic.startsWith(start) ? topic.slice(start.length) : undefined;
}

/** What its sender is told; anything but trouble with the store is thrown. */
function reasonToWait(error: unknown): string {
  if (error instanceof ObjectStoreError) return `the store has no place for what waits: ${error.message}`;
  if (!(error instanceof MasterError) || error.code === 'REFUSED') throw error;
  return `the store does not answer: ${error.message}`;
}
