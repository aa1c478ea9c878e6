/** The JSON file beside an object: all that an index row holds and the segments, so that an index can be made again from the files. */
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import type { ArchivedSegment, ArchiveObject } from '../../queue/queue.ts';

export const manifestVersion = 1;

/** What is known before the object is written. */
export interface ManifestBasis {
  readonly channel: ChannelName;
  readonly storeId: Id;
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly segments: readonly ArchivedSegment[];
}

export type ManifestFigures = Omit<ArchiveObject, 'channel' | 'partition' | 'first' | 'last'>;

export function manifestText(manifest: ManifestBasis & ManifestFigures): string {
  const { name, channel, storeId, topic, partition, first, last, segments, ...figures } = manifest;
  const { receivedMsMin, receivedMsMax, eventMsMin, eventMsMax, frames, ...counts } = figures;
  const document = {
    version: manifestVersion,
    name,
    channel,
    store: storeId,
    plan: { topic, partition, first, last },
    received: { from: isoTime(receivedMsMin), to: isoTime(receivedMsMax) },
    event: eventMsMin === undefined || eventMsMax === undefined ? null : { from: isoTime(eventMsMin), to: isoTime(eventMsMax) },
    ...counts,
    frames,
    segments: segments.map(({ key, from, to }) => ({ site: key.siteId, agent: key.agentId, stream: key.streamId, from, to })),
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

/** Adds a segment to a list, or lengthens the last one of its stream when it goes on there. */
export class SegmentList {
  readonly #segments: { key: ArchivedSegment['key']; from: number; to: number }[] = [];
  readonly #last = new Map<string, number>();

  add(segment: ArchivedSegment): void {
    const { key, from, to } = segment;
    const name = `${key.siteId}/${key.agentId}/${key.streamId}`;
    const last = this.#segments[this.#last.get(name) ?? -1];
    if (last !== undefined && last.to === from) {
      last.to = to;
      return;
    }
    this.#last.set(name, this.#segments.push({ key, from, to }) - 1);
  }

  get segments(): readonly ArchivedSegment[] {
    return this.#segments;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
