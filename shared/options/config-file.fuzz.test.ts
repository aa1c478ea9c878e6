import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { ConfigError, parseConfig } from './config-file.ts';
import { bytes, duration } from './units.ts';

const schema = z.strictObject({
  name: z.string().default(''),
  port: z.int().optional(),
  level: z.enum(['info', 'warn']).default('info'),
  size: bytes.prefault('1MiB'),
  wait: duration.prefault('5s'),
  hub: z.union([z.string(), z.strictObject({ host: z.string() })]).optional(),
  labels: z.record(z.string(), z.string()).default({}),
  inputs: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('a') }),
        z.strictObject({ kind: z.literal('b'), n: z.int() }),
      ]),
    )
    .default([]),
});

function problemsOf(text: string, env: Readonly<Record<string, string>>): string {
  try {
    parseConfig({ file: 'f.yaml', schema, env, text });
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error instanceof Error ? error.stack : error));
    const lines = text.split('\n').length;
    for (const { line = 0, column = 0, message } of error.problems) {
      assert.ok(line >= 1 && line <= lines + 1 && column >= 1 && message !== '', error.message);
    }
    return error.message;
  }
}

/** Pieces that files are made of, so that random texts get past the first character. */
const words = 'name port level labels inputs hub kind size wait nmae 1 a info 5s 1MiB ~ << % ${E} ${NOPE} ${ $${';
const marks = [
  ': ',
  ':',
  '\n',
  '\n  ',
  '\n- ',
  '\n  - ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '"',
  "'",
  '&x ',
  '*x',
  '!t ',
  '|\n',
  '? ',
  '#',
  '\t',
  '---\n',
];
const piece = fc.constantFrom(...words.split(' '), ...marks);

test('any text is read or refused with its problems, never anything else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        problemsOf(text, { E: 'x' });
      },
    ),
    { numRuns: 3000 },
  );
});

test('what came from the environment is in no message, wherever it stands', () => {
  const places = [
    'name: [${S}]',
    'port: ${S}',
    'level: ${S}',
    'size: ${S}',
    'wait: a${S}',
    'hub: {host: {x: "${S}"}}',
    'inputs: [{kind: "${S}"}]',
    'labels: "${S}"',
  ];
  const secret = fc.string({
    unit: fc.constantFrom('a', 'b', 'X', '7', '!', '"', '\\', "'", '{', '}', ':', ' ', '\n'),
    minLength: 8,
  });
  fc.assert(
    fc.property(fc.constantFrom(...places), secret, (text, value) => {
      const message = problemsOf(text, { S: value });
      assert.ok(!message.includes(value) && !message.includes(JSON.stringify(value).slice(1, -1)), message);
    }),
    { numRuns: 500 },
  );
});
