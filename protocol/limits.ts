/**
 * Every limit of the protocol, in one place. A frame beyond one of them is refused by the decoder, and never made by the
 * encoder. What a hub grants in its Welcome may be less, never more. The relations between them are asserted at load.
 */
import { assert } from '@tributary/shared/assert.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** One binary WebSocket message. The socket itself is told this limit too, so that a longer one is never gathered. */
export const frameBytesMax = 8 * mebibyte;
/** The records of one batch, inflated: what a reader must be ready to hold. */
export const inflatedBytesMax = 4 * mebibyte;
/** A compressed body: bytes that do not compress grow a little. */
export const bodyBytesMax = inflatedBytesMax + 64 * kibibyte;
/** Segments of one batch: so many streams of a channel may share it. */
export const segmentsMax = 1024;
/** Records of one batch. */
export const recordsMax = 131_072;
/** Records of one batch whose end no terminator shows: without a limit of their own they would be dearer than their bytes. */
export const cutsMax = 65_536;
/**
 * Drops of one batch: one before each record and one behind the last of each segment, for as many records as may be cut, which is
 * what an agent puts into a batch.
 */
export const dropsMax = cutsMax + segmentsMax;
/** Fields of a frame that this version does not know: room for one with every record, and far less than a frame could hold. */
export const unknownFieldsMax = 131_072;
/** Streams open at a time on one connection; numbers further back are forgotten. */
export const streamsMax = 65_536;
/** What a receiver remembers of how its peer described the streams of one connection. */
export const describedBytesMax = 2 * mebibyte;
/** Channels of one connection. */
export const channelsMax = 4096;
/** Batches of one channel that are sent and not answered. */
export const batchesInFlightMax = 1024;
/** Window of one channel in bytes of bodies. */
export const creditBytesMax = 1024 * mebibyte;
/** What a hub tells its upstream of the present health of its site. */
export const snapshotBytesMax = mebibyte;
/** Sites a batch may pass through: a loop between hubs ends here. */
export const hopsMax = 16;
/** Streams in one Recovered message. */
export const recoveredStreamsMax = 256;
/** Bytes at which a Recovered message is ended early, so that it stays far below a frame. */
export const recoveredBytesMax = mebibyte;
/** Streams in all Recovered messages of one answer. */
export const recoveredStreamsTotalMax = 262_144;

export const idBytes = 16;
export const markBytes = 8;
/** Bytes before a position that its mark is made of. */
export const markedBytes = 64;
export const fingerprintBytes = 32;

/** Tenants and log types: they become names of topics, folders and indices. */
export const nameBytesMax = 50;
/** A name of the domain name system fits. */
export const hostBytesMax = 255;
export const encodingBytesMax = 64;
/** PATH_MAX of Linux. */
export const pathBytesMax = 4096;
/** Device and inode as decimal text. */
export const fileNumberBytesMax = 32;
export const tokenBytesMax = 4096;
export const labelsMax = 64;
export const labelNameBytesMax = 128;
export const labelValueBytesMax = 1024;
export const factsMax = 64;
export const factNameBytesMax = 128;
export const factValueBytesMax = 1024;
export const capabilitiesMax = 64;
export const capabilityBytesMax = 64;
export const hubsMax = 64;
export const hubBytesMax = 512;
/** A sentence for a person. */
export const hintBytesMax = 1024;

/** What one end may ask the other to wait. */
export const waitMsMax = 3_600_000;
/** Pings go out at this interval while something is unanswered. */
export const pingIntervalMs = 1500;
/**
 * A Ping unanswered for so long, and nothing else that says so, means that the peer is gone: with the interval before, and a second for the way
 * to another hub, a silent cut costs less than 5 s.
 */
export const pongTimeoutMs = 2500;
/** A receiver that is amid a message, or does not read for the moment, says this often that it is there. */
export const stillHereMs = 1000;
/** From the open socket to the Welcome. */
export const welcomeTimeoutMs = 15_000;
/** From the open socket to the Hello. */
export const helloTimeoutMs = 10_000;
/** A busy hub that names no time is asked again after this. */
export const busyRetryMsMin = 50;
/** How often a batch is sent whose bytes arrived damaged. */
export const corruptTriesMax = 3;
/** How often the site may refuse a stream at one position where this end finds nothing wrong. */
export const positionTriesMax = 3;

/** Room a segment takes in a frame besides its cuts, lengths, drops and host: ten fields with their tags, at their longest. */
export const segmentHeadBytesMax = 80;
export const segmentHostBytesMax: number = hostBytesMax + 3;
export const cutBytesMax = 10;
export const lengthBytesMax = 4;
export const dropBytesMax = 24;
/** Room for a batch's fields besides segments, trims, hops and body. */
export const batchHeadBytes = 4 * kibibyte;
const trimBytesMax = 26;
const hopBytesMax = 64;
const batchHeadBytesMax =
  segmentsMax * (segmentHeadBytesMax + segmentHostBytesMax + trimBytesMax) +
  cutsMax * cutBytesMax +
  recordsMax * lengthBytesMax +
  dropsMax * dropBytesMax +
  hopsMax * hopBytesMax +
  batchHeadBytes;

assert(bodyBytesMax + batchHeadBytesMax <= frameBytesMax, 'the largest batch fits a frame');
assert(bodyBytesMax > inflatedBytesMax, 'a body that does not compress fits');
assert(inflatedBytesMax < 2 ** (7 * lengthBytesMax), 'a length takes four bytes on the wire');
assert(segmentsMax * 16 <= streamsMax, 'opening the streams of one batch pushes out none of them');
assert(segmentsMax <= recordsMax && cutsMax <= recordsMax, 'a segment has a record, and a cut ends one');
assert(unknownFieldsMax >= recordsMax, 'a later version may add a field to every record');
assert(snapshotBytesMax * 2 <= frameBytesMax, 'a Snapshot fits a frame');
assert(bodyBytesMax <= creditBytesMax, 'the largest batch fits the largest window');
assert(recoveredBytesMax * 2 <= frameBytesMax, 'a Recovered message with one stream too many fits a frame');
assert(recoveredStreamsMax <= recoveredStreamsTotalMax, 'one Recovered message is within the sum');
assert(pongTimeoutMs > pingIntervalMs, 'a Pong may take longer than the interval of the Pings');
assert(pongTimeoutMs >= 2 * stillHereMs, 'who says that it is there is heard in time');
