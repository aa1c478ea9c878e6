/**
 * What a site's upstream is to have, as a session sends from it: entries of the front topics that this hub works on, known without their
 * bodies, which are read when their turn comes and are never looked into.
 *
 * An entry is answered when the upstream has it durably, or will never take it; only then the group's cursor moves over it
 * (upstream-topic.ts). Answered ones stay known for a while, so that an upstream whose store was lost is noticed and can have them again.
 */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { ChannelName, GapCause, Hop } from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxBatch, OutboxStreamId } from '@tributary/protocol/session/outbox.ts';
import type { Divergence } from '@tributary/protocol/uplink/uplink-buffer.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { type Entry, type Queue, type StreamInfo, streamName } from '../../queue/queue.ts';
import { ChannelEntries } from './channel-entries.ts';
import { type KnownEntry, knownEntry } from './known-entry.ts';
import { KnownStream } from './known-stream.ts';
import {
  bodyBytesAheadMax,
  entriesAheadMax,
  readBytesMax,
  readEntriesMax,
  fetchRetryMs,
  otherWaysMax,
  retainedEntriesMax,
  streamIdleMs,
} from './limits.ts';
import { type AnsweredRun, PlaceEntries } from './place-entries.ts';

export interface TopicOfPlace {
  readonly topic: string;
  readonly partition: number;
  readonly channel: ChannelName;
}

export interface UpstreamOutboxOptions {
  readonly queue: Pick<Queue, 'read' | 'gapsOf' | 'beginningsOf'>;
  /** What this hub adds to the path of what it passes on. */
  readonly hop: { readonly siteId: string; readonly hubId: string };
  readonly group: string;
  /** Whether a batch with these streams is passed on. */
  readonly isChosen: (streams: readonly StreamInfo[], hops: readonly Hop[]) => boolean;
  readonly hopsMax: number;
  /** Whether what never came here may have gone up by another way. */
  readonly hasSister: () => boolean;
  readonly clock: Clock;
  readonly onRejected: (entry: KnownEntry, reason: string) => void;
  readonly onFailed: (error: unknown) => void;
}

export class UpstreamOutbox {
  readonly outbox: Outbox;
  readonly #options: UpstreamOutboxOptions;
  readonly #channels = new Map<ChannelName, ChannelEntries>();
  readonly #streams = new Map<OutboxStreamId, KnownStream>();
  readonly #byId = new Map<number, KnownEntry>();
  readonly #places = new Map<string, { readonly place: TopicOfPlace; readonly entries: PlaceEntries }>();
  readonly #fetching = new Set<string>();
  /** Streams whose end is lost, and the upstream does not know it. */
  readonly #undeclared = new Set<OutboxStreamId>();
  /** Of places that are another hub's now: a session may still speak of them. */
  readonly #leaving = new Set<OutboxStreamId>();
  /** Per topic and partition, ascending: what a sister has passed on. */
  readonly #otherWays = new Map<string, { readonly from: number; to: number }[]>();
  #bodyBytes = 0;
  #lastId = 0;
  #grew = (): void => undefined;

  constructor(options: UpstreamOutboxOptions) {
    this.#options = options;
    this.outbox = {
      channels: () => this.#filledChannels(),
      next: (channel, afterId) => this.#channels.get(channel)?.next(afterId)?.batch,
      firstUnacked: (channel) => this.#channels.get(channel)?.firstUndone()?.batch.id,
      firstAfter: (streamId, position) => this.#streams.get(streamId)?.firstAfter(position)?.batch,
      mayRead: (batch) => this.#mayRead(batch),
      body: (batchId) => this.#body(batchId),
      declaring: (streamId, from, to) => this.#causeOf(streamId, from, to),
      undeclared: () => this.#undeclared,
      stream: (streamId) => this.#streams.get(streamId)?.outboxStream(),
      retainedStreams: () => this.#retainedStreams(),
      markAt: (streamId, position) => this.#streams.get(streamId)?.markAt(position),
    };
  }

