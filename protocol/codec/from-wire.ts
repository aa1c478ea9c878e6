/**
 * From the generated messages to those of messages.ts. frame-guard.ts saw the bytes before: lengths, counts and the range of
 * every number are as they should be. What is left are missing parts, ids and marks of a wrong length, numbers without a name.
 */
import { unreachable } from '@tributary/shared/assert.ts';
import { FrameError } from '../frame-error.ts';
import type * as wire from '../generated/tributary_pb.ts';
import { fingerprintBytes, idBytes, markBytes } from '../limits.ts';
import type * as messages from '../messages.ts';
import { cutCauseNames, gapCauseNames, refuseReasonNames, rejectCodeNames, senderNames } from './wire-names.ts';

export function fromWire(frame: wire.Frame): messages.Message {
  const { message } = frame;
  switch (message.case) {
    case 'hello':
      return hello(message.value);
    case 'welcome':
      return welcome(message.value);
    case 'recover':
      return { kind: 'recover' };
    case 'recovered':
      return { kind: 'recovered', streams: message.value.streams.map(recoveredStream), last: message.value.last };
    case 'openStream':
      return openStream(message.value);
    case 'position':
      return position(message.value);
    case 'batch':
      return batch(message.value);
    case 'ack':
      return { kind: 'ack', channel: message.value.channel, sequence: message.value.sequence };
    case 'refuse':
      return refuse(message.value);
    case 'gap':
      return gap(message.value);
    case 'closeStream':
      return { kind: 'close-stream', stream: message.value.stream, position: Number(message.value.position) };
    case 'credit':
      return { kind: 'credit', channel: message.value.channel, bytes: Number(message.value.bytes) };
    case 'drain':
      return { kind: 'drain', hubs: message.value.hubs, deadlineMs: message.value.deadlineMs };
    case 'reject':
      return reject(message.value);
    case 'ping':
      return { kind: 'ping', nonce: Number(message.value.nonce) };
    case 'pong':
      return { kind: 'pong', nonce: Number(message.value.nonce) };
    case 'snapshot':
      return { kind: 'snapshot', json: message.value.json };
    case undefined:
      throw new FrameError('unknown-message', 'Frame: it holds no message of this version');
    default:
      return unreachable(message);
  }
}

/** Hexadecimal of exactly `length` bytes. */
function fixed(bytes: Uint8Array, length: number, field: string): string {
  if (bytes.length !== length) throw new FrameError('malformed', `${field}: ${bytes.length} bytes instead of ${length}`);
  return bytes.toHex();
}

function fixedOrEmpty(bytes: Uint8Array, length: number, field: string): string {
  return bytes.length === 0 ? '' : fixed(bytes, length, field);
}

function required<Value>(value: Value | undefined, field: string): Value {
  if (value === undefined) throw new FrameError('malformed', `${field} is missing`);
  return value;
}

/** A map's keys come from the peer; one of them would reach past the object that holds them. */
function map(values: Readonly<Record<string, string>>, field: string): Readonly<Record<string, string>> {
  if (Object.hasOwn(values, '__proto__')) throw new FrameError('malformed', `${field}: a name that cannot be used`);
  return values;
}

function hello(value: wire.Hello): messages.Hello {
  return {
    kind: 'hello',
    versionMin: value.versionMin,
    versionMax: value.versionMax,
    sender: senderNames.fromWire(value.sender, 'Hello.sender'),
    agentId: fixed(value.agentId, idBytes, 'Hello.agent_id'),
    instanceId: fixed(value.instanceId, idBytes, 'Hello.instance_id'),
    bootId: fixed(value.bootId, idBytes, 'Hello.boot_id'),
    startCounter: Number(value.startCounter),
    facts: map(value.facts, 'Hello.facts'),
    capabilities: value.capabilities,
  };
}

function welcome(value: wire.Welcome): messages.Welcome {
  const { frameBytesMax, inflatedBytesMax, segmentsMax, recordsMax, streamsMax } = required(value.limits, 'Welcome.limits');
  return {
    kind: 'welcome',
    version: value.version,
    hubId: fixed(value.hubId, idBytes, 'Welcome.hub_id'),
    siteId: fixed(value.siteId, idBytes, 'Welcome.site_id'),
    storeId: fixed(value.storeId, idBytes, 'Welcome.store_id'),
    hubs: value.hubs,
    limits: { frameBytesMax, inflatedBytesMax, segmentsMax, recordsMax, streamsMax },
    flushIntervalMsMin: value.flushIntervalMsMin,
    creditBytes: Number(value.creditBytes),
    capabilities: value.capabilities,
  };
}

function origin(value: wire.Origin | undefined): messages.Origin {
  return {
    siteId: fixedOrEmpty(value?.siteId ?? new Uint8Array(), idBytes, 'Origin.site_id'),
    agentId: fixedOrEmpty(value?.agentId ?? new Uint8Array(), idBytes, 'Origin.agent_id'),
  };
}

