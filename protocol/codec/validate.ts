/**
 * The rules between the fields of a message, as far as they can be checked without knowing the connection's state. Run on both
 * sides: by the encoder, where a broken one is our own fault, and by the decoder, where it is the peer's.
 */
import { FrameError } from '../frame-error.ts';
import * as limits from '../limits.ts';
import type * as messages from '../messages.ts';

const namePattern = /^[a-z0-9_]{1,50}$/;
/** Names of the IANA have no other characters; it goes into lists that are separated by spaces. */
const encodingPattern = /^[A-Za-z0-9._:+()-]*$/;
const uint32Max = 2 ** 32 - 1;

/** Throws a FrameError when the message breaks a rule; `malformed` or `limit`. */
export function validate(message: messages.Message): void {
  switch (message.kind) {
    case 'hello':
      return hello(message);
    case 'welcome':
      return welcome(message);
    case 'recovered':
      for (const stream of message.streams) recoveredStream(stream);
      return;
    case 'open-stream':
      return openStream(message);
    case 'position':
      return position(message);
    case 'batch':
      return batch(message);
    case 'ack':
      whole(message.channel, uint32Max, 'Ack.channel');
      return atLeastOne(message.sequence, 'Ack.sequence');
    case 'refuse':
      return refuse(message);
    case 'gap':
      return gap(message);
    case 'close-stream':
      atLeastOne(message.stream, 'CloseStream.stream');
      return whole(message.position, Number.MAX_SAFE_INTEGER, 'CloseStream.position');
    case 'credit':
      atLeastOne(message.channel, 'Credit.channel');
      return whole(message.bytes, limits.creditBytesMax, 'Credit.bytes');
    case 'drain':
      return whole(message.deadlineMs, limits.waitMsMax, 'Drain.deadline_ms');
    case 'reject':
      return whole(message.retryAfterMs, limits.waitMsMax, 'Reject.retry_after_ms');
    case 'ping':
      return whole(message.nonce, Number.MAX_SAFE_INTEGER, 'Ping.nonce');
    case 'pong':
      return whole(message.nonce, Number.MAX_SAFE_INTEGER, 'Pong.nonce');
    case 'recover':
    case 'snapshot':
  }
}

function must(condition: boolean, field: string, rule: string): void {
  if (!condition) throw new FrameError('malformed', `${field}: ${rule}`);
}

function atMost(value: number, max: number, field: string): void {
  if (value > max) throw new FrameError('limit', `${field}: more than ${max}`);
}

function whole(value: number, max: number, field: string): void {
  must(Number.isSafeInteger(value) && value >= 0, field, 'not a whole number below 2^53');
  atMost(value, max, field);
}

function atLeastOne(value: number, field: string): void {
  whole(value, uint32Max, field);
  must(value > 0, field, 'is 0');
}

function positions(value: number, field: string): void {
  whole(value, Number.MAX_SAFE_INTEGER, field);
}

function sourceIdentity(value: messages.SourceIdentity): void {
  positions(value.base, 'SourceIdentity.base');
}

function hello(message: messages.Hello): void {
  atLeastOne(message.versionMin, 'Hello.version_min');
  whole(message.versionMax, uint32Max, 'Hello.version_max');
  must(message.versionMin <= message.versionMax, 'Hello.version_max', 'below version_min');
  positions(message.startCounter, 'Hello.start_counter');
}

function welcome(message: messages.Welcome): void {
  atLeastOne(message.version, 'Welcome.version');
  for (const [name, value] of Object.entries(message.limits)) atLeastOne(value, `Welcome.limits.${name}`);
  must(message.limits.streamsMax >= message.limits.segmentsMax, 'Welcome.limits.streams_max', 'less than one batch may need');
  whole(message.creditBytes, limits.creditBytesMax, 'Welcome.credit_bytes');
  whole(message.flushIntervalMsMin, limits.waitMsMax, 'Welcome.flush_interval_ms_min');
}

