import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealedInFlight } from './in-flight.ts';

/** A record of application data of TLS with so many bytes in it. */
function record(bytes: number): Buffer {
  const whole = Buffer.alloc(5 + bytes);
  whole.writeUInt8(23, 0);
  whole.writeUInt16BE(0x0303, 1);
  whole.writeUInt16BE(bytes, 3);
  return whole;
}

test('within TLS, what no word of the hub can have answered is in flight', () => {
  let batches = 0;
  const view = new SealedInFlight({ onBatch: () => (batches += 1) });
  view.fromAgent(record(300));
  assert.equal(view.count, 0, 'a Hello is no batch');
  const [first, second] = [record(9000), record(9000)];
  // In pieces of any size.
  for (const byte of first) view.fromAgent(Buffer.of(byte));
  view.fromAgent(second);
  assert.deepEqual([view.count, batches], [2, 2]);
  view.toHub(Buffer.concat([record(300), first]));
  const word = record(40);
  view.takenFromHub(word);
  view.toHub(second);
  assert.equal(view.count, 2, 'its word is on the way');
  view.fromHub(word);
  assert.equal(view.count, 1, 'it was said before the second one came');
  view.takenFromHub(word);
  view.fromHub(word);
  assert.equal(view.count, 0);
  assert.throws(() => view.fromAgent(Buffer.from('GET / HTTP/1.1')), /no TLS record/);
});
