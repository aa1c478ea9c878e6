/**
 * Positions of streams that ended. An agent closes a stream when its file is gone and all of it is acknowledged; what is open stays as long as
 * the agent is enrolled: with one that was revoked nothing goes on, so its streams are closed here, and go after the same time as the others.
 *
 * A stream goes when it was closed before anything that is retained was received: no entry names it any more then, in any topic. One that was archived
 * before a loss of the store stays until that is forgotten (archived-before-files.ts).
 */
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { isDeadLetterTopic } from '../../dead-letters/dead-letter.ts';
import { type KnownStream, type Queue, type QueueStatus, streamName } from '../../queue/queue.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Retention, whyGone } from '../retention.ts';
import { allDeadEntries } from './all-dead-entries.ts';
import { allStreams } from './all-streams.ts';

export interface EndedStreamsParts {
  readonly queue: Pick<Queue, 'streams' | 'forgetStreams' | 'closeStream'> & RetainingQueue;
  readonly retention: () => Retention;
  /** Nothing comes of it any more: who sent it was shut out for good. */
  readonly isShutOut: (key: StreamKey) => boolean;
  /** Names of streams that something beside the queue still needs to be known. */
  readonly needed: () => Promise<ReadonlySet<string>>;
}

interface RetainingQueue extends Pick<Queue, 'read' | 'deadEntries' | 'partitions'> {
  status(): Promise<Pick<QueueStatus, 'topics'>>;
}

interface StreamRemoval extends Removal {
  readonly partition: number;
  readonly keys: readonly StreamKey[];
  readonly closedBeforeMs: number;
}

/** Streams that go at a time. */
const togetherMax = 500;
/** What a row and its texts take about. */
const rowBytes = 700;

export function endedStreams({ queue, retention, isShutOut, needed }: EndedStreamsParts): HousekeepingKind<StreamRemoval> {
  return {
    name: 'streams',
    atOnce: 1,
    prepare: async (_, signal) => {
      for await (const { key, held, closed } of allStreams(queue)) {
        if (signal.aborted) return;
        // One that was closed by a version that did not tell when.
        if (closed?.position !== held && isShutOut(key)) await queue.closeStream(key, held);
      }
    },
    plan: async function* (nowMs) {
      const keeps = retention();
      const [oldest, names] = [await oldestRetained(queue), await needed()];
      const waiting = new Map<string, KnownStream[]>();
      for await (const stream of allStreams(queue)) {
        const { key, channel, closed, held, partition } = stream;
        if (closed === undefined || closed.position !== held || names.has(streamName(key))) continue;
        const [tenant = '', type = ''] = channel.split('/');
        const keptMs = keeps('streams', { tenant, types: [type] });
        if (keptMs === undefined || closed.atMs >= Math.min(nowMs - keptMs, oldest.get(partition) ?? Infinity)) continue;
        const name = `${partition} ${channel}`;
        const together = waiting.getOrInsertComputed(name, () => []);
        together.push(stream);
        if (together.length < togetherMax) continue;
        waiting.delete(name);
        yield removalOf(together, keptMs);
      }
      for (const together of waiting.values()) {
        const [tenant = '', type = ''] = together[0]?.channel.split('/') ?? [];
        yield removalOf(together, keeps('streams', { tenant, types: [type] }) ?? 0);
      }
    },
    remove: async ({ partition, keys, closedBeforeMs }, check) => {
      check();
      await queue.forgetStreams(partition, keys, closedBeforeMs);
    },
  };
}

function removalOf(streams: readonly KnownStream[], keptMs: number): StreamRemoval {
  const { channel, partition } = streams[0] ?? { channel: '', partition: 0 };
  const [tenant = '', type = ''] = channel.split('/');
  const closedMs = streams.map(({ closed }) => closed?.atMs ?? 0);
  return {
    subject: `${streams.length} streams of ${channel} in partition ${partition}`,
    tenant,
    type,
    bytes: streams.length * rowBytes,
    why: whyGone('the first closed at', Math.min(...closedMs), keptMs),
    partition,
    keys: streams.map(({ key }) => key),
    closedBeforeMs: Math.max(...closedMs) + 1,
  };
}

/** When the oldest entry was received that is in a topic or set aside, by partition; those of dead letters name no streams. */
async function oldestRetained(queue: RetainingQueue): Promise<ReadonlyMap<number, number>> {
  const oldest = new Map<number, number>();
  const note = (partition: number, receivedMs: number): void => {
    oldest.set(partition, Math.min(oldest.get(partition) ?? Infinity, receivedMs));
  };
  const { topics } = await queue.status();
  for (const { topic, partition, entries } of topics) {
    if (entries === 0 || isDeadLetterTopic(topic)) continue;
    const [first] = await queue.read({ topic, partition, afterSequence: 0 }, { entries: 1, bytes: 1, bodies: false });
    if (first !== undefined) note(partition, first.receivedMs);
  }
  for (let partition = 0; partition < queue.partitions; partition += 1) {
    for await (const { receivedMs } of allDeadEntries(queue, partition)) note(partition, receivedMs);
  }
  return oldest;
}
