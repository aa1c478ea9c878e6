import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailedError } from '@tributary/shared/assert.ts';
import { decode, encode } from './codec.ts';
import { readGolden } from './fixtures/read-golden.ts';
import { validSamples } from './fixtures/valid-samples.ts';
import * as limits from './limits.ts';
import type { Message } from './messages.ts';

/** Field 100, a number: three bytes that no version of the schema gives a meaning so far. */
const unknownField = Buffer.from('a00601', 'hex');

/** An Ack (tag 0x42) of channel 1 and sequence 2, with that field many times. */
function ackWithUnknown(times: number): Uint8Array {
  const content = Buffer.concat([Buffer.from('08011002', 'hex'), Buffer.alloc(3 * times, unknownField)]);
  const length = [(content.length & 0x7f) | 0x80, ((content.length >> 7) & 0x7f) | 0x80, content.length >> 14];
  return Buffer.concat([Buffer.from([0x42, ...length]), content]);
}

test('fields of a later version are passed over, up to a number', () => {
  const ack: Message = { kind: 'ack', channel: 1, sequence: 2 };
  assert.deepEqual(decode(ackWithUnknown(1)), ack);
  assert.deepEqual(decode(ackWithUnknown(limits.unknownFieldsMax)), ack);
  assert.throws(() => decode(ackWithUnknown(limits.unknownFieldsMax + 1)), { code: 'limit' });
});

test('fields of a later version beside the message of a frame are passed over', () => {
  for (const { name, bytes } of readGolden('valid')) {
    assert.deepEqual(decode(new Uint8Array([...bytes, ...unknownField])), validSamples[name]);
  }
});

test('the body of a decoded batch is a view into the frame, that of an encoded one is copied', () => {
  const message = validSamples['batch'];
  assert.ok(message?.kind === 'batch');
  const bytes = encode(message);
  const decoded = decode(bytes);
  assert.ok(decoded.kind === 'batch');
  assert.equal(decoded.body.buffer, bytes.buffer);
  assert.notEqual(bytes.buffer, message.body.buffer);
});

test('a message of ours that breaks a rule is a fault of ours, not of the world', () => {
  assert.throws(() => encode({ kind: 'ack', channel: 1, sequence: 0 }), AssertionFailedError);
  assert.throws(() => encode({ kind: 'drain', hubs: ['x'.repeat(limits.hubBytesMax + 1)], deadlineMs: 0 }), AssertionFailedError);
});
