import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureAction } from '../definition/pipeline-schema.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import type { PipelineRecord } from '../record/record.ts';
import { StepError, type StepResult } from '../steps/step.ts';
import { recordOf } from '../steps/testing.ts';
import { newStepCounts, runSteps, type StepsRun } from './run-steps.ts';

type Run = (record: PipelineRecord) => StepResult;

function pipelineOf(
  ...steps: (Run | { readonly run: Run; readonly onError?: FailureAction; readonly when?: boolean })[]
): CompiledPipeline {
  const compiled = steps.map((given, index) => {
    const { run, onError = 'route' as const, when = true } = typeof given === 'function' ? { run: given } : given;
    return { index, name: `step${index}`, kind: 'test', step: { run }, when: { text: '', holds: () => when }, onError };
  });
  const source = { name: 'test', file: 'test.yaml', text: '' };
  return { name: 'test', source, steps: compiled, keepsState: false, [Symbol.dispose]: () => undefined };
}

function ran(pipeline: CompiledPipeline): { readonly out: PipelineRecord[]; readonly counts: StepsRun['counts'] } {
  const out: PipelineRecord[] = [];
  const counts = newStepCounts(pipeline);
  runSteps(pipeline, recordOf('line'), { counts, enter: () => undefined, count: () => undefined }, out);
  return { out, counts };
}

const fail: Run = () => {
  throw new StepError('no_match', 'it is another line');
};
const mark =
  (name: string): Run =>
  (record) =>
    record.set([name], true);
const splitInTwo: Run = (record) => [record, record.sibling({ second: true })];

test('a record that a step cannot work on goes to the errors with the reason, and no step behind it sees it', () => {
  const { out, counts } = ran(pipelineOf(mark('a'), fail, mark('b')));
  assert.deepEqual(out[0]?.fields, {
    a: true,
    error: { message: 'it is another line', type: 'no_match' },
    tributary: { pipeline: { name: 'test', step: 'step1' } },
  });
  assert.deepEqual(out[0].destination, { type: 'errors' });
  assert.deepEqual([counts.in, counts.failed], [Float64Array.of(1, 1, 0), Float64Array.of(0, 1, 0)]);
});

test('on_error says otherwise: keep goes on, drop ends it', () => {
  const kept = ran(pipelineOf({ run: fail, onError: 'keep' }, mark('b'))).out;
  assert.partialDeepStrictEqual(kept[0]?.fields, { b: true, error: { type: 'no_match' } });
  assert.equal(kept[0]?.destination, undefined);
  assert.deepEqual(ran(pipelineOf({ run: fail, onError: 'drop' }, mark('b'))).out, []);
});

test('a fault of a step is kept as one, and ends nothing', () => {
  const broken: Run = () => {
    throw new RangeError('Invalid count value');
  };
  assert.partialDeepStrictEqual(ran(pipelineOf(broken)).out[0]?.fields, { error: { type: 'internal' } });
});

test('a step whose condition does not hold is passed over', () => {
  const { out, counts } = ran(pipelineOf({ run: mark('a'), when: false }, mark('b')));
  assert.deepEqual([out[0]?.fields, counts.in], [{ b: true }, Float64Array.of(0, 1)]);
});

test('documents made of a record have numbers of their own, whatever a later step drops', () => {
  const dropSecond: Run = (record) => (record.fields['second'] === true && record.ordinal === 1 ? 'drop' : undefined);
  assert.deepEqual(
    ran(pipelineOf(splitInTwo, splitInTwo)).out.map(({ ordinal }) => ordinal),
    [0, 2, 1, 3],
  );
  assert.deepEqual(
    ran(pipelineOf(splitInTwo, dropSecond, splitInTwo)).out.map(({ ordinal }) => ordinal),
    [0, 2],
  );
});