function attributes(value: messages.StreamAttributes): void {
  must(namePattern.test(value.tenant), 'StreamAttributes.tenant', 'not of the form [a-z0-9_]{1,50}');
  must(namePattern.test(value.type), 'StreamAttributes.type', 'not of the form [a-z0-9_]{1,50}');
  must(encodingPattern.test(value.encoding), 'StreamAttributes.encoding', 'not the name of an encoding');
  const names = Object.keys(value.labels);
  atMost(names.length, limits.labelsMax, 'StreamAttributes.labels');
  must(!names.includes(''), 'StreamAttributes.labels', 'a name is empty');
}

function recoveredStream(stream: messages.RecoveredStream): void {
  sourceIdentity(stream.identity);
  attributes(stream.attributes);
  positions(stream.start, 'RecoveredStream.start');
  positions(stream.held, 'RecoveredStream.held');
}

function openStream(message: messages.OpenStream): void {
  atLeastOne(message.stream, 'OpenStream.stream');
  atLeastOne(message.channel, 'OpenStream.channel');
  atMost(message.channel, limits.channelsMax, 'OpenStream.channel');
  sourceIdentity(message.identity);
  attributes(message.attributes);
  positions(message.start, 'OpenStream.start');
}

function position(message: messages.Position): void {
  atLeastOne(message.stream, 'Position.stream');
  positions(message.held, 'Position.held');
  positions(message.archived, 'Position.archived');
  must(message.archived <= message.held, 'Position.archived', 'beyond held');
}

function refuse(message: messages.Refuse): void {
  atLeastOne(message.channel, 'Refuse.channel');
  atLeastOne(message.sequence, 'Refuse.sequence');
  whole(message.retryAfterMs, limits.waitMsMax, 'Refuse.retry_after_ms');
  positions(message.held, 'Refuse.held');
  if (message.reason === 'position') atLeastOne(message.stream, 'Refuse.stream');
}

function gap(message: messages.Gap): void {
  atLeastOne(message.stream, 'Gap.stream');
  positions(message.from, 'Gap.from');
  positions(message.to, 'Gap.to');
  must(message.from < message.to, 'Gap.to', 'not behind from');
}

function batch(message: messages.Batch): void {
  atLeastOne(message.channel, 'Batch.channel');
  atLeastOne(message.sequence, 'Batch.sequence');
  atMost(message.segments.length, limits.segmentsMax, 'Batch.segments');
  must(message.segments.length > 0, 'Batch.segments', 'there is none');
  must(message.body.length > 0, 'Batch.body', 'is empty');
  atMost(message.body.length, limits.bodyBytesMax, 'Batch.body');
  whole(message.checksum, uint32Max, 'Batch.checksum');
  let records = 0;
  let bytes = 0;
  for (const item of message.segments) {
    segment(item);
    records += item.records;
    bytes += item.bytes;
  }
  must(records === message.records, 'Batch.records', 'not the sum over its segments');
  must(bytes === message.inflatedBytes, 'Batch.inflated_bytes', 'not the sum over its segments');
  atMost(records, limits.recordsMax, 'Batch.records');
  atMost(bytes, limits.inflatedBytesMax, 'Batch.inflated_bytes');
  streamsContinue(message.segments);
  envelope(message);
}

function segment(value: messages.WireSegment): void {
  atLeastOne(value.stream, 'Segment.stream');
  positions(value.from, 'Segment.from');
  positions(value.to, 'Segment.to');
  must(value.from < value.to, 'Segment.to', 'not behind from');
  whole(value.records, limits.recordsMax, 'Segment.records');
  whole(value.bytes, limits.inflatedBytesMax, 'Segment.bytes');
  must(value.records > 0 || (value.bytes === 0 && value.drops.length > 0), 'Segment.records', 'there is none');
  const ends = recordEnds(value);
  cuts(value, ends);
  if (isCounted(value)) return;
  must(value.records <= value.bytes, 'Segment.records', 'more than bytes');
  const dropped = drops(value, ends);
  const rule = value.lengths.length > 0 ? 'neither one position for each record nor for each byte' : 'not one for each position';
  must(value.to - value.from === value.bytes + dropped, 'Segment.bytes', rule);
}

