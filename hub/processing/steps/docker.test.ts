import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { docker } from './docker.ts';
import { StepError } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

const step = makeStep(docker, {});
const time = '2026-11-22T04:05:06.789012345Z';
const eventMs = Date.UTC(2026, 10, 22, 4, 5, 6) + 789.012345;

function line(log: string, stream = 'stdout'): string {
  return `${JSON.stringify({ log, stream, time })}\n`;
}

test('a line of json-file, with what the container is labelled with', () => {
  const { record } = tryStep(
    step,
    `{"log":"caf\\u00e9 \\"x\\"\\r\\n","stream":"stderr","attrs":{"shop":"eu"},"time":"${time}"}\n`,
  );
  assert.deepEqual(record.fields, { message: 'café "x"', stream: 'stderr', docker: { attrs: { shop: 'eu' } } });
  assert.ok(Math.abs((record.eventMs ?? 0) - eventMs) < 0.001);
});

test('parts that the engine split are one text again; a part alone says so', () => {
  assert.deepEqual(tryStep(step, line('a'.repeat(3)) + line('b\n')).record.fields, { message: 'aaab', stream: 'stdout' });
  assert.deepEqual(tryStep(step, line('a')).record.fields, { message: 'a', stream: 'stdout', docker: { partial: true } });
  assert.deepEqual(tryStep(step, `${time} stdout P a\n${time} stdout F  b\n`).record.fields, {
    message: 'a b',
    stream: 'stdout',
  });
});

test('a stream or a time that no engine writes is told, and not guessed at', () => {
  const refused = (members: object, type: string, message: RegExp): void => {
    const record = recordOf(JSON.stringify({ log: 'a\n', ...members }));
    assert.throws(() => tryStep(step, record), { name: 'StepError', type, message });
    assert.deepEqual([record.fields, record.eventMs], [{}, undefined]);
  };
  refused({ stream: 'console', time }, 'no_match', /its stream is "console"/);
  refused({ stream: 1, time }, 'no_match', /its stream is 1/);
  refused({ stream: 'stdout', time: 'yesterday' }, 'timestamp', /its time is "yesterday"/);
  refused({ stream: 'stdout', time: 1_700_000_000 }, 'timestamp', /its time is 1700000000/);
  // What is empty is left out.
  assert.deepEqual(tryStep(step, '{"log":"a\\n"}').record.fields, { message: 'a', stream: 'stdout' });
});

test('lines of one event stay lines', () => {
  assert.equal(
    tryStep(step, `${line('Error: x\n')}${line('  at y\n')}${line('\n')}`).record.fields['message'],
    'Error: x\n  at y\n',
  );
});

test('a record of both streams becomes two documents, with the fields that were there', () => {
  const given = recordOf(line('out') + line('err\n', 'stderr') + line('put\n'));
  given.set(['shop', 'id'], '7');
  const { result, record } = tryStep(step, given);
  assert.ok(Array.isArray(result));
  assert.deepEqual(
    result.map(({ fields }) => fields),
    [
      { shop: { id: '7' }, message: 'output', stream: 'stdout' },
      { shop: { id: '7' }, message: 'err', stream: 'stderr' },
    ],
  );
  assert.equal(result[0], record);
});

test('lines of CRI, with further tags and without a text', () => {
  const { record } = tryStep(step, '2016-10-06T00:17:09.669794202+02:00 stderr F:x log content 1\r');
  assert.deepEqual(record.fields, { message: 'log content 1', stream: 'stderr' });
  assert.equal(Math.floor(record.eventMs ?? 0), Date.UTC(2016, 9, 5, 22, 17, 9, 669));
  assert.equal(tryStep(step, `${time} stdout F`).record.fields['message'], '');
});

test('what is no such line is refused, and the record stays as it was', () => {
  for (const text of [
    '',
    'x',
    '{}',
    '{"log":1}',
    '{"log":"a',
    'null',
    `${line('a\n')}x`,
    'x stdout F y',
    `${time} stdin F y`,
    '2026-13-22T04:05:06.789Z stdout F y',
  ]) {
    const record = recordOf(text);
    assert.throws(() => tryStep(step, record), StepError, text);
    assert.deepEqual(record.fields, {});
    assert.equal(record.eventMs, undefined);
  }
});

test('what a container wrote comes back, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const log = text.replaceAll('\r', '');
      assert.equal(tryStep(step, line(`${log}\n`)).record.fields['message'], log);
    }),
  );
});

test('no line crashes the step', () => {
  const piece = fc.oneof(
    fc.constantFrom('{"log":"', '"', ',"stream":"stderr"', '}', '\n', time, ' stdout ', 'P', 'F ', '\\n'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const record = recordOf(pieces.join(''));
      try {
        tryStep(step, record);
        assert.equal(typeof record.fields['message'], 'string');
      } catch (error) {
        assert.ok(error instanceof StepError);
        assert.deepEqual(record.fields, {});
      }
    }),
  );
});
