/** From the messages of messages.ts to the generated ones. Trusts them: validate.ts and frame-guard.ts look at the result. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { unreachable } from '@tributary/shared/assert.ts';
import { FrameSchema, type OriginSchema, type SegmentSchema, type SourceIdentitySchema } from '../generated/tributary_pb.ts';
import type { Frame, RecoveredStreamSchema, BatchSchema } from '../generated/tributary_pb.ts';
import type * as messages from '../messages.ts';
import { cutCauseNames, gapCauseNames, refuseReasonNames, rejectCodeNames, senderNames } from './wire-names.ts';

type FrameMessage = NonNullable<MessageInitShape<typeof FrameSchema>['message']>;

/** The frame of a message; that of a Batch without its body. */
export function toWire(message: messages.Message): Frame {
  return create(FrameSchema, { message: convert(message) });
}

function convert(message: messages.Message): FrameMessage {
  switch (message.kind) {
    case 'hello':
      return { case: 'hello', value: hello(message) };
    case 'welcome':
      return { case: 'welcome', value: welcome(message) };
    case 'recover':
      return { case: 'recover', value: {} };
    case 'recovered':
      return { case: 'recovered', value: { streams: message.streams.map(recoveredStream), last: message.last } };
    case 'open-stream':
      return { case: 'openStream', value: openStream(message) };
    case 'position':
      return { case: 'position', value: position(message) };
    case 'batch':
      return { case: 'batch', value: batchHead(message) };
    case 'ack':
      return { case: 'ack', value: { channel: message.channel, sequence: message.sequence } };
    case 'refuse':
      return { case: 'refuse', value: refuse(message) };
    case 'gap':
      return { case: 'gap', value: gap(message) };
    case 'close-stream':
      return { case: 'closeStream', value: { stream: message.stream, position: BigInt(message.position) } };
    case 'credit':
      return { case: 'credit', value: { channel: message.channel, bytes: BigInt(message.bytes) } };
    case 'drain':
      return { case: 'drain', value: { hubs: [...message.hubs], deadlineMs: message.deadlineMs } };
    case 'reject':
      return { case: 'reject', value: reject(message) };
    case 'ping':
      return { case: 'ping', value: { nonce: BigInt(message.nonce) } };
    case 'pong':
      return { case: 'pong', value: { nonce: BigInt(message.nonce) } };
    case 'snapshot':
      return { case: 'snapshot', value: { json: message.json } };
    default:
      return unreachable(message);
  }
}

type Init<Case extends FrameMessage['case']> = Extract<FrameMessage, { case: Case }>['value'];

function bytes(hexadecimal: string): Uint8Array {
  return Uint8Array.fromHex(hexadecimal);
}

function hello(message: messages.Hello): Init<'hello'> {
  return {
    versionMin: message.versionMin,
    versionMax: message.versionMax,
    sender: senderNames.toWire(message.sender),
    agentId: bytes(message.agentId),
    instanceId: bytes(message.instanceId),
    bootId: bytes(message.bootId),
    startCounter: BigInt(message.startCounter),
    facts: { ...message.facts },
    capabilities: [...message.capabilities],
  };
}

function welcome(message: messages.Welcome): Init<'welcome'> {
  return {
    version: message.version,
    hubId: bytes(message.hubId),
    siteId: bytes(message.siteId),
    storeId: bytes(message.storeId),
    hubs: [...message.hubs],
    limits: { ...message.limits },
    flushIntervalMsMin: message.flushIntervalMsMin,
    creditBytes: BigInt(message.creditBytes),
    capabilities: [...message.capabilities],
  };
}

function origin(value: messages.Origin): MessageInitShape<typeof OriginSchema> {
  return { siteId: bytes(value.siteId), agentId: bytes(value.agentId) };
}

function identity(value: messages.SourceIdentity): MessageInitShape<typeof SourceIdentitySchema> {
  return { ...value, fingerprint: bytes(value.fingerprint), base: BigInt(value.base) };
}

function recoveredStream(stream: messages.RecoveredStream): MessageInitShape<typeof RecoveredStreamSchema> {
  return {
    streamId: bytes(stream.streamId),
    origin: origin(stream.origin),
    identity: identity(stream.identity),
    attributes: { ...stream.attributes, labels: { ...stream.attributes.labels } },
    start: BigInt(stream.start),
    held: BigInt(stream.held),
    heldMark: bytes(stream.heldMark),
    closed: stream.closed,
  };
}

function openStream(message: messages.OpenStream): Init<'openStream'> {
  return {
    stream: message.stream,
    channel: message.channel,
    streamId: bytes(message.streamId),
    origin: origin(message.origin),
    identity: identity(message.identity),
    attributes: { ...message.attributes, labels: { ...message.attributes.labels } },
    start: BigInt(message.start),
    wantArchived: message.wantArchived,
  };
}

function position(message: messages.Position): Init<'position'> {
  return {
    stream: message.stream,
    held: BigInt(message.held),
    heldMark: bytes(message.heldMark),
    archived: BigInt(message.archived),
  };
}

function segment(value: messages.WireSegment): MessageInitShape<typeof SegmentSchema> {
  return {
    stream: value.stream,
    from: BigInt(value.from),
    to: BigInt(value.to),
    fromMark: bytes(value.fromMark),
    toMark: bytes(value.toMark),
    records: value.records,
    bytes: value.bytes,
    cuts: value.cuts.map((cut) => ({ offset: cut.offset, cause: cutCauseNames.toWire(cut.cause) })),
    lengths: [...value.lengths],
    drops: value.drops.map(({ offset, span, records }) => ({ offset, span: BigInt(span), records })),
    host: value.host ?? '',
  };
}

function batchHead(message: messages.Batch): MessageInitShape<typeof BatchSchema> {
  const { createdMs, hops, trims } = message.envelope;
  return {
    channel: message.channel,
    sequence: message.sequence,
    segments: message.segments.map(segment),
    records: message.records,
    inflatedBytes: message.inflatedBytes,
    checksum: message.checksum,
    envelope: {
      createdMs: BigInt(createdMs),
      hops: hops.map((hop) => ({
        siteId: bytes(hop.siteId),
        hubId: bytes(hop.hubId),
        receivedMs: BigInt(hop.receivedMs),
      })),
      trims: trims.map((trim) => ({ segment: trim.segment, from: BigInt(trim.from), to: BigInt(trim.to) })),
    },
  };
}

function refuse(message: messages.Refuse): Init<'refuse'> {
  return {
    channel: message.channel,
    sequence: message.sequence,
    reason: refuseReasonNames.toWire(message.reason),
    stream: message.stream,
    held: BigInt(message.held),
    heldMark: bytes(message.heldMark),
    retryAfterMs: message.retryAfterMs,
    hint: message.hint,
  };
}

function gap(message: messages.Gap): Init<'gap'> {
  return {
    stream: message.stream,
    from: BigInt(message.from),
    to: BigInt(message.to),
    toMark: bytes(message.toMark),
    cause: gapCauseNames.toWire(message.cause),
  };
}

function reject(message: messages.Reject): Init<'reject'> {
  return { code: rejectCodeNames.toWire(message.code), hint: message.hint, retryAfterMs: message.retryAfterMs };
}
