/** The books of each channel (invariant 8), from what the store itself has summed up. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { backTopic, frontTopic, type QueueStatus, type TopicName } from '../queue/queue.ts';

export interface ChannelBooks {
  readonly channel: ChannelName;
  /** Records taken in, since the store was made. */
  readonly received: number;
  readonly pipelinePending: number;
  /** Records that the pipeline passed on. What it left out had arrived before, or is a dead letter. */
  readonly processed: number;
  readonly archivePending: number;
  readonly archived: number;
  /** Records processed and neither pending nor archived: more than none only together with dead letters. */
  readonly missing: number;
}

export function booksOf(status: QueueStatus, archivedOf: (channel: ChannelName) => number): ChannelBooks[] {
  const received = (name: TopicName): number =>
    status.topics.filter(({ topic }) => topic === name).reduce((sum, { receivedRecords }) => sum + receivedRecords, 0);
  const pending = (name: TopicName): number =>
    status.groups.filter(({ topic }) => topic === name).reduce((sum, { records }) => sum + records, 0);
  return status.channels.map(({ channel }) => {
    const processed = received(backTopic(channel));
    const archivePending = pending(backTopic(channel));
    const archived = archivedOf(channel);
    return {
      channel,
      received: received(frontTopic(channel)),
      pipelinePending: pending(frontTopic(channel)),
      processed,
      archivePending,
      archived,
      missing: processed - archivePending - archived,
    };
  });
}
