import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessReport } from './call-terms.ts';
import { StepBook } from './step-book.ts';

function report(pipeline: string, ...steps: [step: string, records: number, failed: number][]): ProcessReport {
  const counts = steps.map(([step, records, failed]) => ({ step, in: records, failed, dropped: 0 }));
  return { pipeline, steps: counts, problems: [], metrics: [] };
}

test('counts add up per pipeline and step, and begin anew with other steps', () => {
  const book = new StepBook();
  book.count(report('web', ['json', 10, 1], ['json', 9, 0]));
  book.count(report('app', ['json', 1, 0]));
  book.count(report('web', ['json', 5, 2], ['json', 3, 3]));
  assert.deepEqual(
    book.all.map(({ pipeline, steps }) => [pipeline, ...steps.map((step) => `${step.in} ${step.failed}`)]),
    [
      ['app', '1 0'],
      ['web', '15 3', '12 3'],
    ],
  );
  book.count(report('web', ['json', 7, 0], ['drop', 7, 0]));
  book.keepOnly(new Set(['web']));
  assert.deepEqual(book.all, [
    {
      pipeline: 'web',
      steps: [
        { step: 'json', in: 7, failed: 0, dropped: 0 },
        { step: 'drop', in: 7, failed: 0, dropped: 0 },
      ],
    },
  ]);
});
