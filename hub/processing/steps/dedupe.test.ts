import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineRecord } from '../record/record.ts';
import { dedupe } from './dedupe.ts';
import { makeStep, testSource, tryStep } from './testing.ts';

function recordAt(position: number, text: string, receivedMs: number, tenant = 'shop'): PipelineRecord {
  return new PipelineRecord({ source: { ...testSource, tenant, receivedMs }, raw: Buffer.from(text) }, position);
}

test('the same again within the window is left out, and counted', () => {
  const step = makeStep(dedupe, { window: '1m' });
  const results = [
    recordAt(0, 'a', 0),
    recordAt(1, 'a', 59_999),
    recordAt(2, 'b', 59_999),
    recordAt(3, 'a', 0, 'bank'),
    recordAt(4, 'a', 60_000),
    recordAt(5, 'a', 60_001),
  ].map((record) => tryStep(step, record));
  assert.deepEqual(
    results.map(({ result }) => result),
    [undefined, 'drop', undefined, undefined, undefined, 'drop'],
  );
  assert.deepEqual(results[1]?.metrics[0]?.labels, { pipeline: 'test', step: 'dedupe' });
});

test('a batch that is worked on again is treated as the first time', () => {
  const step = makeStep(dedupe, {});
  const run = (): unknown[] => [0, 1, 2].map((position) => tryStep(step, recordAt(position, 'a', 0)).result);
  assert.deepEqual(run(), [undefined, 'drop', 'drop']);
  assert.deepEqual(run(), [undefined, 'drop', 'drop']);
});

test('by fields; without any of them nothing is the same', () => {
  const step = makeStep(dedupe, { by: ['user', 'code'] });
  const tried = (position: number, user?: string, code?: number): unknown => {
    const record = recordAt(position, `line ${position}`, 0);
    if (user !== undefined) record.set(['user'], user);
    if (code !== undefined) record.set(['code'], code);
    return tryStep(step, record).result;
  };
  assert.deepEqual(
    [tried(0, 'a', 1), tried(1, 'a', 2), tried(2, 'a', 1), tried(3, 'a'), tried(4), tried(5)],
    [undefined, undefined, 'drop', undefined, undefined, undefined],
  );
});

test('it remembers so many', () => {
  const step = makeStep(dedupe, { remember: 100 });
  for (let position = 0; position < 200; position += 1) tryStep(step, recordAt(position, `line ${position}`, 0));
  assert.equal(tryStep(step, recordAt(200, 'line 0', 0)).result, undefined);
  assert.equal(tryStep(step, recordAt(201, 'line 199', 0)).result, 'drop');
});
