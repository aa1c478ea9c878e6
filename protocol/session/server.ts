import { assert, unreachable } from '@tributary/shared/assert.ts';
import { checksumOf } from '../checksum.ts';
import type { FrameError } from '../frame-error.ts';
import * as limits from '../limits.ts';
import type {
  Batch,
  ChannelName,
  CloseStream,
  Gap,
  Hello,
  Message,
  OpenStream,
  RecoveredStream,
  RejectCode,
  Snapshot,
  Welcome,
} from '../messages.ts';
import { channelName } from '../messages.ts';
import { currentVersion, negotiate, oldestAcceptedVersion } from '../version.ts';
import { recoveredMessages } from './recovered-messages.ts';
import { ServerChannel, type BatchAnswer } from './server-channel.ts';
import type {
  Admission,
  AppendResult,
  AppendSegment,
  ServerCalls,
  ServerEffect,
  ServerSessionOptions,
  StreamKey,
  StreamPosition,
} from './server-effect.ts';
import { ServerStreams, type ServerStream } from './server-streams.ts';

type ServerState = 'expecting-hello' | 'admitting' | 'open' | 'closed';

interface PositionRequest {
  readonly number: number;
  readonly stream: ServerStream;
}

interface AppendInHand {
  readonly channel: ServerChannel;
  readonly batch: Batch;
  readonly streams: readonly ServerStream[];
}

type Refusal = Exclude<BatchAnswer, 'durable'>;

/**
 * The receiving half of one connection, without a socket: messages and the host's answers come in, effects go out.
 *
 * ```text
 *                     Hello                    admitted(): Welcome
 *   expecting-hello ─────────► admitting ──────────────────────────► open
 *
 *   every state ── shutdown(), not admitted, no Hello in time, a peer that breaks a rule or a limit: Reject ──► closed, `close`
 * ```
 *
 * Invariant 1 as far as it is this file's: an Ack is sent for a batch only after the host answered `stored` or `duplicate` for it
 * and for every one before it in its channel that was not refused. Invariant 3: after a refusal for its position, every batch
 * with that stream is refused until the peer has opened it again.
 */
export class ServerSession implements ServerCalls {
  readonly #now: () => number;
  readonly #helloDeadlineMs: number;
  readonly #channels = new Map<number, ServerChannel>();
  readonly #credits = new Map<ChannelName, number>();
  readonly #positions = new Map<number, PositionRequest>();
  readonly #appends = new Map<number, AppendInHand>();
  #state: ServerState = 'expecting-hello';
  #hello: Hello | undefined;
  #welcome: Welcome | undefined;
  #peer: StreamKey | undefined;
  #streams = new ServerStreams(0);
  #recovering = false;
  #lastRequestId = 0;
  #effects: ServerEffect[] = [];

  constructor(options: ServerSessionOptions) {
    this.#now = options.now;
    this.#helloDeadlineMs = options.now() + limits.helloTimeoutMs;
  }

