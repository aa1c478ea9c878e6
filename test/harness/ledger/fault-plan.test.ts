import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../programs.ts';
import { Random } from '../random.ts';
import { crashPoints, FaultPlan } from './fault-plan.ts';

const names = [...crashPoints.agent, ...crashPoints.hub];

test('a hundred rounds visit every named point, and have kills at random moments besides', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const plan = new FaultPlan(new Random(seed));
    const seen = new Map<string, number>();
    for (let rounds = 0; rounds < 100;) {
      for (const { point } of plan.nextChain()) {
        seen.set(point ?? 'kill', (seen.get(point ?? 'kill') ?? 0) + 1);
        rounds += 1;
      }
    }
    for (const name of ['kill', ...names]) assert.ok((seen.get(name) ?? 0) >= 1, `seed ${seed} visits ${name}`);
  }
});

test('the points in the code are those that the architecture names', () => {
  const [, text = ''] = readFileSync(join(repositoryRoot, 'docs/ARCHITECTURE.md'), 'utf8').split('\n## Faults on purpose\n');
  const documented = text.match(/`(agent|hub)\.[a-z-]+\.[a-z-]+`/g)?.map((name) => name.slice(1, -1));
  const code = ['protocol', 'agent', 'hub'].flatMap((product) =>
    globSync(`${product}/**/*.ts`, { cwd: repositoryRoot }).map((path) => readFileSync(join(repositoryRoot, path), 'utf8')),
  );
  const inCode = new Set(code.flatMap((file) => [...file.matchAll(/\bcrashPoint\('([^']+)'\)/g)].map(([, name = '']) => name)));
  assert.deepEqual(documented?.toSorted(), [...inCode].toSorted());
  for (const name of names) assert.ok(inCode.has(name), `${name} is in the code`);
});