function identity(value: wire.SourceIdentity | undefined, field: string): messages.SourceIdentity {
  const { path, device, inode, fingerprint, fingerprintLength, token, base } = required(value, field);
  return {
    path,
    device,
    inode,
    fingerprint: fixedOrEmpty(fingerprint, fingerprintBytes, 'SourceIdentity.fingerprint'),
    fingerprintLength,
    token,
    base: Number(base),
  };
}

function attributes(value: wire.StreamAttributes | undefined, field: string): messages.StreamAttributes {
  const { tenant, type, host, encoding, counted, labels } = required(value, field);
  return { tenant, type, host, encoding, counted, labels: map(labels, 'StreamAttributes.labels') };
}

function recoveredStream(value: wire.RecoveredStream): messages.RecoveredStream {
  return {
    streamId: fixed(value.streamId, idBytes, 'RecoveredStream.stream_id'),
    origin: origin(value.origin),
    identity: identity(value.identity, 'RecoveredStream.identity'),
    attributes: attributes(value.attributes, 'RecoveredStream.attributes'),
    start: Number(value.start),
    held: Number(value.held),
    heldMark: fixedOrEmpty(value.heldMark, markBytes, 'RecoveredStream.held_mark'),
    closed: value.closed,
  };
}

function openStream(value: wire.OpenStream): messages.OpenStream {
  return {
    kind: 'open-stream',
    stream: value.stream,
    channel: value.channel,
    streamId: fixed(value.streamId, idBytes, 'OpenStream.stream_id'),
    origin: origin(value.origin),
    identity: identity(value.identity, 'OpenStream.identity'),
    attributes: attributes(value.attributes, 'OpenStream.attributes'),
    start: Number(value.start),
    wantArchived: value.wantArchived,
  };
}

function position(value: wire.Position): messages.Position {
  return {
    kind: 'position',
    stream: value.stream,
    held: Number(value.held),
    heldMark: fixedOrEmpty(value.heldMark, markBytes, 'Position.held_mark'),
    archived: Number(value.archived),
  };
}

function segment(value: wire.Segment): messages.WireSegment {
  return {
    stream: value.stream,
    from: Number(value.from),
    to: Number(value.to),
    fromMark: fixedOrEmpty(value.fromMark, markBytes, 'Segment.from_mark'),
    toMark: fixedOrEmpty(value.toMark, markBytes, 'Segment.to_mark'),
    records: value.records,
    bytes: value.bytes,
    cuts: value.cuts.map((cut) => ({ offset: cut.offset, cause: cutCauseNames.fromWire(cut.cause, 'Cut.cause') })),
    lengths: value.lengths,
    drops: value.drops.map(({ offset, span, records }) => ({ offset, span: Number(span), records })),
    ...(value.host !== '' && { host: value.host }),
  };
}

/** The body is a view into the frame: it is not copied. */
function batch(value: wire.Batch): messages.Batch {
  const { createdMs, hops, trims } = required(value.envelope, 'Batch.envelope');
  return {
    kind: 'batch',
    channel: value.channel,
    sequence: value.sequence,
    segments: value.segments.map(segment),
    records: value.records,
    inflatedBytes: value.inflatedBytes,
    checksum: value.checksum,
    envelope: {
      createdMs: Number(createdMs),
      hops: hops.map((hop) => ({
        siteId: fixed(hop.siteId, idBytes, 'Hop.site_id'),
        hubId: fixed(hop.hubId, idBytes, 'Hop.hub_id'),
        receivedMs: Number(hop.receivedMs),
      })),
      trims: trims.map((trim) => ({ segment: trim.segment, from: Number(trim.from), to: Number(trim.to) })),
    },
    body: value.body,
  };
}

function refuse(value: wire.Refuse): messages.Refuse {
  return {
    kind: 'refuse',
    channel: value.channel,
    sequence: value.sequence,
    reason: refuseReasonNames.fromWire(value.reason, 'Refuse.reason'),
    stream: value.stream,
    held: Number(value.held),
    heldMark: fixedOrEmpty(value.heldMark, markBytes, 'Refuse.held_mark'),
    retryAfterMs: value.retryAfterMs,
    hint: value.hint,
  };
}

function gap(value: wire.Gap): messages.Gap {
  return {
    kind: 'gap',
    stream: value.stream,
    from: Number(value.from),
    to: Number(value.to),
    toMark: fixedOrEmpty(value.toMark, markBytes, 'Gap.to_mark'),
    cause: gapCauseNames.fromWire(value.cause, 'Gap.cause'),
  };
}

function reject(value: wire.Reject): messages.Reject {
  return {
    kind: 'reject',
    code: rejectCodeNames.fromWire(value.code, 'Reject.code'),
    hint: value.hint,
    retryAfterMs: value.retryAfterMs,
  };
}
