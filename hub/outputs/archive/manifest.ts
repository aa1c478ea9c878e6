/** The JSON file beside an object: all that an index row holds and the segments, so that an index can be made again from the files. */
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
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

export interface FoundManifest {
  readonly object: ArchiveObject;
  readonly segments: readonly ArchivedSegment[];
}

const count = z.int().min(0);
const range = z.object({ from: z.iso.datetime(), to: z.iso.datetime() });
const document = z.object({
  version: z.literal(manifestVersion),
  name: z.string(),
  channel: z.string(),
  plan: z.object({ partition: count, first: count, last: count }),
  received: range,
  event: range.nullable(),
  records: count,
  rawBytes: count,
  objectBytes: count,
  sha256: z.string(),
  hosts: z.array(z.string()),
  frames: z.array(z.object({ offset: count, inflatedBytes: count, records: count })),
  segments: z.array(z.object({ site: z.string(), agent: z.string(), stream: z.string(), from: count, to: count })),
});

/** What `manifestText` made. Undefined for anything else: a version that is not known here, or damage. */
export function parseManifest(text: string): FoundManifest | undefined {
  const parsed = document.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { name, channel, plan, received, event, records, rawBytes, objectBytes, sha256, hosts, frames, segments } = parsed.data;
  const object: ArchiveObject = {
    name,
    channel,
    ...plan,
    receivedMsMin: Date.parse(received.from),
    receivedMsMax: Date.parse(received.to),
    eventMsMin: event === null ? undefined : Date.parse(event.from),
    eventMsMax: event === null ? undefined : Date.parse(event.to),
    records,
    rawBytes,
    objectBytes,
    sha256,
    hosts,
    frames,
  };
  const places = segments.map(({ site, agent, stream, from, to }) => ({
    key: { siteId: site, agentId: agent, streamId: stream },
    from,
    to,
  }));
  return { object, segments: places };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
