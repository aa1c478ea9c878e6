/**
 * One peer at the intake: carries out what its session asks for and gives the answers back.
 *
 * The order of invariant 1 is kept here for the hub as a whole: a batch goes to the queue, the queue's answer comes after its
 * commit, the session makes an ack of it, and only then `send` is called. Nothing here is done per record.
 */
import type { FrameError } from '@tributary/protocol/frame-error.ts';
import {
  type Batch,
  type ChannelName,
  channelName,
  type Hello,
  type Hop,
  type Message,
  type OpenStream,
  type RecoveredStream,
  type RejectCode,
} from '@tributary/protocol/messages.ts';
import { ServerSession } from '@tributary/protocol/session/server.ts';
import type {
  Admission,
  AppendRequest,
  AppendResult,
  ServerEffect,
  StreamKey,
  StreamPosition,
} from '@tributary/protocol/session/server-effect.ts';
import { assert } from '@tributary/shared/assert.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Burst } from '../groups/burst.ts';
import { QueueError } from '../queue/queue-error.ts';
import type { AppendBatch, Queue } from '../queue/queue.ts';
import { dropBatch } from '../quotas/drop-batch.ts';
import type { QuotaGate } from '../quotas/quota-gate.ts';
import { type Redactor, UnredactedError } from '../redaction/redaction-pool.ts';
import { RedactionEndedError } from '../redaction/watched-thread.ts';
import type { Reject } from './admission.ts';
import type { Credits } from './credits.ts';
import type { IntakeEvents } from './events.ts';
import { type Gatekeeper, isReject, mayBring } from './gatekeeper.ts';
import type { IntakeLimits } from './limits.ts';
import type { PeerIdentity } from './peer-identity.ts';
import type { SourceEvents } from './source-events.ts';
import { Turns } from './turns.ts';
import { untilReachable } from './until-reachable.ts';
import { bodyProblem } from './zstd-frame.ts';

/** The socket as the intake sees it. None of its methods throws; after the peer is gone they do nothing. */
export interface Peer {
  /** Address of the other end, for people. */
  readonly remote: string;
  /** For how long it has not answered, although it was asked whether it is there; 0: it answers. */
  readonly silentMs: number;
  send(message: Message): void;
  /** Resolves when what was sent has left, and at once where the peer is gone. */
  flushed(): Promise<void>;
  /** Closes once what was sent is flushed. */
  close(code: RejectCode | 'gone', hint: string): void;
  /** Stops and goes on reading from the socket. */
  pause(): void;
  resume(): void;
}

export interface ConnectionParts {
  readonly peer: Peer;
  readonly identity: PeerIdentity;
  readonly gatekeeper: Gatekeeper;
  readonly queue: Queue;
  readonly credits: Credits;
  readonly events: IntakeEvents;
  readonly quotas: QuotaGate;
  readonly redactor: Redactor;
  readonly burst: Burst;
  readonly limits: IntakeLimits;
  readonly now: () => number;
  /** What this hub adds to the path of a batch. */
  readonly hop: () => Hop;
  /** What comes of which source; nobody wants to know unless given. */
  readonly sources?: SourceEvents | undefined;
  /** What a lower site tells of its health. */
  readonly snapshot: (connection: IntakeConnection, json: Uint8Array) => void;
  /** Decides about a Hello, and is told when whom it admitted is gone. */
  readonly admit: (hello: Hello, connection: IntakeConnection) => Admission;
  readonly left: (connection: IntakeConnection) => void;
}