  get streams(): ReadonlyMap<OutboxStreamId, KnownStream> {
    return this.#streams;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Whether something is to be sent, or not answered yet. */
  get waits(): boolean {
    for (const entries of this.#channels.values()) if (entries.firstUndone() !== undefined) return true;
    return false;
  }

  onAppended(listener: () => void): void {
    this.#grew = listener;
  }

  /** The place is this hub's from its cursor on. What it knows of it is gone on with where nothing else moved the cursor. */
  async enter(place: TopicOfPlace, cursor: number, wake: () => void): Promise<PlaceEntries> {
    const name = `${place.topic}#${place.partition}`;
    const known = this.#places.get(name);
    if (known !== undefined && known.entries.waiting === 0 && known.entries.knownTo === cursor) {
      known.entries.wake = wake;
      return known.entries;
    }
    if (known !== undefined) this.leave(known.entries);
    const { queue, group } = this.#options;
    const beginnings = await queue.beginningsOf({ topic: place.topic, partition: place.partition, group });
    const entries = new PlaceEntries({ name, cursor, beginnings, wake });
    this.#places.set(name, { place, entries });
    const others = this.#otherWays.get(name) ?? [];
    const oldest = Math.max(0, cursor - retainedEntriesMax);
    let afterSequence = others.find(({ from, to }) => from <= oldest && to > oldest)?.to ?? oldest;
    while (afterSequence < cursor) {
      const limits = { entries: readEntriesMax * 4, bytes: readBytesMax, bodies: false };
      const read = await queue.read({ topic: place.topic, partition: place.partition, afterSequence }, limits);
      const passed = read.filter(({ sequence }) => sequence <= cursor);
      const own = passed.filter(({ sequence }) => !others.some(({ from, to }) => sequence > from && sequence <= to));
      await this.#learn(entries, place, own, true);
      afterSequence = passed.length === 0 || passed.length < read.length ? cursor : (passed.at(-1)?.sequence ?? cursor);
    }
    this.#grew();
    return entries;
  }

  /** What lies behind `from`, up to `to`, a sister has passed on: it is not offered here. */
  wentOtherWay({ topic, partition }: Pick<TopicOfPlace, 'topic' | 'partition'>, from: number, to: number): void {
    const ranges = this.#otherWays.getOrInsertComputed(`${topic}#${partition}`, () => []);
    const last = ranges.at(-1);
    if (last?.to === from) last.to = to;
    else ranges.push({ from, to });
    if (ranges.length > otherWaysMax) ranges.shift();
  }

  /** It is another hub's now, or will be read again from its cursor. */
  leave(place: PlaceEntries): void {
    this.#places.delete(place.name);
    for (const entry of place.all()) {
      for (const name of entry.ends.keys()) {
        this.#leaving.add(name);
        this.#streams.get(name)?.reset();
        this.#undeclared.delete(name);
      }
      this.#drop(place, entry);
    }
  }

  hasRoom(place: PlaceEntries): boolean {
    if (place.waiting >= entriesAheadMax) return false;
    return !place.hasBodies || this.#bodyBytes < bodyBytesAheadMax;
  }

  /** Entries behind those that are known, in their order, with bodies. */
  async append(place: PlaceEntries, topic: TopicOfPlace, entries: readonly Entry[]): Promise<void> {
    await this.#learn(place, topic, entries, false);
    for (const { sequence, body } of entries) {
      const entry = place.find(sequence);
      if (entry !== undefined && !entry.isDone) this.#keepBody(place, entry, body);
    }
    this.#grew();
  }

  committed(place: PlaceEntries, run: AnsweredRun): void {
    for (const entry of place.committed(run, this.#options.clock.now())) this.#drop(place, entry);
  }

  /** The upstream has them durably. Returns how many were not known to be. */
  acked(batchIds: readonly number[]): number {
    let count = 0;
    for (const id of batchIds) {
      const entry = this.#byId.get(id);
      if (entry === undefined || entry.isDone) continue;
      const diverged = this.#divergence(entry);
      if (diverged !== undefined) {
        this.reject(id, diverged);
        continue;
      }
      count += 1;
      for (const { streamId, to } of entry.batch.segments) {
        const stream = this.#streams.get(streamId);
        if (stream !== undefined) stream.ackedTo = Math.max(stream.ackedTo, to);
      }
      this.#done(entry);
    }
    return count;
  }

  /** No upstream will take it: kept as a dead letter once everything before it is answered. */
  reject(batchId: number, reason: string): void {
    const entry = this.#byId.get(batchId);
    if (entry === undefined || entry.isDone) return;
    entry.rejected = reason;
    this.#options.onRejected(entry, reason);
    this.#done(entry);
    this.#forgetBody(entry);
    for (const name of entry.ends.keys()) this.#streams.get(name)?.reject(entry);
    entry.isGone = true;
    this.#channels.get(entry.batch.channel)?.removed();
  }

  /** One stream must not stop its channel: what is only of it goes no further. */
  diverged({ streamId, held, reason }: Divergence): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const what = reason === 'ahead' ? `goes on to ${held} there` : `is another before position ${held}`;
    stream.diverged = `the upstream has other content of stream ${stream.info.key.streamId}: it ${what}`;
    this.#undeclared.delete(streamId);
    for (const entry of this.#byId.values()) {
      const why = entry.isDone ? undefined : this.#divergence(entry);
      if (why !== undefined) this.reject(entry.batch.id, why);
    }
  }

  /** All behind the last entry of the stream is lost. */
  lostEnd(stream: KnownStream, end: { readonly held: number; readonly heldMark: string }): void {
    stream.endsAt(end.held, end.heldMark);
    this.#undeclared.add(stream.name);
    this.#grew();
  }

  positioned(streamId: OutboxStreamId, held: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || held < stream.end) return;
    stream.ackedTo = Math.max(stream.ackedTo, stream.end);
    this.#undeclared.delete(streamId);
  }

  forget(streamId: OutboxStreamId): void {
    this.#undeclared.delete(streamId);
    if (this.#streams.get(streamId)?.isKnownByEntries === false) this.#streams.delete(streamId);
  }

  /** Nobody speaks of what is not here any more. */
  disconnected(): void {
    for (const name of this.#leaving) this.forget(name);
    this.#leaving.clear();
    const idleMs = this.#options.clock.now() - streamIdleMs;
    for (const { name, lastMs } of this.#streams.values()) if (lastMs < idleMs) this.forget(name);
  }

  *#filledChannels(): Iterable<ChannelName> {
    for (const [name, entries] of this.#channels) if (!entries.isEmpty) yield name;
  }

  *#retainedStreams(): Iterable<OutboxStreamId> {
    for (const { name, isKnownByEntries, diverged } of this.#streams.values()) {
      if (diverged === undefined && (isKnownByEntries || this.#undeclared.has(name))) yield name;
    }
  }

  async #learn(place: PlaceEntries, topic: TopicOfPlace, entries: readonly Entry[], isDone: boolean): Promise<void> {
    for (const entry of entries) {
      const { sequence, segments } = entry;
      if (
        !this.#options.isChosen(
          segments.map(({ stream }) => stream),
          entry.hops,
        )
      ) {
        if (!isDone) place.add(sequence, undefined);
        continue;
      }
      await this.#knowStreams(place, entry);
      this.#lastId += 1;
      const about = { id: this.#lastId, channel: topic.channel, place: place.name, hop: this.#options.hop };
      const known = knownEntry(entry, { ...about, nameOf: ({ stream }) => streamName(stream.key) });
      known.isDone = isDone;
      if (isDone) place.addRetained(known);
      else place.add(sequence, known);
      this.#index(known);
      if (!isDone) this.#rejectHopeless(known);
    }
  }

  /** What nobody may pass on is not tried. */
  #rejectHopeless(entry: KnownEntry): void {
    const { hops } = entry.batch.envelope;
    const isTooLong = hops.length > this.#options.hopsMax;
    const reason = isTooLong ? `it came through ${hops.length} sites, which is a loop` : this.#divergence(entry);
    if (reason !== undefined) this.reject(entry.batch.id, reason);
  }

  #index(entry: KnownEntry): void {
    this.#byId.set(entry.batch.id, entry);
    this.#channels.getOrInsertComputed(entry.batch.channel, () => new ChannelEntries()).add(entry);
    const nowMs = this.#options.clock.now();
    for (const name of entry.ends.keys()) {
      this.#leaving.delete(name);
      const stream = this.#streams.get(name);
      stream?.add(entry, nowMs);
      // With a sister it may have been her that had it.
      if (entry.isDone && stream !== undefined && !this.#options.hasSister())
        stream.ackedTo = Math.max(stream.ackedTo, stream.end);
    }
  }

  /** Before an entry is known its streams are, and why there is a hole before it. */
  async #knowStreams(place: PlaceEntries, { segments }: Entry): Promise<void> {
    for (const { stream: info, from } of segments) {
      const name = streamName(info.key);
      let stream = this.#streams.get(name);
      const isNew = stream === undefined;
      stream ??= new KnownStream(info, {
        name,
        start: place.beginnings.get(name) ?? info.start,
        nowMs: this.#options.clock.now(),
      });
      if (from > stream.end) stream.setGaps(await this.#options.queue.gapsOf(info.key));
      if (isNew) this.#streams.set(name, stream);
    }
  }

  #divergence(entry: KnownEntry): string | undefined {
    const reasons = [...entry.ends.keys()].map((name) => this.#streams.get(name)?.diverged);
    return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
  }

  #causeOf(streamId: OutboxStreamId, from: number, to: number): GapCause | undefined {
    return this.#streams.get(streamId)?.causeOf(from, to) ?? (this.#options.hasSister() ? 'other-way' : undefined);
  }

  #done(entry: KnownEntry): void {
    entry.isDone = true;
    entry.sinceMs = this.#options.clock.now();
    this.#places.get(entry.place)?.entries.wake();
  }

  #drop(place: PlaceEntries, entry: KnownEntry): void {
    this.#forgetBody(entry);
    place.remove(entry);
    this.#byId.delete(entry.batch.id);
    for (const name of entry.ends.keys()) this.#streams.get(name)?.remove(entry);
    if (entry.isGone) return;
    entry.isGone = true;
    this.#channels.get(entry.batch.channel)?.removed();
  }

  #mayRead(batch: OutboxBatch): boolean {
    const entry = this.#byId.get(batch.id);
    if (entry === undefined || entry.body !== undefined) return true;
    this.#fetch(entry);
    return false;
  }

