/** The JSON file beside an object: all that an index row holds and the segments, so that an index can be made again from the files. */
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
import { type ChainPlace, linkOf } from './chain/chain-link.ts';
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
  /** Undefined: in no chain. */
  readonly chain?: ChainPlace | undefined;
}

export type ManifestFigures = Omit<ArchiveObject, 'channel' | 'partition' | 'first' | 'last'>;

export interface ManifestText {
  readonly text: string;
  /** In its chain; empty where it is in none. */
  readonly link: string;
}

export function manifestText(manifest: ManifestBasis & ManifestFigures & { readonly keyId?: string | undefined }): ManifestText {
  const { name, channel, storeId, topic, partition, first, last, segments, chain, keyId, ...figures } = manifest;
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
    ...(keyId !== undefined && { encryption: { cipher: 'aes-256-gcm', key: keyId } }),
    frames,
    segments: segments.map(({ key, from, to }) => ({ site: key.siteId, agent: key.agentId, stream: key.streamId, from, to })),
  };
  if (chain === undefined) return { text: textOf(document), link: '' };
  const link = linkOf(document, chain);
  return { text: textOf({ ...document, chain: { ...chain, link } }), link };
}

function textOf(document: object): string {
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
  readonly storeId: Id;
  readonly segments: readonly ArchivedSegment[];
  /** Of the key that it is encrypted with. */
  readonly keyId: string | undefined;
  readonly chain: FoundChain | undefined;
}

export interface FoundChain extends ChainPlace {
  readonly link: string;
  /** What the link should be, by what the manifest says now. */
  readonly expected: string;
}

const count = z.int().min(0);
const range = z.object({ from: z.iso.datetime(), to: z.iso.datetime() });
const document = z.object({
  version: z.literal(manifestVersion),
  name: z.string(),
  channel: z.string(),
  store: z.string(),
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
  encryption: z.object({ key: z.string() }).optional(),
  chain: z.object({ number: z.int().min(1), previous: z.string(), link: z.string() }).optional(),
});

/** In the order in which they stand in it. */
const anyDocument = z.record(z.string(), z.unknown());

/** What `manifestText` made. Undefined for anything else: a version that is not known here, or damage. */
export function parseManifest(text: string): FoundManifest | undefined {
  const json = parseJson(text);
  const parsed = document.safeParse(json);
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
  const { store, encryption, chain } = parsed.data;
  return { object, storeId: store, segments: places, keyId: encryption?.key, chain: chain && foundChain(json, chain) };
}

function foundChain(json: unknown, chain: Omit<FoundChain, 'expected'>): FoundChain {
  const { chain: _, ...rest } = anyDocument.parse(json);
  return { ...chain, expected: linkOf(rest, chain) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