export class IntakeConnection {
  readonly #parts: ConnectionParts;
  readonly #session: ServerSession;
  readonly #channels = new Set<ChannelName>();
  readonly #turns = new Turns();
  /** Calls to the queue that were not answered yet. */
  readonly #underway = new Set<Promise<void>>();
  #inFlightBytes = 0;
  #batchesInFlight = 0;
  #paused = false;
  #flushing = false;
  #ended = false;
  #hello: Hello | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#session = new ServerSession({ now: parts.now });
  }

  get remote(): string {
    return this.#parts.peer.remote;
  }

  get silentMs(): number {
    return this.#parts.peer.silentMs;
  }

  /** Undefined until the peer was admitted. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  get identity(): PeerIdentity {
    return this.#parts.identity;
  }

  receive(message: Message): void {
    if (message.kind === 'open-stream' && this.#hello !== undefined) return this.#receiveOpen(message);
    this.#session.receive(message);
    this.#carryOut();
  }

  /** Whose a stream is comes from who the peer is, before anything looks at what the message says. */
  #receiveOpen(message: OpenStream): void {
    const { gatekeeper, identity, peer } = this.#parts;
    const opened = gatekeeper.stream(message, identity, peer.remote);
    if (isReject(opened)) return this.shutdown(opened);
    this.#session.receive(opened);
    this.#carryOut();
  }

  receiveInvalid(error: FrameError): void {
    this.#session.receiveInvalid(error);
    this.#carryOut();
  }

  /** What time brings: a Hello that did not come. False when it brings nothing any more. */
  tick(): boolean {
    const dueMs = this.#ended ? undefined : this.#session.nextTickMs();
    if (dueMs === undefined) return false;
    if (dueMs > this.#parts.now()) return true;
    this.#session.tick();
    this.#carryOut();
    return true;
  }

  creditsChanged(changed: ReadonlyMap<ChannelName, number>): void {
    if (this.#ended) return;
    for (const [channel, bytes] of changed) if (this.#channels.has(channel)) this.#session.setCredit(channel, bytes);
    this.#carryOut();
  }

  drain(hubs: readonly string[], deadlineMs: number): void {
    this.#session.drain(hubs, deadlineMs);
    this.#carryOut();
  }

  /** The store may have lost something of the streams that `concerns` names: their positions are told again (invariant 2). */
  storeChanged(concerns: (key: StreamKey) => boolean): void {
    this.#session.storeChanged(concerns);
    this.#carryOut();
  }

  shutdown(reject: Reject): void {
    this.#session.shutdown(reject);
    this.#carryOut();
  }

  /** The socket is closed. What is under way is stored all the same; the peer will hear of it when it comes back. */
  gone(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.left(this);
  }

  /** Resolves when nothing of this connection is under way to the queue. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  #carryOut(): void {
    for (let effects = this.#session.takeEffects(); effects.length > 0; effects = this.#session.takeEffects()) {
      for (const effect of effects) this.#carry(effect);
    }
  }

  #carry(effect: ServerEffect): void {
    const { peer, queue, events } = this.#parts;
    switch (effect.kind) {
      case 'send':
        this.#send(effect.message);
        break;
      case 'admit':
        this.#greet(effect.hello);
        break;
      case 'recover':
        this.#ask(this.#recover(effect.agentId), () => undefined);
        break;
      case 'open':
        this.#open(effect);
        break;
      case 'append':
        this.#admitBatch(effect.requestId, effect.request);
        break;
      case 'gap':
        events.gapDeclared(effect.key, effect.message);
        this.#answerPosition(effect.requestId, () => this.#recordGap(effect));
        break;
      case 'snapshot':
        if (this.#hello !== undefined) this.#parts.snapshot(this, effect.json);
        break;
      case 'close-stream':
        this.#parts.sources?.closed(effect.key);
        this.#ask(
          this.#turns.take(effect.channel, undefined, () =>
            this.#whenReachable(() => queue.closeStream(effect.key, effect.position)),
          ),
          () => undefined,
        );
        break;
      case 'close':
        events.rejected(effect.code, effect.hint, peer.remote);
        peer.close(effect.code, effect.hint);
        this.gone();
        break;
    }
  }

  #send(message: Message): void {
    if (message.kind === 'ack') crashPoint('hub.intake.before-ack');
    this.#parts.peer.send(message);
  }

  #greet(hello: Hello): void {
    const { gatekeeper, identity, peer } = this.#parts;
    const judged = gatekeeper.greet(hello, identity, peer.remote);
    if (judged instanceof Promise) return this.#ask(judged, (reject) => this.#admit(hello, reject));
    this.#admit(hello, judged);
  }

  #admit(hello: Hello, reject: Reject | undefined): void {
    const admission: Admission = reject === undefined ? this.#parts.admit(hello, this) : { kind: 'rejected', ...reject };
    if (admission.kind === 'admitted') this.#hello = hello;
    this.#session.admitted(admission);
  }

  /** As fast as the peer takes it: an agent that has been here for years has more streams than should wait in memory. */
  async #recover(agentId: string): Promise<void> {
    const { queue, gatekeeper, identity, peer } = this.#parts;
    let streams: RecoveredStream[] = [];
    for await (const stream of queue.streamsOf(gatekeeper.siteOf(identity), agentId)) {
      // Under this id somebody may have been here for another tenant: enrolled before it was forgotten, or without a certificate.
      if (!mayBring(identity, stream.attributes.tenant)) continue;
      streams.push(stream);
      if (streams.length < recoveredAtOnce) continue;
      this.#session.recovered(streams, false);
      streams = [];
      this.#carryOut();
      await peer.flushed();
      if (this.#ended) return;
    }
    this.#session.recovered(streams);
  }

  #open(effect: Extract<ServerEffect, { kind: 'open' }>): void {
    const { queue, credits } = this.#parts;
    const { origin, identity, attributes, start, wantArchived } = effect.message;
    const channel = channelName(attributes);
    this.#channels.add(channel);
    this.#parts.sources?.opened(effect.key, channel, identity.path);
    this.#session.setCredit(channel, credits.of(channel));
    const request = { key: effect.key, origin, identity, attributes, start };
    this.#answerPosition(effect.requestId, () => queue.openStream(request));
    if (wantArchived) queue.requestArchive(channel, queue.partitionOf(effect.key.agentId));
  }

  /** A quota says whether the batch is stored, left out for good, or for the agent to keep for now. */
  #admitBatch(requestId: number, request: AppendRequest): void {
    const { queue, quotas } = this.#parts;
    const { inflatedBytes: bytes, records, body } = request.batch;
    const problem = this.#pathProblem(request) ?? bodyProblem(body, bytes);
    if (problem !== undefined) return this.#refuse(requestId, request, problem);
    const verdict = quotas.admit(request.channel, { bytes, records });
    if (verdict.kind === 'take') return this.#append(requestId, request);
    if (verdict.kind === 'throttle') {
      const { retryAfterMs, hint } = verdict;
      return this.#session.appended(requestId, { kind: 'refused', reason: 'busy', retryAfterMs, hint });
    }
    const dropped = this.#turns.take(request.channel, undefined, () =>
      this.#whenReachable(() => dropBatch(queue, quotas, request)),
    );
    return this.#ask(dropped, (result) => this.#session.appended(requestId, result));
  }

  #pathProblem({ batch }: AppendRequest): Refusal | undefined {
    const { gatekeeper, identity } = this.#parts;
    const hint = gatekeeper.pathProblem(batch.envelope.hops, identity);
    return hint === undefined ? undefined : { reason: 'forbidden', hint };
  }

  #refuse(requestId: number, request: AppendRequest, problem: Refusal): void {
    const result: AppendResult = { kind: 'refused', ...problem };
    this.#parts.events.answered(request, result);
    this.#session.appended(requestId, result);
  }

  #append(requestId: number, request: AppendRequest): void {
    const { events, burst, credits } = this.#parts;
    const { batch, channel, segments } = request;
    const weight = weightOf(batch);
    this.#inFlightBytes += weight;
    this.#batchesInFlight += 1;
    burst.note(batch.body.length);
    const { records, inflatedBytes, body, envelope } = batch;
    const { createdMs, trims } = envelope;
    const hops = [...envelope.hops, this.#parts.hop()];
    const { checksum } = batch;
    const stored = this.#storeCounted(
      { channel, segments, records, inflatedBytes, createdMs, trims, hops, checksum, body },
      request,
    );
    this.#ask(
      stored,
      (result) => {
        events.answered(request, result);
        if (result.kind === 'stored') for (const { key } of segments) this.#parts.sources?.brought(key);
        this.#session.appended(requestId, result);
        this.#session.setCredit(channel, credits.of(channel));
      },
      () => {
        this.#inFlightBytes -= weight;
        this.#batchesInFlight -= 1;
        assert(this.#inFlightBytes >= 0, 'what lands was in flight');
      },
    );
  }

  /** What was not stored after all costs its quota nothing, whoever hears of it. */
  async #storeCounted(batch: AppendBatch, { segments }: AppendRequest): Promise<AppendResult> {
    let isStored = false;
    try {
      const result = await this.#storeRedacted(batch, segments);
      isStored = result.kind === 'stored';
      return result;
    } finally {
      const { channel, inflatedBytes: bytes, records } = batch;
      if (!isStored) this.#parts.quotas.giveBack(channel, { bytes, records });
    }
  }

  /**
   * Where something is to be covered first, the batch waits for that. A body in which nothing can be looked for is refused as corrupt: what
   * was to be covered is not stored here in any form. Its sender sets the batch aside after a few tries, and declares the gap.
   */
  async #storeRedacted(batch: AppendBatch, segments: AppendRequest['segments']): Promise<AppendResult> {
    const { queue, redactor, limits } = this.#parts;
    const { channel, body, inflatedBytes } = batch;
    const redaction = redactor.redactionOf(channel);
    if (redaction === 'unknown')
      return { kind: 'refused', reason: 'busy', retryAfterMs: limits.retryAfterMs, hint: unknownRedaction };
    const ready = redaction === undefined ? undefined : redactor.body(redaction, { body, inflatedBytes, segments });
    try {
      return await this.#turns.take(channel, ready, (redacted) => queue.append({ ...batch, ...redacted }));
    } catch (error) {
      if (error instanceof RedactionEndedError)
        return { kind: 'refused', reason: 'busy', retryAfterMs: limits.retryAfterMs, hint: error.message };
      if (!(error instanceof UnredactedError)) throw error;
      return { kind: 'refused', reason: 'corrupt', hint: `the body: ${error.message}` };
    }
  }

  /** Who sends faster than the store answers is read from no further until half of it was answered. */
  #pauseOrResume(): void {
    const { peer, limits } = this.#parts;
    const requests = this.#underway.size - this.#batchesInFlight;
    const share = Math.max(this.#inFlightBytes / limits.inFlightBytesMax, requests / limits.requestsInFlightMax);
    if (this.#paused ? share > 0.5 : share < 1) return;
    this.#paused = !this.#paused;
    if (this.#paused) peer.pause();
    else peer.resume();
  }

  #recordGap({ channel, key, message }: Extract<ServerEffect, { kind: 'gap' }>): Promise<StreamPosition> {
    const { queue, events } = this.#parts;
    return this.#turns.take(channel, undefined, async () => {
      const known = await queue.recordGap(key, message);
      events.gapRecorded(message.cause, known.recorded);
      return known;
    });
  }

  #answerPosition(requestId: number, position: () => Promise<StreamPosition>): void {
    this.#ask(this.#whenReachable(position), (known) => this.#session.positioned(requestId, known));
  }

  #whenReachable<Result>(ask: () => Promise<Result>): Promise<Result> {
    return untilReachable(ask, { pauseMs: this.#parts.limits.storePauseMs, isOver: () => this.#ended });
  }

  /** Waits for the queue beside everything else. Answers that come together are told to the peer together. */
  #ask<Result>(asked: Promise<Result>, answer: (result: Result) => void, after?: () => void): void {
    const underway = this.#answerWhenDone(asked, answer).finally(() => {
      this.#underway.delete(underway);
      after?.();
      this.#pauseOrResume();
    });
    this.#underway.add(underway);
    this.#pauseOrResume();
  }

  async #answerWhenDone<Result>(asked: Promise<Result>, answer: (result: Result) => void): Promise<void> {
    let result: Result;
    try {
      result = await asked;
    } catch (error) {
      this.#failed(error);
      this.#carryOutSoon();
      return;
    }
    if (this.#ended) return;
    answer(result);
    this.#carryOutSoon();
  }

  /** After all answers of one commit were taken: one ack stands for all of them. */
  #carryOutSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      this.#carryOut();
    });
  }

  /** The peer keeps what was not answered and comes again. */
  #failed(error: unknown): void {
    const { events, peer, limits } = this.#parts;
    if (this.#ended) return;
    const code = error instanceof QueueError && error.code === 'QUEUE_STREAM_CHANGED' ? 'protocol' : 'unavailable';
    // What its sender does wrong is told with the end of its connection; a store that fails is for an operator.
    if (code === 'unavailable') events.storeFailed(error, peer.remote);
    const hint = error instanceof QueueError ? error.message : 'the store of this hub does not answer';
    this.#session.shutdown({ code, hint, retryAfterMs: limits.retryAfterMs });
  }
}

type Refusal = Pick<Extract<AppendResult, { kind: 'refused' }>, 'reason' | 'hint'>;

/** What a batch takes of our memory: a body of a few bytes may come with very many records. */
function weightOf({ body, segments }: Batch): number {
  return segments.reduce((sum, { lengths, cuts, drops, host = '' }) => {
    return sum + segmentBytes + host.length + lengths.length * lengthBytes + (cuts.length + drops.length) * partBytes;
  }, body.length);
}

/** Streams that are told before the peer has taken those before: a stream is described by up to 80 KB. */
const recoveredAtOnce = 32;

const unknownRedaction = 'the pipeline of this log type is to redact its records, and cannot be used as it is now';

const segmentBytes = 256;
const lengthBytes = 8;
const partBytes = 48;
