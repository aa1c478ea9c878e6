import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { compileExpressions } from '../conditions/compile-conditions.ts';
import type { FieldType } from '../conditions/field-types.ts';
import { type CompiledPipeline, compilePipeline } from '../definition/compile.ts';
import { pipelineSchema } from '../definition/pipeline-schema.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { ecsFields } from '../ecs/ecs-fields.ts';
import { newStepCounts, runSteps } from '../engine/run-steps.ts';
import { fieldAt, type Fields, parseFieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { recordOf, testSource } from '../steps/testing.ts';
import { namesOf, problemsOfTypes } from './document-types.ts';
import { presetNames, presetSource } from './presets.ts';
import { apacheSamples } from './samples/apache.ts';
import { auditdSamples } from './samples/auditd.ts';
import { authSamples } from './samples/auth.ts';
import { dockerSamples } from './samples/docker.ts';
import { haproxySamples } from './samples/haproxy.ts';
import { javaSamples } from './samples/java.ts';
import { kubernetesSamples } from './samples/kubernetes.ts';
import { mysqlSamples } from './samples/mysql.ts';
import { nginxSamples } from './samples/nginx.ts';
import { postgresqlSamples } from './samples/postgresql.ts';
import type { PresetSample } from './samples/preset-sample.ts';
import { redisSamples } from './samples/redis.ts';
import { syslogSamples } from './samples/syslog.ts';
import { windowsEventSamples } from './samples/windows-event.ts';

const samples: Readonly<Record<string, readonly PresetSample[]>> = {
  apache: apacheSamples,
  auditd: auditdSamples,
  auth: authSamples,
  docker: dockerSamples,
  haproxy: haproxySamples,
  java: javaSamples,
  kubernetes: kubernetesSamples,
  mysql: mysqlSamples,
  nginx: nginxSamples,
  postgresql: postgresqlSamples,
  redis: redisSamples,
  syslog: syslogSamples,
  windows_event: windowsEventSamples,
};

/** What ECS 9.4 says that an event of each category may be. */
const typesOfCategory: Readonly<Record<string, readonly string[]>> = {
  authentication: ['start', 'end', 'info'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  database: ['access', 'change', 'info', 'error'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  network: ['access', 'allowed', 'connection', 'denied', 'end', 'info', 'protocol', 'start'],
  process: ['access', 'change', 'end', 'info', 'start'],
  session: ['start', 'end', 'info'],
  web: ['access', 'error', 'info'],
};

const noFile = (): never => {
  throw new Error('presets have no files');
};

function sourceOf(name: string): PipelineSource {
  const source = presetSource(name);
  assert.ok(source !== undefined);
  return source;
}

function compiled(source: PipelineSource): CompiledPipeline {
  return compilePipeline(source, {
    env: {},
    clock: systemClock,
    expressions: compileExpressions,
    watchFile: noFile,
    readFile: noFile,
    tell: () => undefined,
    scriptTimeLimitMs: 1000,
  });
}

function documentOf(pipeline: CompiledPipeline, { line, path = testSource.path, labels = {} }: PresetSample): PipelineRecord {
  const out: PipelineRecord[] = [];
  const record = recordOf(line, { path, attributes: { ...testSource.attributes, labels } });
  runSteps(pipeline, record, { counts: newStepCounts(pipeline), enter: () => undefined, count: () => undefined }, out);
  const [document, ...others] = out;
  assert.ok(document !== undefined && others.length === 0, line);
  return document;
}

function declaredBy({ file, text }: PipelineSource): ReadonlyMap<string, FieldType> {
  return new Map(Object.entries(parseConfig({ file, text, schema: pipelineSchema, env: {} }).fields));
}

function textsAt(document: Fields, name: string): readonly string[] {
  const path = parseFieldPath(name);
  const value = path === undefined ? undefined : fieldAt(document, path);
  return [value ?? []].flat().map(String);
}

/** Every document that failed has these. */
const ofFailures: readonly (readonly [string, FieldType])[] = [
  ['tributary.pipeline.name', 'keyword'],
  ['tributary.pipeline.step', 'keyword'],
];

/** What a step leaves for the next one is there where that fails. */
const onTheWay: readonly (readonly [string, FieldType])[] = [['found', 'object']];

test('every preset has samples, one of which is of another form', () => {
  assert.deepEqual(Object.keys(samples).toSorted(), presetNames.toSorted());
  for (const [name, list] of Object.entries(samples)) {
    assert.ok(list.length >= 3, name);
    assert.ok(
      list.some(({ document }) => document['tributary'] !== undefined),
      name,
    );
  }
});

for (const name of presetNames) {
  suite(name, () => {
    const source = sourceOf(name);
    const pipeline = compiled(source);
    const declared = declaredBy(source);
    const list = samples[name] ?? [];

    test('makes of real lines what they say', () => {
      for (const sample of list) {
        const { fields, eventMs, destination } = documentOf(pipeline, sample);
        assert.deepEqual(fields, sample.document, sample.line);
        assert.equal(eventMs === undefined ? undefined : new Date(Math.floor(eventMs)).toISOString(), sample.time, sample.line);
        assert.equal(destination?.type, sample.type, sample.line);
      }
    });

    test('its fields are of ECS, or declared, and have values of their types', () => {
      const types = new Map([...ecsFields, ...declared, ...ofFailures]);
      for (const { document, line } of list) assert.deepEqual(problemsOfTypes(document, types), [], line);
    });

    test('lines that were cut, or have another in them, have no fields of other types either', () => {
      const types = new Map([...ecsFields, ...declared, ...ofFailures, ...onTheWay]);
      for (const [index, sample] of list.entries()) {
        const other = list[(index + 1) % list.length]?.line ?? '';
        for (let length = 0; length < sample.line.length; length += 5) {
          for (const line of [sample.line.slice(0, length), sample.line.slice(0, length) + other]) {
            const { fields } = documentOf(pipeline, { ...sample, line });
            assert.deepEqual(problemsOfTypes(fields, types), [], line);
            assert.notEqual(textsAt(fields, 'error.type')[0], 'internal', line);
          }
        }
      }
    });

    test('what it declares is not of ECS, and some line sets it', () => {
      const set = new Set(list.flatMap(({ document }) => namesOf(document)));
      const names = [...declared.keys()];
      assert.deepEqual(
        names.filter((field) => ecsFields.has(field)),
        [],
      );
      assert.deepEqual(
        names.filter((field) => !set.has(field)),
        [],
      );
    });

    test('its events are of the kinds that ECS has', () => {
      for (const { document, line } of list) {
        if (document['tributary'] !== undefined) continue;
        assert.partialDeepStrictEqual(document['event'], { kind: 'event' }, line);
        const [outcome = 'unknown'] = textsAt(document, 'event.outcome');
        assert.ok(['success', 'failure', 'unknown'].includes(outcome), line);
        const allowed = textsAt(document, 'event.category').flatMap(
          (one) => typesOfCategory[one] ?? assert.fail(`${one}: ${line}`),
        );
        for (const one of textsAt(document, 'event.type')) assert.ok(allowed.includes(one), `${one}: ${line}`);
      }
    });
  });
}
