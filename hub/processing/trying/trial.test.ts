import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trialWorker } from '../../workers.ts';
import { Trial, TrialEnded } from './trial.ts';

const meta = { tenant: 'shop', type: 'app', host: 'web-1', path: '/a.log', labels: {}, receivedMs: 0 };
const limits = { scriptTimeLimitMs: 200, memoryBytes: 64 * 1024 * 1024 };

test('a line that holds up a script has failed, and those around it have not', async () => {
  await using trial = new Trial(trialWorker, limits);
  const text = `
steps:
  - script:
      code: |
        export default (record) => {
          if (record.raw === 'hang') for (;;);
          if (record.raw === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(record)); }
          return record;
        };
  - set: { fields: { after: true } }
`;
  const opened = await trial.open({ name: 'app', file: '/p/app.yaml', text }, meta);
  assert.deepEqual(opened, {
    steps: [
      { name: 'script', kind: 'script', line: 3 },
      { name: 'set', kind: 'set', line: 10 },
    ],
    keepsState: false,
  });
  const { lines } = await trial.try(['one', 'hang', 'fill', 'two'].map((line) => Buffer.from(line)));
  assert.deepEqual(
    lines.map(({ steps, documents }) => [steps[0]?.outcome, documents[0]?.fields['after']]),
    [
      ['done', true],
      ['failed', undefined],
      ['failed', undefined],
      ['done', true],
    ],
  );
  assert.equal(lines[1]?.steps[0]?.error?.message, 'it took longer than 200ms');
  // What takes memory fast may be late before it is large.
  assert.match(lines[2]?.steps[0]?.error?.message ?? '', /^it took (?:more memory than 64MiB|longer than 200ms)$/);
});

test('what is wrong with a pipeline is told, and a script that never ends at its top, too', async () => {
  await using trial = new Trial(trialWorker, limits);
  assert.deepEqual(await trial.open({ name: 'app', file: 'app.yaml', text: 'steps:\n  - jsn: {}\n' }, meta), {
    problems: 'app.yaml:2:5: steps[0].jsn: is not an option; did you mean "json"?',
  });
  await assert.rejects(
    trial.try([Buffer.from('x')]),
    (error) => error instanceof TrialEnded && /no pipeline is open/.test(error.message),
  );
});
