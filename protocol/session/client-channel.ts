/**
 * One channel of the sending half: its window, what is under way in it, and where in the outbox it stands.
 *
 * Batches go out in the order of their ids. A stream is opened, and its Position judged, before its first batch of this
 * connection is sent; `cursor` is then the last batch that needs no sending, and a Position may move it back: what is sent a
 * second time is skipped by the hub. When the course has to change while something is under way (a refusal, a site that went
 * back), the channel stops, waits until all of it is answered, asks for the Positions in question anew and judges them with
 * nothing under way, so that there is never a doubt what an answer refers to.
 *
 * ```text
 *             Refuse, or a Position that does not fit            all answered: OpenStream for each stream in question
 *   flowing ──────────────────────────────────────────► stopped ─────────────────────────────────────────────────────► waiting
 *      ▲                                                                                                                 │
 *      ├──────────────────────────── every Position came, and after `busy` its time is over ─────────────────────────────┤
 *      └──────── resume() ───────── diverged ◄────────────────── the site's content is not ours ─────────────────────────┘
 * ```
 */
import { assert } from '@tributary/shared/assert.ts';
import * as limits from '../limits.ts';
import type { Batch, ChannelName, Gap, GapCause, Id, Position, Refuse, SessionLimits, WireSegment } from '../messages.ts';
import { channelName } from '../messages.ts';
import { fills, fitsLimits } from './batch-fit.ts';
import type { ClientEffect } from './client-effect.ts';
import type { ClientStream, ClientStreams } from './client-streams.ts';
import { judge, type Judgement } from './judgement.ts';
import type { Outbox, OutboxBatch, OutboxSegment } from './outbox.ts';

/** What a channel needs of its session. */
export interface ChannelConnection {
  readonly outbox: Outbox;
  readonly streams: ClientStreams;
  readonly limits: SessionLimits;
  /** It is the site that acked what was acked before this connection. */
  readonly isSiteBefore: boolean;
  /** False before the handshake is done and from a Drain on. */
  readonly sending: boolean;
  now(): number;
  effect(effect: ClientEffect): void;
  /** Sends OpenStream. Undefined for a stream that the outbox does not have. */
  ask(streamId: Id, channel: ClientChannel): ClientStream | undefined;
  /** The peer did what it must not: the session ends. */
  broken(hint: string): void;
}

interface SentBatch {
  readonly sequence: number;
  readonly batch: OutboxBatch;
}

interface GivenUpBatch {
  readonly batch: OutboxBatch;
  readonly cause: GapCause;
  /** How many of its segments are declared, or held by the site after all. */
  declared: number;
}

export class ClientChannel {
  readonly name: ChannelName;
  readonly number: number;
  readonly #connection: ChannelConnection;
  #creditBytes: number;
  #sequence = 0;
  /** Id of the last batch that needs no sending; undefined: the outbox says which is the first unacked one. */
  #cursor: number | undefined;
  readonly #underWay: SentBatch[] = [];
  #underWayBytes = 0;
  #stopped = false;
  #resumeAtMs = Number.NEGATIVE_INFINITY;
  /** Streams to ask for once all is answered, and those that were asked. */
  readonly #doubtful = new Set<Id>();
  readonly #waiting = new Set<Id>();
  readonly #diverged = new Set<Id>();
  /** Batches that no site will take, ascending, until their gaps are declared. */
  readonly #givenUp: GivenUpBatch[] = [];
  readonly #corruptTries = new Map<number, number>();

  constructor(connection: ChannelConnection, options: { name: ChannelName; number: number; creditBytes: number }) {
    this.#connection = connection;
    this.name = options.name;
    this.number = options.number;
    this.#creditBytes = options.creditBytes;
  }

  get batchesUnderWay(): number {
    return this.#underWay.length;
  }

  /** When the channel goes on by itself, or Infinity. */
  nextTickMs(): number {
    return this.#resumeAtMs > this.#connection.now() ? this.#resumeAtMs : Number.POSITIVE_INFINITY;
  }

  /** Whether its OpenStream is one that the channel stands still for. */
  awaits(streamId: Id): boolean {
    return this.#waiting.has(streamId);
  }

  credited(bytes: number): void {
    this.#creditBytes = bytes;
    this.pump();
  }

