/** How long records of one channel may wait: the first rule of `queue.topics` that fits holds, what it does not name is as for all others. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { HubOptions } from '../options.ts';

export interface TopicRules {
  readonly frontRetentionMs: number;
  readonly backRetentionMs: number;
}

export function topicRulesOf(queue: HubOptions['queue'], channel: ChannelName): TopicRules {
  const [tenant, type] = channel.split('/');
  const rule = queue.topics.find((one) => fits(one.tenant, tenant) && fits(one.type, type));
  return {
    frontRetentionMs: rule?.front_retention ?? queue.front_retention,
    backRetentionMs: rule?.back_retention ?? queue.back_retention,
  };
}

function fits(wanted: string | undefined, name: string | undefined): boolean {
  return wanted === undefined || wanted === name;
}
