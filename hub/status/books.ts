/** The books of each channel (invariant 8), from what the store itself has summed up. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { archiveGroup, backTopic, frontTopic, pipelineGroup, type QueueStatus, type TopicName } from '../queue/queue.ts';

export interface ChannelBooks {
  readonly channel: ChannelName;
  /** Records taken in, since the store was made. */
  readonly received: number;
  readonly pipelinePending: number;
  /** Records that the pipeline passed on. What it left out had arrived before, or is a dead letter. */
  readonly processed: number;
  readonly archivePending: number;
  readonly archived: number;
  /** Records that an operator had pipeline and archive step over. */
  readonly dropped: number;
  /** Records processed and neither pending, archived nor dropped: more than none only together with dead letters. */
  readonly missing: number;
}

/** Without an archive nothing is missing in one that is not there. */
export function booksOf(status: QueueStatus, hasArchive: boolean): ChannelBooks[] {
  const inIndex = new Map(status.archived.map(({ channel, records }) => [channel, records]));
  const received = (name: TopicName): number =>
    status.topics.filter(({ topic }) => topic === name).reduce((sum, { receivedRecords }) => sum + receivedRecords, 0);
  return status.channels.map(({ channel }) => {
    const processed = received(backTopic(channel));
    const pipeline = progressOf(status, frontTopic(channel), pipelineGroup);
    const archive = progressOf(status, backTopic(channel), archiveGroup);
    const passed = processed - archive.pending - archive.dropped;
    const archived = inIndex.get(channel) ?? 0;
    return {
      channel,
      received: received(frontTopic(channel)),
      pipelinePending: pipeline.pending,
      processed,
      archivePending: archive.pending,
      archived,
      dropped: pipeline.dropped + archive.dropped,
      missing: hasArchive ? passed - archived : 0,
    };
  });
}

function progressOf({ groups }: QueueStatus, name: TopicName, reader: string): { pending: number; dropped: number } {
  const places = groups.filter(({ topic, group }) => topic === name && group === reader);
  return {
    pending: places.reduce((sum, { records }) => sum + records, 0),
    dropped: places.reduce((sum, { dropped }) => sum + dropped, 0),
  };
}
