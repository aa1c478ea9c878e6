import type { HubOptions } from '../options.ts';
import type { QueueLimits } from '../queue/limits.ts';

/** What the configuration says of the queue, whatever keeps it. */
export function queueLimitsOf({ queue }: Pick<HubOptions, 'queue'>): Partial<QueueLimits> {
  const { max_bytes, topic_max_bytes, types_per_tenant, replay_window, topics } = queue;
  return {
    storeBytesMax: max_bytes,
    topicBytesMax: topic_max_bytes,
    topics: topics.flatMap(({ tenant, type, max_bytes: bytesMax }) =>
      bytesMax === undefined ? [] : [{ tenant, type, bytesMax }],
    ),
    typesPerTenantMax: types_per_tenant,
    replayWindowMs: replay_window,
  };
}
