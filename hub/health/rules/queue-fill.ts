/** A store, or a topic, that is nearly full; and what waits so long that it comes near the age that turns its topic red. */
import type { HealthRules } from '../../config/health-options.ts';
import { topicRulesOf } from '../../config/topic-rules.ts';
import { isDeadLetterTopic } from '../../dead-letters/dead-letter.ts';
import { topicBytesMaxOf } from '../../queue/limits.ts';
import { channelOf, type GroupStatus, type QueueStatus } from '../../queue/queue.ts';
import type { Finding } from '../findings.ts';
import { levelOf, momentText, type Rule, type RuleFacts } from './rule.ts';

export class QueueFill implements Rule {
  readonly kinds = ['queue-filling', 'topic-filling', 'queue-aging'] as const;

  look({ queue, queueLimits, options, nowMs }: RuleFacts, { queue_fill: fill, queue_age: age }: HealthRules): readonly Finding[] {
    if (queue === undefined) return [];
    const read = queue.groups.filter(({ policy, topic }) => policy === 'blocking' && !isDeadLetterTopic(topic));
    return [
      ...(fill.enabled ? storeFilling(queue, fill) : []),
      ...(fill.enabled ? topicsFilling(read, (topic) => topicBytesMaxOf(queueLimits, topic), fill) : []),
      ...(age.enabled ? aging(read, { options: options.queue, yellow: age.yellow, nowMs }) : []),
    ];
  }
}

function storeFilling({ state, bytes, maxBytes }: QueueStatus, steps: HealthRules['queue_fill']): Finding[] {
  if (state === 'away' || maxBytes === 0) return [];
  if (state === 'no-space') {
    const reason =
      'the store has no space left on its disk, or in the memory of its Redis, and nothing more is taken in: make room there';
    return [{ kind: 'queue-filling', subject: 'store', level: 'red', reason }];
  }
  const percent = (bytes / maxBytes) * 100;
  const level = state === 'open' ? levelOf(percent, steps) : 'red';
  if (level === undefined) return [];
  const full = state === 'open' ? 'fills up' : 'is full, and nothing more is taken in';
  const reason = `the store ${full}: ${Math.floor(percent)} % of queue.max_bytes wait in it; see which output is behind, or give it more room`;
  return [{ kind: 'queue-filling', subject: 'store', level, reason }];
}

function topicsFilling(
  groups: readonly GroupStatus[],
  bytesMaxOf: (topic: string) => number,
  steps: HealthRules['queue_fill'],
): Finding[] {
  return [...Map.groupBy(groups, ({ topic, group }) => `${topic} ${group}`)].flatMap(([subject, places]) => {
    const [topic = '', group = ''] = subject.split(' ');
    const bytes = places.reduce((sum, place) => sum + place.bytes, 0);
    const percent = (bytes / bytesMaxOf(topic)) * 100;
    const level = levelOf(percent, steps);
    if (level === undefined) return [];
    const reason = `${channelOf(topic)}: what waits for ${group} is ${Math.floor(percent)} % of what its topic may hold: its senders wait once it is full; see what holds ${group} up`;
    return [{ kind: 'topic-filling', subject, level, reason } as const];
  });
}

function aging(
  groups: readonly GroupStatus[],
  {
    options,
    yellow,
    nowMs,
  }: { readonly options: RuleFacts['options']['queue']; readonly yellow: number; readonly nowMs: number },
): Finding[] {
  return groups.flatMap(({ topic, group, oldestMs }) => {
    if (oldestMs === undefined) return [];
    const isFront = topic.startsWith('front/');
    const { frontRetentionMs, backRetentionMs } = topicRulesOf(options, channelOf(topic));
    const keptMs = isFront ? frontRetentionMs : backRetentionMs;
    const share = (nowMs - oldestMs) / keptMs;
    // Beyond all of it `retention-exceeded` tells.
    if (share * 100 < yellow || share > 1) return [];
    const name = `${isFront ? 'front' : 'back'}_retention`;
    const reason = `${channelOf(topic)}: what came at ${momentText(oldestMs)} still waits for ${group}, and is red when it is as old as ${name}: find out what holds it up`;
    return [{ kind: 'queue-aging', subject: `${topic} ${group}`, level: 'yellow', reason } as const];
  });
}
