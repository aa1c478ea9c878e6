/**
 * The decoder on bytes that nobody meant: random ones, and golden frames with something changed. Only a FrameError may come out,
 * soon, and without much memory. FUZZ_RUNS=1000000 for a long look; a failure prints the seed to run again.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { decode, encode } from '@tributary/protocol/codec.ts';
import { readGolden } from '@tributary/protocol/fixtures/read-golden.ts';
import { FrameError } from '@tributary/protocol/frame-error.ts';
import { frameBytesMax } from '@tributary/protocol/limits.ts';
import fc from 'fast-check';
import type { DecodedAlone } from './decode-alone.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 20_000);
const seeds = [...readGolden('valid'), ...readGolden('invalid')].map(({ bytes }) => bytes);

/** What is accepted can be written, and means the same when read again. */
function decodesOrRefuses(bytes: Uint8Array): void {
  let message;
  try {
    message = decode(bytes);
  } catch (error) {
    assert.ok(error instanceof FrameError, `${Buffer.from(bytes).toString('hex')}: ${String(error)}`);
    return;
  }
  assert.deepEqual(decode(encode(message)), message);
}

type Change = (bytes: Uint8Array) => Uint8Array;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function placed(bytes: Uint8Array, at: number): number {
  return Math.floor(at * bytes.length);
}

const set = fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, value]): Change => (bytes) => {
  const changed = bytes.slice();
  changed[placed(bytes, at)] = value;
  return changed;
});

const cut = place.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, placed(bytes, at)),
);

const insert = fc.tuple(place, fc.uint8Array({ maxLength: 12 })).map(([at, more]): Change => (bytes) => {
  const where = placed(bytes, at);
  return Buffer.concat([bytes.subarray(0, where), more, bytes.subarray(where)]);
});

const repeat = fc.tuple(place, place, fc.integer({ min: 1, max: 50 })).map(([from, to, times]): Change => (bytes) => {
  const [start, end] = [placed(bytes, from), placed(bytes, to)];
  const part = bytes.subarray(Math.min(start, end), Math.max(start, end));
  return Buffer.concat([bytes.subarray(0, end), ...Array<Uint8Array>(times).fill(part), bytes.subarray(end)]);
});

const changed = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.oneof(set, cut, insert, repeat), { minLength: 1, maxLength: 6 }))
  .map(([bytes, changes]) => {
    let result = new Uint8Array(bytes);
    for (const change of changes) result = new Uint8Array(change(result));
    return result;
  });

test('random bytes are a message or a FrameError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decodesOrRefuses), { numRuns });
});

test('changed golden frames are a message or a FrameError', () => {
  fc.assert(fc.property(changed, decodesOrRefuses), { numRuns });
});

/** Frames of full size that would become very many objects: what they cost must stay near their own size. */
const bombs: Readonly<Record<string, { readonly head: string; readonly unit: string }>> = {
  'empty segments': { head: '3a', unit: '1a00' },
  'segments with empty cuts': { head: '3a', unit: '1a084200420042004200' },
  'empty drops': { head: '3a', unit: '1a085200520052005200' },
  'empty hops': { head: '3a', unit: '3a021200' },
  'recovered streams': { head: '22', unit: '0a00' },
  'labels of one stream': { head: '2a', unit: '32023200' },
  'hubs of a welcome': { head: '12', unit: '2a00' },
  facts: { head: '0a', unit: '4200' },
  'lengths of one byte': { head: '3a', unit: '1a0a4a080101010101010101' },
  'fields nobody knows': { head: '42', unit: 'a00601' },
  'groups in groups': { head: '42', unit: 'a306' },
};

function bomb({ head, unit }: { readonly head: string; readonly unit: string }): Uint8Array<ArrayBuffer> {
  const part = Buffer.from(unit, 'hex');
  const times = Math.floor((frameBytesMax - 8) / part.length);
  const length = times * part.length;
  const varint = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, ((length >> 14) & 0x7f) | 0x80, length >> 21];
  const bytes = new Uint8Array(head.length / 2 + varint.length + length);
  bytes.set([...Buffer.from(head, 'hex'), ...varint]);
  Buffer.from(bytes.buffer, head.length / 2 + varint.length).fill(part);
  return bytes;
}

/**
 * The thread's whole heap, the runtime's own part included, is no larger than four frames: a decoder that held more at any moment
 * would end it for want of memory. How much garbage lies about unswept, which is the collector's affair, makes no difference.
 */
async function decodeAlone(bytes: Uint8Array<ArrayBuffer>): Promise<DecodedAlone> {
  const worker = new Worker(new URL('./decode-alone.ts', import.meta.url), {
    workerData: bytes,
    transferList: [bytes.buffer],
    resourceLimits: { maxOldGenerationSizeMb: (4 * frameBytesMax) / 2 ** 20, maxYoungGenerationSizeMb: 2 },
  });
  const [told]: DecodedAlone[] = await once(worker, 'message');
  assert.ok(told !== undefined);
  await worker.terminate();
  return told;
}

for (const [name, parts] of Object.entries(bombs)) {
  test(`8 MiB of ${name} cost no more than a frame`, async () => {
    const { outcome, cpuMs, bufferBytes } = await decodeAlone(bomb(parts));
    assert.ok(outcome === 'limit' || outcome === 'malformed', outcome);
    assert.ok(bufferBytes < frameBytesMax, `${bufferBytes} bytes in buffers`);
    assert.ok(cpuMs < 2000, `${cpuMs} ms`);
  });
}

test('a frame over the limit is refused before it is looked at', () => {
  assert.throws(() => decode(new Uint8Array(frameBytesMax + 1)), { code: 'limit' });
});