  acked(sequence: number): void {
    if (sequence > this.#sequence) return this.#connection.broken(`an Ack of batch ${sequence}, which was not sent`);
    const batchIds: number[] = [];
    for (let first = this.#underWay[0]; first !== undefined && first.sequence <= sequence; first = this.#underWay[0]) {
      const { batch } = this.#answered(first);
      for (const segment of batch.segments) this.#heldTo(segment);
      this.#corruptTries.delete(batch.id);
      batchIds.push(batch.id);
    }
    if (batchIds.length > 0) this.#connection.effect({ kind: 'acked', batchIds });
    this.pump();
  }

  refused(message: Refuse): void {
    const first = this.#underWay[0];
    if (first === undefined || first.sequence !== message.sequence) {
      return this.#connection.broken(`a Refuse of batch ${message.sequence} out of its order`);
    }
    const { batch } = this.#answered(first);
    this.#stopped = true;
    this.#rewind(batch.id);
    switch (message.reason) {
      case 'position':
        this.#positionRefused(batch, message);
        break;
      case 'busy':
        this.#resumeAtMs = this.#connection.now() + Math.max(message.retryAfterMs, limits.busyRetryMsMin);
        break;
      case 'corrupt':
        this.#corruptRefused(batch, message);
        break;
      case 'too-large':
      case 'forbidden':
        this.#giveUp(batch, { cause: 'rejected', reason: message.reason, hint: message.hint });
    }
    this.pump();
  }

  positioned(stream: ClientStream, message: Position): void {
    switch (stream.state) {
      case 'asked':
        this.#accept(stream, message);
        break;
      case 'gap':
        this.#gapAnswered(stream, message);
        break;
      case 'ready':
        this.#unaskedPosition(stream, message);
        break;
      case 'ended':
        stream.held = message.held;
        this.#waiting.delete(stream.streamId);
    }
    this.pump();
  }

  /** Its number went to another stream. */
  forgotten(stream: ClientStream): void {
    if (!this.#waiting.delete(stream.streamId)) return;
    this.#doubtful.add(stream.streamId);
    this.#stopped = true;
  }

  resume(): void {
    this.#diverged.clear();
    const firstUnacked = this.#connection.outbox.firstUnacked(this.name);
    if (firstUnacked !== undefined) this.#rewind(firstUnacked);
    this.pump();
  }

  /** Sends what may be sent, or so many batches of it. True when it sent as many. */
  pump(batchesMax = Number.POSITIVE_INFINITY): boolean {
    const covered: number[] = [];
    this.#settle();
    const end = this.#sequence + batchesMax;
    while (this.#flowing() && this.#sequence < end) {
      const batch = this.#nextBatch();
      const givenUp = this.#givenUp[0];
      if (givenUp !== undefined && (batch === undefined || givenUp.batch.id <= batch.id)) {
        if (!this.#declare(givenUp)) break;
      } else if (batch === undefined || !this.#streamsReady(batch)) break;
      else if (this.#covered(batch)) {
        covered.push(batch.id);
        this.#cursor = batch.id;
      } else if (!this.#offer(batch)) break;
    }
    if (covered.length > 0) this.#connection.effect({ kind: 'acked', batchIds: covered });
    this.#declareTails();
    return this.#sequence === end;
  }

  /** What is lost behind the last batch of a stream: no batch will show the hole. */
  #declareTails(): void {
    const { outbox, streams } = this.#connection;
    if (this.#underWay.length > 0 || !this.#flowing()) return;
    for (const streamId of outbox.undeclared?.() ?? []) {
      const end = outbox.stream(streamId);
      if (end === undefined || end.replaced === true || channelName(end.attributes) !== this.name) continue;
      const stream = streams.find(streamId) ?? this.#connection.ask(streamId, this);
      if (stream?.state !== 'ready' || stream.held >= end.end) continue;
      if (outbox.firstAfter(streamId, stream.held) !== undefined) continue;
      this.#sendGap(stream, { from: stream.held, to: end.end, toMark: end.endMark, cause: 'replay-expired' });
    }
  }

  #flowing(): boolean {
    if (!this.#connection.sending || this.#stopped || this.#waiting.size > 0 || this.#diverged.size > 0) return false;
    return this.#connection.now() >= this.#resumeAtMs;
  }

  /** Once nothing is under way, a stopped channel asks for what is in doubt. */
  #settle(): void {
    if (!this.#stopped || this.#underWay.length > 0 || this.#waiting.size > 0 || !this.#connection.sending) return;
    this.#stopped = false;
    for (const stream of this.#connection.streams.ofChannel(this.name)) if (stream.state === 'ready') stream.next = stream.held;
    const doubtful = [...this.#doubtful];
    this.#doubtful.clear();
    for (const streamId of doubtful) {
      // Added first: asking for the last of very many may push the first out again.
      this.#waiting.add(streamId);
      if (this.#connection.ask(streamId, this) === undefined) this.#waiting.delete(streamId);
    }
  }

  #answered(sent: SentBatch): SentBatch {
    this.#underWay.shift();
    this.#underWayBytes -= sent.batch.bodyBytes;
    assert(this.#underWayBytes >= 0, 'no more bytes are answered than were sent');
    return sent;
  }

  #heldTo(segment: OutboxSegment): void {
    const stream = this.#connection.streams.find(segment.streamId);
    if (stream === undefined) return;
    stream.held = Math.max(stream.held, segment.to);
    stream.told = Math.max(stream.told, stream.held);
    stream.next = Math.max(stream.next, stream.held);
    stream.refusals = 0;
  }

  #positionRefused(batch: OutboxBatch, message: Refuse): void {
    const stream = this.#connection.streams.findNumber(message.stream);
    if (stream === undefined) return;
    const segment = batch.segments.find(({ streamId }) => streamId === stream.streamId);
    if (segment === undefined)
      return this.#connection.broken(`a Refuse for stream ${message.stream}, which is not in that batch`);
    if (stream.state === 'ended') {
      return this.#giveUp(batch, { cause: 'rejected', reason: 'position', hint: message.hint });
    }
    this.#doubtful.add(stream.streamId);
    // Behind another refused batch a refusal says nothing new; at the segment's own begin it says that the content differs.
    if (segment.from > message.held) return;
    stream.refusals = stream.refusedAt === message.held ? stream.refusals + 1 : 1;
    stream.refusedAt = message.held;
  }

  #corruptRefused(batch: OutboxBatch, message: Refuse): void {
    const tries = (this.#corruptTries.get(batch.id) ?? 0) + 1;
    this.#corruptTries.set(batch.id, tries);
    if (tries >= limits.corruptTriesMax) {
      this.#giveUp(batch, { cause: 'rejected', reason: 'corrupt', hint: message.hint });
    }
  }

  #giveUp(batch: OutboxBatch, why: { cause: GapCause; reason: Refuse['reason']; hint: string }): void {
    this.#corruptTries.delete(batch.id);
    if (this.#givenUp.some((other) => other.batch.id === batch.id)) return;
    this.#givenUp.push({ batch, cause: why.cause, declared: 0 });
    this.#givenUp.sort((left, right) => left.batch.id - right.batch.id);
    this.#connection.effect({ kind: 'rejected-batch', batchId: batch.id, reason: why.reason, hint: why.hint });
  }

  #gapAnswered(stream: ClientStream, message: Position): void {
    const { gap } = stream;
    assert(gap !== undefined, 'a stream that waits for the answer to a gap has one');
    // This Position and our Gap crossed on the way: the answer is still to come.
    if (message.held >= gap.from && message.held < gap.to) return;
    if (message.held >= gap.to) this.#connection.effect({ kind: 'gap', streamId: stream.streamId, ...gap });
    this.#accept(stream, message);
  }

  #unaskedPosition(stream: ClientStream, message: Position): void {
    const here = this.#connection.outbox.stream(stream.streamId);
    const end = here === undefined || here.hasOtherWays === true ? message.held : here.end;
    if (message.held < stream.held || message.held > end) {
      this.#doubtful.add(stream.streamId);
      this.#stopped = true;
      return;
    }
    stream.held = message.held;
    stream.told = Math.max(stream.told, message.held);
    stream.next = Math.max(stream.next, message.held);
  }

  #accept(stream: ClientStream, message: Position): void {
    const { outbox, streams } = this.#connection;
    this.#waiting.delete(stream.streamId);
    stream.gap = undefined;
    const judgement = judge(outbox, stream.streamId, message);
    if (this.#underWay.length > 0 && this.#changesCourse(judgement)) {
      streams.setState(stream, 'asked');
      this.#doubtful.add(stream.streamId);
      this.#stopped = true;
      return;
    }
    streams.setState(stream, outbox.stream(stream.streamId)?.replaced === true ? 'ended' : 'ready');
    stream.held = message.held;
    stream.told = Math.max(stream.told, message.held);
    stream.next = message.held;
    if (stream.state === 'ready') this.#follow(stream, judgement, message);
  }

  #changesCourse(judgement: Judgement): boolean {
    if (judgement.kind !== 'fits') return true;
    const cursor = this.#cursorNow();
    return judgement.first !== undefined && (cursor === undefined || judgement.first.id <= cursor);
  }

  #follow(stream: ClientStream, judgement: Judgement, message: Position): void {
    const stuck = stream.refusals >= limits.positionTriesMax && stream.refusedAt === message.held;
    if (judgement.kind === 'ahead' || judgement.kind === 'mark' || stuck) {
      this.#connection.streams.setState(stream, 'ended');
      this.#diverged.add(stream.streamId);
      const reason = judgement.kind === 'ahead' ? 'ahead' : 'mark';
      const { held, heldMark } = message;
      this.#connection.effect({ kind: 'diverged', reason, channel: this.name, streamId: stream.streamId, held, heldMark });
    } else if (judgement.kind === 'tail-lost') {
      // A batch given up declares its own loss.
      const givenUp = this.#givenUp.some(({ batch }) => batch.segments.some(({ streamId }) => streamId === stream.streamId));
      const { to, toMark } = judgement;
      if (!givenUp) this.#sendGap(stream, { from: stream.held, to, toMark, cause: this.#causeOfExpired(stream) });
    } else if (judgement.first !== undefined) this.#rewind(judgement.first.id);
  }

  #cursorNow(): number | undefined {
    if (this.#cursor !== undefined) return this.#cursor;
    const firstUnacked = this.#connection.outbox.firstUnacked(this.name);
    return firstUnacked === undefined ? undefined : firstUnacked - 1;
  }

  /** The batch with this id is the next one, unless an older one is. */
  #rewind(batchId: number): void {
    const cursor = this.#cursorNow();
    this.#cursor = cursor === undefined ? batchId - 1 : Math.min(cursor, batchId - 1);
  }