/**
 * A segment of a counted stream has one position and one length for each record. Only its stream tells for sure, which is not
 * known here; whoever splits the body into records looks at that.
 */
function isCounted({ from, to, records, lengths, drops: left }: messages.WireSegment): boolean {
  return lengths.length > 0 && left.length === 0 && to - from === records;
}

/** Where records end, when they have lengths and something must fit them; otherwise only the body tells. */
function recordEnds(value: messages.WireSegment): ReadonlySet<number> | undefined {
  const { lengths } = value;
  if (lengths.length === 0) return undefined;
  must(lengths.length === value.records, 'Segment.lengths', 'not one for each record');
  const ends = value.cuts.length + value.drops.length > 0 ? new Set<number>() : undefined;
  let end = 0;
  for (const length of lengths) {
    end += length;
    ends?.add(end);
  }
  must(end === value.bytes, 'Segment.lengths', 'their sum is not the bytes');
  return ends;
}

function cuts(value: messages.WireSegment, ends: ReadonlySet<number> | undefined): void {
  must(value.cuts.length <= value.records, 'Segment.cuts', 'more than records');
  let last = 0;
  for (const { offset } of value.cuts) {
    must(offset > last, 'Cut.offset', 'not ascending');
    must(ends?.has(offset) !== false, 'Cut.offset', 'not at the end of a record');
    last = offset;
  }
  must(last <= value.bytes, 'Cut.offset', 'beyond the segment');
}

/** Returns how many positions were left out. */
function drops(value: messages.WireSegment, ends: ReadonlySet<number> | undefined): number {
  let last = -1;
  let dropped = 0;
  for (const { offset, span, records } of value.drops) {
    must(offset > last, 'Drop.offset', 'not ascending');
    must(offset === 0 || ends?.has(offset) !== false, 'Drop.offset', 'not at the end of a record');
    positions(span, 'Drop.span');
    must(span > 0, 'Drop.span', 'is 0');
    whole(records, uint32Max, 'Drop.records');
    must(records <= span, 'Drop.records', 'more than positions');
    last = offset;
    dropped += span;
  }
  must(last <= value.bytes, 'Drop.offset', 'beyond the segment');
  return dropped;
}

/** Segments of the same stream within one batch are in order and do not overlap. */
function streamsContinue(segments: readonly messages.WireSegment[]): void {
  if (segments.length === 1) return;
  const ends = new Map<number, number>();
  for (const { stream, from, to } of segments) {
    must(from >= (ends.get(stream) ?? 0), 'Segment.from', 'before the end of the one before it');
    ends.set(stream, to);
  }
}

function envelope(message: messages.Batch): void {
  const { createdMs, hops, trims } = message.envelope;
  positions(createdMs, 'Envelope.created_ms');
  for (const hop of hops) positions(hop.receivedMs, 'Hop.received_ms');
  let last = -1;
  for (const trim of trims) {
    const trimmed = message.segments[trim.segment];
    if (trimmed === undefined || trim.segment <= last) throw new FrameError('malformed', 'Trim.segment: not an ascending index');
    // One way to say it: a trim leaves something out, and an end that is the segment's own is not told.
    if (trim.to === 0) must(trim.from > trimmed.from && trim.from <= trimmed.to, 'Trim.from', 'outside its segment');
    else {
      must(trim.from >= trimmed.from, 'Trim.from', 'outside its segment');
      must(trim.to > trim.from && trim.to < trimmed.to, 'Trim.to', 'outside its segment');
    }
    last = trim.segment;
  }
}
