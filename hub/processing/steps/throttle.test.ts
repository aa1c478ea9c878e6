import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineRecord } from '../record/record.ts';
import type { Step } from './step.ts';
import { makeStep, testSource, tryStep } from './testing.ts';
import { throttle } from './throttle.ts';

function keptOf(step: Step, positions: readonly number[], { receivedMs = 0, service = 'a' } = {}): number[] {
  return positions.filter((position) => {
    const record = new PipelineRecord({ source: { ...testSource, receivedMs }, raw: Buffer.from('x') }, position);
    record.set(['service'], service);
    return tryStep(step, record).result !== 'drop';
  });
}

function from(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

test('so many in a period, and again in the next one', () => {
  const step = makeStep(throttle, { limit: 3, per: '10s' });
  assert.deepEqual(keptOf(step, from(0, 5)), [0, 1, 2]);
  assert.deepEqual(keptOf(step, from(5, 5), { receivedMs: 9999 }), []);
  assert.deepEqual(keptOf(step, from(10, 5), { receivedMs: 10_000 }), [10, 11, 12]);
});

test('a batch that is worked on again costs nothing', () => {
  const step = makeStep(throttle, { limit: 5, per: '10s' });
  assert.deepEqual(keptOf(step, from(0, 3)), [0, 1, 2]);
  assert.deepEqual(keptOf(step, from(0, 3)), [0, 1, 2]);
  assert.deepEqual(keptOf(step, from(3, 3)), [3, 4]);
});

test('each value has its own limit, until there are too many of them', () => {
  const step = makeStep(throttle, { limit: 1, by: 'service', remember: 10 });
  for (const [index, service] of [...'abcdefghij'.matchAll(/./g)].entries())
    assert.equal(keptOf(step, from(index * 2, 2), { service: service[0] }).length, 1);
  assert.equal(keptOf(step, [100], { service: 'k' }).length, 1);
  assert.equal(keptOf(step, [101], { service: 'l' }).length, 0, 'it shares the limit of those that came too late');
});

test('a share of what is over goes on, and what does not is counted', () => {
  const step = makeStep(throttle, { limit: 10, sample: 0.1 });
  const kept = keptOf(step, from(0, 2000)).length;
  assert(kept > 100 && kept < 320, String(kept));
  const record = new PipelineRecord({ source: testSource, raw: Buffer.from('x') }, 1);
  const full = makeStep(throttle, { limit: 1 });
  tryStep(full, record);
  const next = new PipelineRecord({ source: testSource, raw: Buffer.from('x') }, 2);
  assert.equal(tryStep(full, next).metrics[0]?.name, 'tributary_hub_pipeline_suppressed_total');
});
