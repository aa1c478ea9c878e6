/** How fast everything of the queue moves: what came to each topic, and what each group of it has passed. */
import type { GroupStatus, QueueStatus, TopicName } from '../../queue/queue.ts';
import { type Counters, Rates } from '../../status/rates.ts';

/** Over so many looks: soon enough to be live, long enough to be steady. */
const flowSamples = 4;

export class FlowRates {
  readonly #topics = new Map<TopicName, Rates>();
  /** By topic and group. */
  readonly #groups = new Map<string, Rates>();

  sample(atMs: number, { topics, groups }: Pick<QueueStatus, 'topics' | 'groups'>): void {
    const received = new Map<TopicName, { records: number; bytes: number }>();
    for (const { topic, receivedRecords, receivedBytes } of topics) {
      const sum = received.getOrInsertComputed(topic, () => ({ records: 0, bytes: 0 }));
      sum.records += receivedRecords;
      sum.bytes += receivedBytes;
    }
    sampleAll(this.#topics, received, atMs);
    const passed = new Map<string, { records: number; bytes: number }>();
    for (const place of groups) {
      const { records, bytes } = received.get(place.topic) ?? { records: 0, bytes: 0 };
      const sum = passed.getOrInsertComputed(groupKey(place), () => ({ records, bytes }));
      sum.records -= place.records;
      sum.bytes -= place.bytes;
    }
    sampleAll(this.#groups, passed, atMs);
  }

  /** What comes to a topic, per second. */
  received(topic: TopicName): Counters {
    return risen(this.#topics.get(topic));
  }

  /** What a group passes, per second. */
  passed(place: Pick<GroupStatus, 'topic' | 'group'>): Counters {
    return risen(this.#groups.get(groupKey(place)));
  }
}

/** Less than nothing is none: a cursor that was put back, a store that was lost and begins anew. */
function risen(rates: Rates | undefined): Counters {
  const { records, bytes } = rates?.perSecond() ?? { records: 0, bytes: 0 };
  return { records: Math.max(0, records), bytes: Math.max(0, bytes) };
}

function groupKey({ topic, group }: Pick<GroupStatus, 'topic' | 'group'>): string {
  return `${topic} ${group}`;
}

function sampleAll(rates: Map<string, Rates>, sums: ReadonlyMap<string, Counters>, atMs: number): void {
  for (const [name, sum] of sums) rates.getOrInsertComputed(name, () => new Rates(flowSamples)).sample(atMs, sum);
  for (const name of rates.keys()) if (!sums.has(name)) rates.delete(name);
}
