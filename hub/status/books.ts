/** The books of each channel (invariant 8), from what the store itself has summed up. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { archiveGroup, backTopic, frontTopic, pipelineGroup, type QueueStatus, type TopicName } from '../queue/queue.ts';

export interface ChannelBooks {
  readonly channel: ChannelName;
  /** Records taken in. All of this counts from the moment on that the store was made. */
  readonly received: number;
  readonly pipelinePending: number;
  /** Records that the pipeline passed on. What it left out had arrived before, or is a dead letter. */
  readonly processed: number;
  readonly archivePending: number;
  /** Records in the archive's index. */
  readonly archived: number;
  /** Those of them that an earlier store received, or this one before it went back: their rows were put back from the folder. */
  readonly restored: number;
  /** Records that the archive passed without a row, as it has them already or they are for other outputs. */
  readonly leftOut: number;
  /** Records that the archive keeps as dead letters. */
  readonly rejected: number;
  /** Records that were in the archive and went, as they were too old. */
  readonly removed: number;
  /** Records that an operator had pipeline and archive step over. */
  readonly dropped: number;
  /** Records processed of which none of this tells: books that do not balance. Less than none: more than were processed. */
  readonly missing: number;
}

/** Without an archive nothing is missing in one that is not there. */
export function booksOf(status: QueueStatus, hasArchive: boolean): ChannelBooks[] {
  const inIndex = new Map(status.archived.map((sums) => [sums.channel, sums]));
  const received = (name: TopicName): number =>
    status.topics.filter(({ topic }) => topic === name).reduce((sum, { receivedRecords }) => sum + receivedRecords, 0);
  return status.channels.map(({ channel }) => {
    const processed = received(backTopic(channel));
    const pipeline = progressOf(status, frontTopic(channel), pipelineGroup);
    const archive = progressOf(status, backTopic(channel), archiveGroup);
    const { records: archived = 0, restored = 0, leftOut = 0, rejected = 0, removed = 0 } = inIndex.get(channel) ?? {};
    const passed = processed - archive.pending - archive.dropped;
    return {
      channel,
      received: received(frontTopic(channel)),
      pipelinePending: pipeline.pending,
      processed,
      archivePending: archive.pending,
      archived,
      restored,
      leftOut,
      rejected,
      removed,
      dropped: pipeline.dropped + archive.dropped,
      missing: hasArchive ? passed - leftOut - rejected - (archived + removed - restored) : 0,
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
