/**
 * Bytes and messages: one binary WebSocket message is one Frame of schema/tributary.proto.
 *
 * Outside data is validated here, once: what `decode` returns may be trusted as far as it can be judged without knowing the
 * connection. `encode` holds our own messages to the same rules by assertion.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { assert, AssertionFailedError } from '@tributary/shared/assert.ts';
import { guardFrame } from './codec/frame-guard.ts';
import { fromWire } from './codec/from-wire.ts';
import { toWire } from './codec/to-wire.ts';
import { validate } from './codec/validate.ts';
import { FrameError } from './frame-error.ts';
import { BatchSchema, FrameSchema, type Frame } from './generated/tributary_pb.ts';
import type { Message } from './messages.ts';

/** Tag of `Frame.batch` and of `Batch.body`: number and wire type in one byte. */
const batchTag = (7 << 3) | 2;
const bodyTag = (15 << 3) | 2;

/** Throws only on a broken rule of our own. The bytes are new: neither the message nor its body is kept. */
export function encode(message: Message): Uint8Array {
  try {
    validate(message);
    const head = toWire(message);
    const bytes = message.kind === 'batch' ? encodeBatch(head, message.body) : toBinary(FrameSchema, head);
    guardFrame(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof FrameError) throw new AssertionFailedError(`a message of ours breaks a rule: ${error.message}`);
    throw error;
  }
}

/** Throws a FrameError. The body of a Batch is a view into `bytes`. */
export function decode(bytes: Uint8Array): Message {
  guardFrame(bytes);
  const message = fromWire(read(bytes));
  validate(message);
  return message;
}

function read(bytes: Uint8Array): Frame {
  try {
    return fromBinary(FrameSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    // What the guard lets through and the reader does not is text that is not UTF-8.
    throw new FrameError('malformed', 'Frame: a text is not UTF-8', cause);
  }
}

/** Writes the body, which the schema puts last, straight to its place: the generated code would copy it twice. */
function encodeBatch(frame: Frame, body: Uint8Array): Uint8Array {
  assert(frame.message.case === 'batch', 'a batch is encoded');
  const head = toBinary(BatchSchema, frame.message.value);
  const batchBytes = head.length + 1 + varintBytes(body.length) + body.length;
  const bytes = new Uint8Array(1 + varintBytes(batchBytes) + batchBytes);
  let at = writeVarint(bytes, 0, batchTag);
  at = writeVarint(bytes, at, batchBytes);
  bytes.set(head, at);
  at = writeVarint(bytes, at + head.length, bodyTag);
  at = writeVarint(bytes, at, body.length);
  bytes.set(body, at);
  assert(at + body.length === bytes.length, 'the frame is exactly as long as computed');
  return bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}

function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) {
    bytes[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}
