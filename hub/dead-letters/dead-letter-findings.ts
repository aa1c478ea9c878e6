/** What a person ought to know of dead letters: that there are any, and that a topic of theirs has no room for more. */
import { formatBytes } from '@tributary/shared/options/units.ts';
import type { Finding } from '../health/findings.ts';
import { topicBytesMaxOf, type QueueLimits } from '../queue/limits.ts';
import { channelOf, type GroupStatus, type QueueStatus } from '../queue/queue.ts';
import { deadLetterGroup } from './dead-letter.ts';
import { nearlyFull } from './limits.ts';

/** Letters that wait, by channel. */
export function waitingLetters({ groups }: Pick<QueueStatus, 'groups'>): Map<string, number> {
  const waiting = new Map<string, number>();
  for (const { topic, records } of placesOf(groups)) {
    const channel = channelOf(topic);
    waiting.set(channel, (waiting.get(channel) ?? 0) + records);
  }
  return waiting;
}

export function deadLetterFindings(status: Pick<QueueStatus, 'groups'>): Finding[] {
  return [...waitingLetters(status)].flatMap(([channel, count]) => {
    if (count === 0) return [];
    const what = count === 1 ? '1 document was refused and waits' : `${count} documents were refused and wait`;
    const reason = `${channel}: ${what} for somebody to look at: tributary-hub dlq list tells why; mend it, then dlq replay, or dlq drop`;
    return [{ kind: 'dead-letters', subject: channel, level: 'yellow', reason } as const];
  });
}

/** The outputs of a channel wait with what is refused next: others go on. */
export function fullTopicFindings({ groups }: Pick<QueueStatus, 'groups'>, limits: QueueLimits): Finding[] {
  return placesOf(groups).flatMap(({ topic, partition, bytes }) => {
    const bytesMax = topicBytesMaxOf(limits, topic);
    if (bytes < bytesMax * nearlyFull) return [];
    const channel = channelOf(topic);
    const room = bytes < bytesMax ? 'has hardly any room left' : 'is full, so that the outputs that refuse more of them wait';
    const reason = `${channel}: the topic of its dead letters ${room} (${formatBytes(bytesMax)}): replay or drop some (tributary-hub dlq), or raise queue.topic_max_bytes`;
    return [{ kind: 'dead-letters-full', subject: `${topic} ${partition}`, level: 'red', reason } as const];
  });
}

export function deadEntryFindings({ deadLetters }: Pick<QueueStatus, 'deadLetters'>): Finding[] {
  if (deadLetters === 0) return [];
  const what = deadLetters === 1 ? '1 entry was' : `${deadLetters} entries were`;
  const reason = `${what} set aside, as a reader could not process it or somebody skipped it: tributary-hub dlq list shows each with its reason`;
  return [{ kind: 'dead-entries', subject: 'queue', level: 'yellow', reason }];
}

function placesOf(groups: readonly GroupStatus[]): readonly GroupStatus[] {
  return groups.filter(({ group }) => group === deadLetterGroup);
}
