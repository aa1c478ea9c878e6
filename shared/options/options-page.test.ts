import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as z from 'zod';
import { describeOptions, publishedSchema } from './json-schema.ts';
import { optionsPage } from './options-page.ts';
import { bytesBetween, duration } from './units.ts';

const options = z.strictObject({
  data_dir: z.string().default('/data').describe('Where the data is.'),
  port: z.int().min(1).max(65_535).describe('Where it listens: a | b.'),
  batch_bytes: bytesBetween({ min: '64KiB', max: '16MiB' }).prefault('1MiB').describe('Size of a batch.'),
  level: z.enum(['info', 'warn']).default('info'),
  count: z.int().optional(),
  tls: z
    .strictObject({ idle: duration.prefault('5s') })
    .prefault({})
    .describe('How peers are known.'),
  inputs: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('file'), labels: z.record(z.string(), z.string()).default({}) }),
        z.strictObject({ kind: z.literal('syslog'), wait: duration.optional() }),
      ]),
    )
    .default([]),
});

test('the options page has a section for every mapping and a row for every option', () => {
  const page = optionsPage({ title: 'agent.yaml', introduction: 'What may be set.', options: describeOptions(options) });
  assert.equal(
    page,
    `# agent.yaml

What may be set.

## The file

| option | type | default | meaning |
| --- | --- | --- | --- |
| \`data_dir\` | text | \`/data\` | Where the data is. |
| \`port\` | whole number, 1 to 65535 | required | Where it listens: a \\| b. |
| \`batch_bytes\` | size, 64KiB to 16MiB | \`1MiB\` | Size of a batch. |
| \`level\` | one of \`info\`, \`warn\` | \`info\` |  |
| \`count\` | whole number | none |  |
| \`tls\` | mapping | see below | How peers are known. |
| \`inputs\` | list of mapping | empty |  |

## \`tls\`

How peers are known.

| option | type | default | meaning |
| --- | --- | --- | --- |
| \`idle\` | duration | \`5s\` |  |

## \`inputs[]\` with \`kind: file\`

| option | type | default | meaning |
| --- | --- | --- | --- |
| \`kind\` | \`file\` |  |  |
| \`labels\` | mapping of names to text | empty |  |

## \`inputs[]\` with \`kind: syslog\`

| option | type | default | meaning |
| --- | --- | --- | --- |
| \`kind\` | \`syslog\` |  |  |
| \`wait\` | duration | none |  |
`,
  );
});

suite('the published schema', () => {
  const schema = publishedSchema(options, 'agent.yaml');

  test('describes what is written, not what is read', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
    assert.deepEqual(schema.required, ['port']);
    assert.equal(schema.additionalProperties, false);
    assert.equal(schema.properties?.['batch_bytes']?.default, '1MiB');
  });

  test('accepts a substitution where a number, a size or a certain word is wanted', () => {
    const substituted = { $ref: '#/$defs/substituted' };
    assert.deepEqual(schema.properties?.['port'], {
      description: 'Where it listens: a | b.',
      anyOf: [{ type: 'integer', minimum: 1, maximum: 65_535 }, substituted],
    });
    assert.deepEqual(schema.properties['batch_bytes']?.anyOf?.at(-1), substituted);
    assert.deepEqual(schema.properties['level'], {
      default: 'info',
      anyOf: [{ type: 'string', enum: ['info', 'warn'] }, substituted],
    });
    assert.deepEqual(schema.properties['data_dir'], { default: '/data', description: 'Where the data is.', type: 'string' });
  });

  test('holds no annotations of our own, and no limits that every number keeps', () => {
    const text = JSON.stringify(schema);
    assert.doesNotMatch(text, /"(?:unit|min|max)":/);
    assert.doesNotMatch(text, /9007199254740991/);
  });
});