  receive(message: Message): void {
    switch (this.#state) {
      case 'closed':
        return;
      case 'expecting-hello':
        return this.#greeted(message);
      case 'admitting':
        return this.#reject('protocol', `${message.kind} before the Welcome`);
      case 'open':
        return this.#dispatch(message);
      default:
        return unreachable(this.#state);
    }
  }

  receiveInvalid(error: FrameError): void {
    this.#reject(error.code === 'limit' ? 'limit' : 'protocol', error.message);
  }

  tick(): void {
    if (this.#state !== 'expecting-hello' || this.#now() < this.#helloDeadlineMs) return;
    this.#reject('protocol', `no Hello within ${limits.helloTimeoutMs} ms`);
  }

  nextTickMs(): number | undefined {
    return this.#state === 'expecting-hello' ? this.#helloDeadlineMs : undefined;
  }

  admitted(admission: Admission): void {
    if (this.#state !== 'admitting') return;
    if (admission.kind === 'rejected') return this.shutdown(admission);
    const { welcome, origin } = admission;
    const version = negotiate(this.#hello?.versionMin ?? 0, this.#hello?.versionMax ?? 0);
    assert(version !== undefined, 'the version was negotiated before the host was asked');
    assert(welcome.limits.streamsMax <= limits.streamsMax, 'no more is granted than limits.ts allows');
    this.#welcome = { kind: 'welcome', version, ...welcome };
    this.#peer = { ...origin, streamId: '' };
    this.#streams = new ServerStreams(welcome.limits.streamsMax);
    this.#state = 'open';
    this.#send(this.#welcome);
  }

  recovered(streams: readonly RecoveredStream[], isLast = true): void {
    if (this.#state !== 'open') return;
    assert(this.#recovering, 'the host answers what it was asked');
    this.#recovering = !isLast;
    for (const message of recoveredMessages(streams)) this.#send({ ...message, last: message.last && isLast });
  }

  positioned(requestId: number, position: StreamPosition): void {
    const request = taken(this.#positions, requestId);
    // A stream whose number was forgotten meanwhile: the peer forgot it as well.
    if (this.#state !== 'open' || this.#streams.find(request.number) !== request.stream) return;
    const { held, heldMark, archived } = position;
    // What was acked was true before this Position, which may say less: the store went back.
    this.#flushAcks();
    this.#send({ kind: 'position', stream: request.number, held, heldMark, archived: Math.min(archived, held) });
  }

  appended(requestId: number, result: AppendResult): void {
    const request = taken(this.#appends, requestId);
    if (this.#state !== 'open') return;
    const { channel, batch } = request;
    channel.answer(batch.sequence, result.kind === 'refused' ? refusalOf(request, result) : 'durable');
  }

  setCredit(channel: ChannelName, bytes: number): void {
    assert(Number.isSafeInteger(bytes) && bytes >= 0, 'a credit is a number of bytes');
    const granted = Math.min(bytes, limits.creditBytesMax);
    this.#credits.set(channel, granted);
    if (this.#state !== 'open') return;
    for (const known of this.#channels.values()) if (known.name === channel) known.setCredit(granted);
  }

  drain(hubs: readonly string[], deadlineMs: number): void {
    if (this.#state === 'open') this.#send({ kind: 'drain', hubs, deadlineMs: atMost(deadlineMs) });
  }

  storeChanged(concerns: (key: StreamKey) => boolean = () => true): void {
    if (this.#state !== 'open') return;
    const described: [ServerStream, OpenStream][] = [];
    for (const stream of this.#streams.all()) {
      if (!concerns(stream.key)) continue;
      if (stream.message === undefined) {
        const hint = 'the store of this hub went back: open the streams again';
        return this.shutdown({ code: 'unavailable', hint, retryAfterMs: 0 });
      }
      described.push([stream, stream.message]);
    }
    for (const [stream, message] of described) this.#askPosition(stream, message);
  }

  shutdown(reject: { readonly code: RejectCode; readonly hint: string; readonly retryAfterMs: number }): void {
    if (this.#state === 'closed') return;
    this.#flushAcks();
    this.#state = 'closed';
    const { code, hint, retryAfterMs } = reject;
    this.#send({ kind: 'reject', code, hint: shortened(hint), retryAfterMs: atMost(retryAfterMs) });
    this.#effects.push({ kind: 'close', code, hint });
  }

  takeEffects(): ServerEffect[] {
    if (this.#state === 'open') this.#flushAcks();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #send(message: Message): void {
    this.#effects.push({ kind: 'send', message });
  }

  #reject(code: RejectCode, hint: string): void {
    this.shutdown({ code, hint, retryAfterMs: 0 });
  }

  #flushAcks(): void {
    for (const channel of this.#channels.values()) channel.flushAck();
  }

  #greeted(message: Message): void {
    if (message.kind !== 'hello') return this.#reject('protocol', `${message.kind} before the Hello`);
    if (negotiate(message.versionMin, message.versionMax) === undefined) {
      const theirs = `${message.versionMin} to ${message.versionMax}`;
      const ours = `${oldestAcceptedVersion} to ${currentVersion}`;
      return this.#reject('version', `this hub speaks versions ${ours}, the peer ${theirs}: upgrade the older one`);
    }
    this.#hello = message;
    this.#state = 'admitting';
    this.#effects.push({ kind: 'admit', hello: message });
  }

  #dispatch(message: Message): void {
    switch (message.kind) {
      case 'ping':
        return this.#send({ kind: 'pong', nonce: message.nonce });
      case 'pong':
        return;
      case 'recover':
        return this.#recover();
      case 'open-stream':
        return this.#openStream(message);
      case 'batch':
        return this.#batch(message);
      case 'gap':
        return this.#gap(message);
      case 'close-stream':
        return this.#closeStream(message);
      case 'snapshot':
        return this.#snapshot(message);
      case 'hello':
      case 'welcome':
      case 'recovered':
      case 'position':
      case 'ack':
      case 'refuse':
      case 'credit':
      case 'drain':
      case 'reject':
        return this.#reject('protocol', `${message.kind} is not the sender's to send now`);
      default:
        return unreachable(message);
    }
  }

  #recover(): void {
    assert(this.#hello !== undefined, 'a connection is opened by a Hello');
    if (this.#recovering) return this.#reject('protocol', 'a second Recover before the first was answered');
    this.#recovering = true;
    this.#effects.push({ kind: 'recover', agentId: this.#hello.agentId });
  }

  #openStream(message: OpenStream): void {
    const key = this.#keyOf(message);
    if (key === undefined) return this.#reject('protocol', `stream ${message.stream}: an origin the peer cannot speak for`);
    const name = channelName(message.attributes);
    const known = this.#streams.find(message.stream);
    if (known === undefined) {
      if (!this.#streams.isNext(message.stream)) return this.#reject('protocol', `stream ${message.stream}: not the next number`);
      const channel = this.#channel(message.channel, name);
      if (channel === undefined) return;
      const { encoding } = message.attributes;
      const stream: ServerStream = { number: message.stream, key, channel, encoding, message, refused: undefined };
      this.#streams.add(stream);
      this.#streams.describe(stream, message);
      return this.#askPosition(stream, message);
    }
    if (!sameKey(known.key, key) || known.channel.number !== message.channel || known.channel.name !== name) {
      return this.#reject('protocol', `stream ${message.stream}: opened again as another`);
    }
    this.#streams.describe(known, message);
    known.refused = undefined;
    this.#askPosition(known, message);
  }

  #askPosition(stream: ServerStream, message: OpenStream): void {
    const requestId = this.#askedPosition({ number: stream.number, stream });
    this.#effects.push({ kind: 'open', requestId, key: stream.key, message });
  }

  /** Undefined when the peer names an origin that is not its to name. Whether a hub may forward for a site is for the host. */
  #keyOf({ origin, streamId }: OpenStream): StreamKey | undefined {
    assert(this.#peer !== undefined && this.#hello !== undefined, 'streams are opened after the Welcome');
    const { siteId, agentId } = this.#peer;
    const own = origin.siteId === '' && origin.agentId === '';
    if (own || (origin.siteId === siteId && origin.agentId === agentId)) return { siteId, agentId, streamId };
    if (this.#hello.sender !== 'hub' || origin.siteId === '' || origin.agentId === '') return undefined;
    return { siteId: origin.siteId, agentId: origin.agentId, streamId };
  }

  #channel(number: number, name: ChannelName): ServerChannel | undefined {
    const known = this.#channels.get(number);
    if (known?.name === name) return known;
    if (known !== undefined || [...this.#channels.values()].some((channel) => channel.name === name)) {
      this.#reject('protocol', `channel ${number}: a channel keeps its one number`);
      return undefined;
    }
    assert(this.#welcome !== undefined, 'channels are opened after the Welcome');
    const { creditBytes } = this.#welcome;
    const channel = new ServerChannel({ name, number, creditBytes, send: (message) => this.#send(message) });
    this.#channels.set(number, channel);
    const credit = this.#credits.get(name);
    if (credit !== undefined) channel.setCredit(credit);
    return channel;
  }

  #batch(batch: Batch): void {
    const channel = this.#channels.get(batch.channel);
    if (channel === undefined) return this.#reject('protocol', `a batch of channel ${batch.channel}, which was not opened`);
    if (batch.sequence !== channel.lastSequence + 1) {
      return this.#reject('protocol', `batch ${batch.sequence} after batch ${channel.lastSequence} of channel ${batch.channel}`);
    }
    const exceeded = this.#exceeded(batch, channel);
    if (exceeded !== undefined) return this.#reject('limit', `batch ${batch.sequence} of channel ${batch.channel}: ${exceeded}`);
    const streams: ServerStream[] = [];
    for (const segment of batch.segments) {
      const stream = this.#streams.find(segment.stream);
      if (stream?.channel !== channel)
        return this.#reject('protocol', `a batch with stream ${segment.stream}, not of its channel`);
      streams.push(stream);
    }
    channel.received(batch.sequence, batch.body.length);
    const refusal = refusalAtSight(batch, streams);
    if (refusal !== undefined) channel.answer(batch.sequence, refusal);
    else this.#append(batch, channel, streams);
  }

  #append(batch: Batch, channel: ServerChannel, streams: readonly ServerStream[]): void {
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    this.#appends.set(requestId, { channel, batch, streams });
    const segments: AppendSegment[] = [];
    for (const [index, segment] of batch.segments.entries()) {
      const stream = streams[index];
      assert(stream !== undefined, 'every segment has its stream');
      segments.push({ ...segment, key: stream.key, encoding: stream.encoding });
    }
    this.#effects.push({ kind: 'append', requestId, request: { channel: channel.name, segments, batch } });
  }

  /** Which limit the batch is over, if any. */
  #exceeded(batch: Batch, channel: ServerChannel): string | undefined {
    assert(this.#welcome !== undefined, 'batches come after the Welcome');
    const granted = this.#welcome.limits;
    if (batch.segments.length > granted.segmentsMax) return `more than ${granted.segmentsMax} segments`;
    if (batch.records > granted.recordsMax) return `more than ${granted.recordsMax} records`;
    if (batch.inflatedBytes > granted.inflatedBytesMax) return `more than ${granted.inflatedBytesMax} bytes inflated`;
    if (channel.openBatches >= limits.batchesInFlightMax) return `more than ${limits.batchesInFlightMax} unanswered`;
    if (!channel.admits(batch.body.length)) return 'beyond the credit of its channel';
    return undefined;
  }

  #gap(message: Gap): void {
    const stream = this.#streams.find(message.stream);
    if (stream === undefined) return this.#reject('protocol', `a Gap of stream ${message.stream}, which is not open`);
    const requestId = this.#askedPosition({ number: message.stream, stream });
    this.#effects.push({ kind: 'gap', requestId, channel: stream.channel.name, key: stream.key, message });
  }

  #closeStream(message: CloseStream): void {
    const stream = this.#streams.find(message.stream);
    if (stream === undefined) return this.#reject('protocol', `a CloseStream of stream ${message.stream}, which is not open`);
    const { channel, key } = stream;
    this.#effects.push({ kind: 'close-stream', channel: channel.name, key, position: message.position });
  }

  #snapshot({ json }: Snapshot): void {
    if (this.#hello?.sender !== 'hub') return this.#reject('protocol', "a snapshot is a hub's to send");
    this.#effects.push({ kind: 'snapshot', json });
  }

  #askedPosition(request: PositionRequest): number {
    this.#lastRequestId += 1;
    this.#positions.set(this.#lastRequestId, request);
    return this.#lastRequestId;
  }
}

function taken<Asked>(requests: Map<number, Asked>, requestId: number): Asked {
  const request = requests.get(requestId);
  assert(request !== undefined, 'the host answers each request once, and as what it was');
  requests.delete(requestId);
  return request;
}

/** A hint may hold anything the host puts there, such as the text of an error. */
function shortened(hint: string): string {
  return hint.slice(0, limits.hintBytesMax / 4);
}

function atMost(durationMs: number): number {
  return Math.min(Math.max(0, Math.ceil(durationMs)), limits.waitMsMax);
}

function sameKey(left: StreamKey, right: StreamKey): boolean {
  return left.siteId === right.siteId && left.agentId === right.agentId && left.streamId === right.streamId;
}

/** What can be refused without asking the host: bytes that arrived damaged, and streams that wait to be opened again. */
function refusalAtSight(batch: Batch, streams: readonly ServerStream[]): Refusal | undefined {
  const unknown = { stream: 0, held: 0, heldMark: '', retryAfterMs: 0 };
  if (checksumOf(batch.body) !== batch.checksum) {
    return { ...unknown, reason: 'corrupt', hint: 'the body does not fit its checksum' };
  }
  const stream = streams.find(({ refused }) => refused !== undefined);
  if (stream?.refused === undefined) return undefined;
  const { held, heldMark } = stream.refused;
  return { ...unknown, reason: 'position', stream: stream.number, held, heldMark, hint: 'refused before' };
}

function refusalOf(
  request: { readonly streams: readonly ServerStream[] },
  result: Extract<AppendResult, { kind: 'refused' }>,
): Refusal {
  const { reason, key, held = 0, heldMark = '', retryAfterMs = 0, hint } = result;
  const stream = key === undefined ? undefined : request.streams.find((candidate) => sameKey(candidate.key, key));
  assert(reason !== 'position' || stream !== undefined, 'a refusal for its position names a stream of the batch');
  if (reason === 'position' && stream !== undefined) stream.refused = { held, heldMark };
  return {
    reason,
    stream: stream?.number ?? 0,
    held,
    heldMark,
    retryAfterMs: atMost(retryAfterMs),
    hint: shortened(hint),
  };
}
