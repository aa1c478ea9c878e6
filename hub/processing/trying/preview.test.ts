import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PreviewAnswer } from '../../dashboard/api/search-shapes.ts';
import { trialWorker } from '../../workers.ts';
import { limitsDefault } from '../../commands/pipeline-place.ts';
import { previewPipeline } from './preview.ts';

const meta = { tenant: 'shop', type: 'app', host: 'web1', path: '/var/log/app.log', labels: {}, receivedMs: 0 };

function preview(edited: string, { current, msMax = 60_000 }: { current?: string; msMax?: number } = {}): Promise<PreviewAnswer> {
  const sourceOf = (text: string): { name: string; file: string; text: string } => ({ name: 'app', file: 'app.yaml', text });
  return previewPipeline({
    worker: trialWorker,
    current: current === undefined ? undefined : sourceOf(current),
    edited: sourceOf(edited),
    lines: ['{"user":"anna","status":500}', 'no json'],
    meta,
    limits: limitsDefault,
    msMax,
  });
}

test('an edit is shown beside what runs, step by step', async () => {
  const answer = await preview('steps:\n  - json: {}\n  - rename: { fields: { user: user.name } }\n', {
    current: 'steps:\n  - json: {}\n',
  });
  assert.deepEqual(answer.errors, []);
  const [first, second] = answer.results;
  assert.equal(first?.line, '{"user":"anna","status":500}');
  assert.equal(first.before[0]?.['user'], 'anna');
  assert.deepEqual(first.after[0]?.['user'], { name: 'anna' });
  assert.deepEqual(
    first.steps.map(({ name }) => name),
    ['json', 'rename'],
  );
  assert.equal(first.steps[1]?.changed.includes('user.name'), true);
  assert.notEqual(second?.steps[0]?.error, '');
});

test('a step is told with its line in the file, those of a preset with the line that names it', async () => {
  const answer = await preview(
    'steps:\n  # How it comes.\n  - json: {}\n\n  - set: { fields: { a.b: 1 } }\n    when: fields.status == 500\n  - preset: syslog\n',
  );
  assert.deepEqual(answer.errors, []);
  const steps = answer.results[0]?.steps ?? [];
  assert.deepEqual([steps[0]?.line, steps[1]?.line], [3, 5]);
  assert.ok(steps.length > 2 && steps.slice(2).every(({ line }) => line === 7), JSON.stringify(steps));
});

test('what is wrong with an edit is told with its place, and where no pipeline runs a record stays as it is', async () => {
  const wrong = await preview('steps:\n  - jsn: {}\n');
  assert.equal(wrong.results.length, 0);
  assert.equal(wrong.errors[0]?.line, 2);
  assert.match(wrong.errors[0].message, /json/);
  const good = await preview('steps:\n  - json: {}\n');
  assert.deepEqual(good.results[1]?.before, [{ message: 'no json' }]);
});

test('an edit that takes too long ends', async () => {
  const { errors } = await preview("steps:\n  - script: 'for (;;) {}'\n", { msMax: 1 });
  assert.match(errors[0]?.message ?? '', /longer than|ended/);
});
