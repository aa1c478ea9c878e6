import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Entry } from '../queue/queue.ts';
import { batchEntry } from '../testing/records.ts';
import { inflatedBodies } from './inflated-bodies.ts';
import { inflatedHereBytesMax, inflatedTogetherBytesMax } from './limits.ts';

const params = { [constants.ZSTD_c_checksumFlag]: 1 };

function entryOf(sequence: number, text: string, changed: Partial<Entry> = {}): Entry {
  return batchEntry([], Buffer.from(text), { sequence, ...changed });
}

async function inflated(entries: readonly Entry[]): Promise<{ readonly texts: [number, string][]; readonly steps: number }> {
  const texts: [number, string][] = [];
  let steps = 0;
  for await (const bodies of inflatedBodies(entries)) {
    steps += 1;
    for (const { entry, lines } of bodies) texts.push([entry.sequence, lines.toString()]);
  }
  return { texts, steps };
}

function textsOf(entries: readonly Entry[], text: (sequence: number) => string): [number, string][] {
  return entries.map(({ sequence }) => [sequence, text(sequence)]);
}

test('many small bodies are inflated together, each as it is', async () => {
  const text = (sequence: number): string => `${'ä'.repeat(sequence % 7)}${sequence}\n`.repeat(sequence % 5);
  const entries = Array.from({ length: 200 }, (_, sequence) => entryOf(sequence, text(sequence)));
  assert.deepEqual(await inflated(entries), { texts: textsOf(entries, text), steps: 1 });
  assert.deepEqual(await inflated([]), { texts: [], steps: 0 });
});

test('of large ones a few at a time, or alone', async () => {
  const sizes = [inflatedHereBytesMax, inflatedHereBytesMax + 1, inflatedTogetherBytesMax, 5, inflatedHereBytesMax, 5];
  const entries = [...sizes, ...sizes].map((size, sequence) => entryOf(sequence, 'x'.repeat(size)));
  const { texts, steps } = await inflated(entries);
  assert.deepEqual(
    texts,
    textsOf(entries, (sequence) => 'x'.repeat(sizes[sequence % sizes.length] ?? 0)),
  );
  assert.equal(steps, 7);
  const many = Array.from({ length: 9 }, (_, sequence) => entryOf(sequence, 'y'.repeat(inflatedHereBytesMax)));
  assert.equal((await inflated(many)).steps, 3);
});

test('one that cannot be inflated, or is not what it says, takes nothing from the others', async () => {
  const good = (sequence: number): Entry => entryOf(sequence, `good ${sequence}\n`);
  const whole = zstdCompressSync('bad\n', { params });
  const broken = Buffer.from(whole);
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  // Its size stands in the header's sixth byte, as it is of one segment.
  const lying = Buffer.from(zstdCompressSync('too long\n'));
  lying[5] = 4;
  const two = Buffer.concat([whole, zstdCompressSync('x'.repeat(50))]);
  for (const body of [broken, lying, two, whole.subarray(0, -6), Buffer.from('none'), Buffer.alloc(0)]) {
    const bad = entryOf(1, 'bad\n', { body });
    const { texts } = await inflated([good(0), bad, good(2), good(3)]);
    const others = texts.filter(([sequence]) => sequence !== 1);
    assert.deepEqual(
      others,
      textsOf([good(0), good(2), good(3)], (sequence) => `good ${sequence}\n`),
      body.toString('hex'),
    );
  }
});
