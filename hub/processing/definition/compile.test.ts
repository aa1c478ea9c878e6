import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { compileExpressions } from '../conditions/compile-conditions.ts';
import { newStepCounts, runSteps } from '../engine/run-steps.ts';
import type { PipelineRecord } from '../record/record.ts';
import { StepOptionError } from '../steps/step.ts';
import { recordOf } from '../steps/testing.ts';
import { compilePipeline, type CompiledPipeline, type CompileHost } from './compile.ts';
import { pipelineNameOf } from './pipeline-set.ts';

const host: CompileHost = {
  env: {},
  clock: systemClock,
  expressions: () => ({
    condition: (text) => {
      if (text.startsWith('bad')) throw new StepOptionError([], 'no such name: bad');
      return { text, holds: () => true };
    },
    expression: (text) => ({ text, valueOf: () => text }),
  }),
  watchFile: () => {
    throw new StepOptionError(['file'], 'is not there');
  },
  readFile: () => {
    throw new StepOptionError(['file'], 'is not there');
  },
  scriptTimeLimitMs: 1000,
  tell: () => undefined,
};

function compile(text: string): CompiledPipeline {
  return compilePipeline({ name: 'app', file: '/p/app.yaml', text }, host);
}

function problems(text: string): string[] {
  try {
    compile(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split('\n');
  }
  return [];
}

test('steps have their names, conditions and what becomes of failures', () => {
  const { steps, keepsState } = compile(
    'steps:\n  - json: {}\n  - json: { from: payload }\n    name: inner\n    when: "true"\n    on_error: keep',
  );
  assert.deepEqual(
    steps.map(({ index, name, kind, when, onError }) => [index, name, kind, when?.text, onError]),
    [
      [0, 'json', 'json', undefined, 'route'],
      [1, 'inner', 'json', 'true', 'keep'],
    ],
  );
  assert.equal(keepsState, false);
});

test('steps of one kind are told apart', () => {
  const { steps } = compile('steps:\n  - json:\n  - json:\n  - json:\n    name: json_2\n  - json:\n    name: own\n');
  assert.deepEqual(
    steps.map(({ name }) => name),
    ['json', 'json_2', 'json_2_2', 'own'],
  );
});

test('a step without options has its defaults', () => {
  assert.equal(compile('steps:\n  - json:\n').steps.length, 1);
});

test('everything that is wrong is told with its place', () => {
  assert.deepEqual(problems('steps:\n  - jsn: {}\n  - json: { form: a }\n'), [
    '/p/app.yaml:2:5: steps[0].jsn: is not an option; did you mean "json"?',
    '/p/app.yaml:3:13: steps[1].json.form: is not an option; did you mean "from"?',
  ]);
  assert.deepEqual(problems('steps:\n  - json: {}\n    when: bad == 1\n  - preset: nosuch\n'), [
    '/p/app.yaml:3:5: steps[0].when: no such name: bad',
    '/p/app.yaml:4:5: steps[1].preset: nosuch is no preset; there are apache, auditd, auth, docker, haproxy, java, kubernetes, mysql, nginx, postgresql, redis, syslog, windows_event',
  ]);
  assert.match(problems('steps:\n  - { name: a }')[0] ?? '', /^\/p\/app\.yaml:2:5: steps\[0\]: names no step/);
});

test('mistakes of all kinds are told together, as far as a step can be read', () => {
  const grok = `  - grok: { match: '%{NOSUCH:a}' }\n    when: bad == 2\n`;
  const what = (text: string): string[] => problems(text).map((one) => one.slice(0, 60));
  assert.deepEqual(what(`steps:\n${grok}  - jsn: {}\n  - regex: { pattern: '(a)' }\n  - preset: ngnix\n`), [
    '/p/app.yaml:2:13: steps[0].grok.match: there is no pattern N',
    '/p/app.yaml:3:5: steps[0].when: no such name: bad',
    '/p/app.yaml:4:5: steps[1].jsn: is not an option; did you mea',
    '/p/app.yaml:5:14: steps[2].regex.pattern: has no named group',
    '/p/app.yaml:6:5: steps[3].preset: ngnix is no preset; did yo',
  ]);
  assert.match(problems('steps: [{ preset: ngnix }]')[0] ?? '', /did you mean nginx\?$/);
});

test('of fields that what is bad may declare nothing is said', () => {
  for (const bad of ['  - presett: redis\n', '  - preset: redis\n    whn: a\n'])
    assert.equal(problems(`steps:\n${bad}  - drop:\n    when: bad.name == 1\n`).length, 1, bad);
  assert.equal(problems('fields: { a.b: lng }\nsteps:\n  - drop:\n    when: bad.name == 1\n').length, 1);
  assert.equal(problems('stps: []\nsteps:\n  - drop:\n    when: bad.name == 1\n').length, 1);
});

test('what stands beside a step is told so where it is among the options', () => {
  const text = 'steps:\n  - json:\n      on_error: drop\n  - drop: { when: "true" }\n  - metric: { name: a, nam: b }\n';
  assert.deepEqual(problems(text), [
    '/p/app.yaml:3:7: steps[0].json.on_error: is not an option; on_error stands beside json, with the same indentation, and not within its options',
    '/p/app.yaml:4:13: steps[1].drop.when: is not an option; when stands beside drop, with the same indentation, and not within its options',
    '/p/app.yaml:5:24: steps[2].metric.nam: is not an option; did you mean "name"?',
  ]);
});

test('a step that remembers between two splits is refused: the ids of documents would depend on it', () => {
  const steps = (...names: string[]): string => {
    const all: Record<string, string> = {
      split: 'split: { array: a }',
      throttle: 'throttle: { limit: 1, per: 1s }',
      dedupe: 'dedupe: { by: [a] }',
    };
    return `steps:\n${names.map((name) => `  - ${all[name]}\n`).join('')}`;
  };
  for (const good of [steps('throttle', 'split', 'split'), steps('split', 'split', 'dedupe'), steps('split', 'dedupe')])
    assert.deepEqual(problems(good), []);
  assert.deepEqual(problems(steps('split', 'dedupe', 'throttle', 'split')), [
    '/p/app.yaml:5:5: steps[3].split: is a second split behind dedupe: the ids of its documents would depend on what dedupe saw before. Put dedupe behind the last split, or before the first',
  ]);
});

test('a name under fields that no field can have is told where it stands', () => {
  const names = ['app..duration', '.app', 'app duration', 'a.__proto__.b', 'record.size'];
  const told = problems(`fields:\n${names.map((name) => `  ${name}: long\n`).join('')}  app.size: long\nsteps:\n  - json:\n`);
  const such = 'this name must be names with dots between them, such as app.duration';
  assert.deepEqual(told, [
    `/p/app.yaml:2:3: fields."app..duration": ${such}; did you mean app.duration?`,
    `/p/app.yaml:3:3: fields.".app": ${such}; did you mean app?`,
    `/p/app.yaml:4:3: fields."app duration": ${such}; did you mean app_duration?`,
    `/p/app.yaml:5:3: fields."a.__proto__.b": ${such}; did you mean a.proto.b?`,
    '/p/app.yaml:6:3: fields."record.size": this name must not begin with record, which is something else in conditions',
  ]);
});

test('the first rule that fits tells the pipeline, then a file of the type', () => {
  const sources = [{ name: 'nginx', file: '/p/nginx.yaml', text: '' }];
  const rules = [
    { tenant: 'shop', type: 'nginx', pipeline: 'none' },
    { type: 'app', pipeline: 'nginx' },
  ];
  const named = ['shop/nginx', 'bank/nginx', 'bank/app', 'bank/other'].map((channel) =>
    pipelineNameOf({ sources, rules }, channel),
  );
  assert.deepEqual(named, [undefined, 'nginx', 'nginx', undefined]);
});

test('a preset is told the zone of its times, and its fields are known behind it', () => {
  const read = (zone: string): number | undefined => {
    const text = `steps:\n  - preset: redis\n${zone}  - set: { fields: { app.role: '{{ redis.log.role }}' } }\n    when: redis.log.role == "master"\n`;
    const pipeline = compilePipeline({ name: 'app', file: '/p/app.yaml', text }, { ...host, expressions: compileExpressions });
    const record = recordOf('7:M 22 Nov 2026 04:05:06.000 * Ready');
    const out: PipelineRecord[] = [];
    runSteps(pipeline, record, { counts: newStepCounts(pipeline), enter: () => undefined, count: () => undefined }, out);
    assert.equal(out[0]?.get(['app', 'role']), 'master');
    return out[0].eventMs;
  };
  assert.equal(read(''), Date.UTC(2026, 10, 22, 4, 5, 6));
  assert.equal(read('    timezone: Europe/Vienna\n'), Date.UTC(2026, 10, 22, 3, 5, 6));
  assert.match(
    problems('steps:\n  - preset: redis\n    timezone: Mars/Crater\n')[0] ?? '',
    /^\/p\/app\.yaml:3:\d+: steps\[0\]\.timezone: there is no time zone/,
  );
  assert.match(problems('steps:\n  - json: {}\n    timezone: UTC\n')[0] ?? '', /timezone: is of a preset only/);
});