  #nextBatch(): OutboxBatch | undefined {
    const cursor = this.#cursorNow();
    return cursor === undefined ? undefined : this.#connection.outbox.next(this.name, cursor);
  }

  /** Asks for all streams of the batch that are not open yet, at once. */
  #streamsReady(batch: OutboxBatch): boolean {
    let ready = true;
    for (const { streamId } of batch.segments) {
      const stream = this.#connection.streams.find(streamId) ?? this.#connection.ask(streamId, this);
      assert(stream !== undefined, 'the outbox knows the streams of its batches');
      if (stream.state === 'asked' || stream.state === 'gap') ready = false;
    }
    return ready;
  }

  #stream(segment: OutboxSegment): ClientStream {
    const stream = this.#connection.streams.find(segment.streamId);
    assert(stream !== undefined, 'the streams of a batch that is looked at are open');
    return stream;
  }

  /**
   * The site said that it has all of it, durably, so it is as good as acked: sending it again would only cost the way. Where the
   * lost connection took acks with it, this is the usual case.
   */
  #covered(batch: OutboxBatch): boolean {
    return batch.segments.every((segment) => {
      const stream = this.#stream(segment);
      if (stream.state === 'ended') return true;
      return segment.to <= stream.held && this.#connection.outbox.stream(segment.streamId)?.hasOtherWays !== true;
    });
  }

  /** Declares what no batch will bring, one segment after the other. False: wait for an answer. */
  #declare(givenUp: GivenUpBatch): boolean {
    const { streams } = this.#connection;
    const segment = givenUp.batch.segments[givenUp.declared];
    if (segment === undefined) {
      this.#givenUp.shift();
      if (this.#nextBatch()?.id === givenUp.batch.id) this.#cursor = givenUp.batch.id;
      return true;
    }
    const stream = streams.find(segment.streamId) ?? this.#connection.ask(segment.streamId, this);
    assert(stream !== undefined, 'the outbox knows the streams of its batches');
    if (stream.state === 'ended' || (stream.state === 'ready' && segment.to <= stream.held)) {
      givenUp.declared += 1;
      return true;
    }
    if (stream.state !== 'ready' || this.#underWay.length > 0) return false;
    if (segment.from > stream.held) this.#declareHole(stream, segment);
    else this.#sendGap(stream, { from: stream.held, to: segment.to, toMark: segment.toMark, cause: givenUp.cause });
    return false;
  }

  /** What lies between `held` and this segment is lost, unless another retained batch has it: then that one goes first. */
  #declareHole(stream: ClientStream, segment: OutboxSegment): void {
    const { from: to, fromMark: toMark } = segment;
    const retained = this.#connection.outbox.firstAfter(stream.streamId, stream.held);
    if (retained?.segments.some((other) => other.streamId === stream.streamId && fills(other, stream.held)) === true) {
      return this.#rewind(retained.id);
    }
    const oldest = this.#connection.outbox.firstAfter(stream.streamId, 0)?.segments;
    const beforeAll = oldest?.some((other) => other.streamId === stream.streamId && other.from === to) === true;
    this.#sendGap(stream, { from: stream.held, to, toMark, cause: beforeAll ? this.#causeOfExpired(stream) : 'buffer-damaged' });
  }

  /** What is not retained was acked once: by this site, whose store has lost it, or by another one. */
  #causeOfExpired({ held, told }: ClientStream): GapCause {
    return this.#connection.isSiteBefore || held < told ? 'store-lost' : 'replay-expired';
  }

  #sendGap(stream: ClientStream, found: Omit<Gap, 'kind' | 'stream'>): void {
    assert(found.from < found.to, 'a gap is not empty');
    const cause = this.#connection.outbox.declaring?.(stream.streamId, found.from, found.to) ?? found.cause;
    const gap = { ...found, cause };
    this.#connection.streams.setState(stream, 'gap');
    stream.gap = { from: gap.from, to: gap.to, cause: gap.cause };
    this.#connection.effect({ kind: 'send', message: { kind: 'gap', stream: stream.number, ...gap } });
  }

  /** Sends the batch, or sets it aside. False: not now. */
  #offer(batch: OutboxBatch): boolean {
    const hole = this.#holeBefore(batch);
    if (hole !== undefined) {
      if (this.#underWay.length === 0) this.#declareHole(this.#stream(hole), hole);
      return false;
    }
    if (!this.#fitsWindow(batch)) return false;
    if (!fitsLimits(batch, this.#connection.limits)) {
      this.#giveUp(batch, { cause: 'rejected', reason: 'too-large', hint: 'the batch is over the limits of this site' });
      return true;
    }
    if (this.#connection.outbox.mayRead?.(batch) === false) return false;
    const body = this.#connection.outbox.body(batch.id);
    if (body === undefined) {
      this.#giveUp(batch, { cause: 'buffer-damaged', reason: 'corrupt', hint: 'the stored body does not fit its checksum' });
      return true;
    }
    assert(body.length === batch.bodyBytes, 'a body is as long as its batch says');
    this.#send(batch, body);
    return true;
  }

  /** The first segment that begins behind what the site will have by then. */
  #holeBefore(batch: OutboxBatch): OutboxSegment | undefined {
    const ends = new Map<Id, number>();
    for (const segment of batch.segments) {
      const stream = this.#stream(segment);
      if (stream.state === 'ended') continue;
      const end = ends.get(segment.streamId);
      assert(end === undefined || segment.from === end, 'segments of one stream within a batch have no hole between them');
      if (segment.from > (end ?? stream.next)) return segment;
      ends.set(segment.streamId, segment.to);
    }
    return undefined;
  }

  #fitsWindow(batch: OutboxBatch): boolean {
    if (this.#underWay.length === 0) return true;
    if (this.#underWay.length >= limits.batchesInFlightMax) return false;
    return this.#underWayBytes + batch.bodyBytes <= this.#creditBytes;
  }

  #send(batch: OutboxBatch, body: Uint8Array): void {
    this.#sequence += 1;
    const segments: WireSegment[] = [];
    for (const segment of batch.segments) {
      const stream = this.#stream(segment);
      stream.next = Math.max(stream.next, segment.to);
      const { streamId: _, ...rest } = segment;
      segments.push({ stream: stream.number, ...rest });
    }
    const { records, inflatedBytes, checksum, envelope } = batch;
    const head: Omit<Batch, 'body'> = {
      kind: 'batch',
      channel: this.number,
      sequence: this.#sequence,
      segments,
      records,
      inflatedBytes,
      checksum,
      envelope,
    };
    this.#underWay.push({ sequence: this.#sequence, batch });
    this.#underWayBytes += batch.bodyBytes;
    this.#cursor = batch.id;
    this.#connection.effect({ kind: 'send', message: { ...head, body } });
  }
}
