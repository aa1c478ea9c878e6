import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PipelineRecord } from '../record/record.ts';
import { dedupe } from './dedupe.ts';
import { route } from './route.ts';
import { sample } from './sample.ts';
import { makeStep, recordOf, testSource, tryStep } from './testing.ts';
import { throttle } from './throttle.ts';

function keptOf(rate: number): number[] {
  const step = makeStep(sample, { rate });
  const positions = Array.from({ length: 4000 }, (_, index) => index);
  return positions.filter((position) => {
    const record = new PipelineRecord({ source: testSource, raw: Buffer.from('x') }, position);
    return tryStep(step, record).result !== 'drop';
  });
}

test('about the share of the documents goes on, always the same ones', () => {
  const kept = keptOf(0.1);
  assert(Math.abs(kept.length - 400) < 100, String(kept.length));
  assert.deepEqual(keptOf(0.1), kept);
  const more = new Set(keptOf(0.5));
  assert(
    kept.every((position) => more.has(position)),
    'a greater share has all of a smaller one',
  );
  assert.deepEqual([keptOf(0).length, keptOf(1).length], [0, 4000]);
});

test('by a field: the same value, the same decision', () => {
  const step = makeStep(sample, { rate: 0.5, by: 'trace.id' });
  const decided = (id: string | number, line: string): unknown => {
    const record = recordOf(line);
    record.set(['trace', 'id'], id);
    return tryStep(step, record).result;
  };
  const results = Array.from({ length: 40 }, (_, id) => decided(id, 'a'));
  assert.deepEqual(
    results,
    Array.from({ length: 40 }, (_, id) => decided(id, 'b')),
  );
  assert.equal(new Set(results).size, 2);
});

test('whatever a field holds, nothing that decides by it crashes', () => {
  const steps = [
    makeStep(sample, { rate: 0.5, by: 'a.b' }),
    makeStep(dedupe, { by: ['a.b'] }),
    makeStep(throttle, { limit: 2, by: 'a.b' }),
    makeStep(route, { type: 'other' }),
  ];
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const record = recordOf('');
      record.replace(JSON.parse(JSON.stringify({ a: { b: value } })));
      for (const step of steps) tryStep(step, record);
    }),
    { numRuns: 200 },
  );
});
