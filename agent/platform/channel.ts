import { platformType } from '@tributary/protocol/platform/document.ts';
import type { Sink } from '../inputs/input.ts';

/** Log type of platform events: with the tenant it names their channel. */
export const channelType = platformType;

/** Streams of platform events that an earlier process did not come to end: nothing more will come of them. */
export function endEarlierStreams(sink: Sink, path: string): void {
  for (const { streamId, identity, attributes } of sink.streams()) {
    if (attributes.counted && attributes.type === channelType && identity.path === path) sink.endStream(streamId);
  }
}