  #body(batchId: number): Uint8Array | undefined {
    const entry = this.#byId.get(batchId);
    const body = entry?.body;
    if (entry === undefined || body === undefined) return undefined;
    this.#forgetBody(entry);
    this.#places.get(entry.place)?.entries.wake();
    return checksumOf(body) === entry.batch.checksum ? body : undefined;
  }

  #keepBody(place: PlaceEntries, entry: KnownEntry, body: Uint8Array): void {
    if (entry.body !== undefined) return;
    entry.body = body;
    entry.batch.bodyBytes = body.length;
    this.#bodyBytes += body.length;
    place.countBody(1);
  }

  #forgetBody(entry: KnownEntry): void {
    if (entry.body === undefined) return;
    this.#bodyBytes -= entry.body.length;
    entry.body = undefined;
    this.#places.get(entry.place)?.entries.countBody(-1);
  }

  /** Reads the body of an entry that is to be sent again, and of what follows it. */
  #fetch(entry: KnownEntry): void {
    if (this.#fetching.has(entry.place)) return;
    this.#fetching.add(entry.place);
    this.#fetchFrom(entry)
      .catch(async (error: unknown) => {
        this.#options.onFailed(error);
        await this.#options.clock.sleep(fetchRetryMs);
      })
      .finally(() => {
        this.#fetching.delete(entry.place);
        this.#grew();
      });
  }

  async #fetchFrom(entry: KnownEntry): Promise<void> {
    const found = this.#places.get(entry.place);
    if (found === undefined) return;
    const { place, entries } = found;
    const from = { topic: place.topic, partition: place.partition, afterSequence: entry.sequence - 1 };
    const read = await this.#options.queue.read(from, { entries: readEntriesMax, bytes: readBytesMax });
    for (const { sequence, body } of read) {
      const known = entries.find(sequence);
      if (known !== undefined && !known.isGone) this.#keepBody(entries, known, body);
    }
    // Trimmed since: what the upstream lost of it is gone.
    if (entry.body === undefined && !entry.isGone && entry.isDone) this.#drop(entries, entry);
  }
}
