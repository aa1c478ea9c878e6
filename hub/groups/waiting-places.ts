import type { GroupStatus, QueueStatus, TopicName } from '../queue/queue.ts';

export interface WaitingPlace {
  readonly topic: TopicName;
  readonly partition: number;
}

/** Where entries lie beyond a group's cursor, or lie and the group is not known there yet. */
export function waitingPlaces(
  { topics, groups }: Pick<QueueStatus, 'topics' | 'groups'>,
  { prefix, group }: { readonly prefix: string; readonly group: string },
): readonly WaitingPlace[] {
  const known = new Map<string, GroupStatus>();
  for (const one of groups) if (one.group === group) known.set(`${one.topic}#${one.partition}`, one);
  return topics.filter(({ topic, partition, lastSequence }) => {
    if (!topic.startsWith(prefix)) return false;
    const cursor = known.get(`${topic}#${partition}`)?.cursor ?? 0;
    return lastSequence > cursor;
  });
}
