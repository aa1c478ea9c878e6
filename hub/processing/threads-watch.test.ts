import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Generation } from './generation.ts';
import { stepEndsMax } from './limits.ts';
import { ThreadsWatch } from './threads-watch.ts';

function generation(number: number, scripts: Readonly<Record<string, string>>): Generation {
  const sources = Object.entries(scripts).map(([name, text]) => {
    return {
      name,
      file: `/p/${name}.yaml`,
      text: 'steps: [{ script: { file: it.ts } }]',
      files: { '/p/it.ts': Buffer.from(text) },
    };
  });
  return new Generation({ number, set: { sources, rules: [] }, facts: [], refused: [] });
}

test('a step that was switched off is on again when its script is another one', () => {
  const watch = new ThreadsWatch({ monotonic: () => 0 });
  for (const pipeline of ['app', 'web'])
    for (let times = 0; times < stepEndsMax; times += 1) watch.stepEnded({ pipeline, step: 0, reason: 'took too long' });
  const off = (): string[] => watch.brokenSteps().map(({ pipeline }) => pipeline);
  const first = generation(1, { app: 'loops', web: 'loops' });
  watch.changed(first, generation(2, { app: 'loops', web: 'loops' }));
  assert.deepEqual(off(), ['app', 'web']);
  watch.changed(first, generation(3, { app: 'ends', web: 'loops' }));
  assert.deepEqual(off(), ['web']);
});
