/** What `queue.topics` says of one channel: the first rule that fits holds, and what it does not name is as for all others. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { HubOptions } from '../options.ts';

export interface TopicRules {
  readonly maxBytes: number;
  readonly frontRetentionMs: number;
  readonly backRetentionMs: number;
}

export function topicRulesOf(queue: HubOptions['queue'], channel: ChannelName): TopicRules {
  const [tenant, type] = channel.split('/');
  const rule = queue.topics.find((one) => fits(one.tenant, tenant) && fits(one.type, type));
  return {
    // No topic is larger than the store, whatever its rule says.
    maxBytes: Math.min(rule?.max_bytes ?? queue.topic_max_bytes, queue.max_bytes),
    frontRetentionMs: rule?.front_retention ?? queue.front_retention,
    backRetentionMs: rule?.back_retention ?? queue.back_retention,
  };
}

function fits(wanted: string | undefined, name: string | undefined): boolean {
  return wanted === undefined || wanted === name;
}
