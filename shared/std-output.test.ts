import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { guardOutput } from './std-output.ts';

function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: write`), { code })),
  });
}

function closed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.on('close', resolve);
  });
}

test('a reader that went away ends the program quietly', async () => {
  const [output, errors, codes] = [failing('EPIPE'), new PassThrough(), [] as number[]];
  guardOutput(output, errors, (code) => codes.push(code));
  output.write('text');
  await closed(output);
  assert.deepEqual(codes, [0]);
  assert.equal(errors.read(), null);
});

test('output that cannot be written is told in one line and is a failure', async () => {
  const [output, errors, codes] = [failing('ENOSPC'), new PassThrough(), [] as number[]];
  guardOutput(output, errors, (code) => codes.push(code));
  output.write('text');
  await closed(output);
  assert.deepEqual(codes, [1]);
  assert.equal(String(errors.read()), 'cannot write to the standard output: ENOSPC: write\n');
});

test('errors that nobody can read end nothing', async () => {
  const [errors, codes] = [failing('EPIPE'), [] as number[]];
  guardOutput(new PassThrough(), errors, (code) => codes.push(code));
  errors.write('text');
  await closed(errors);
  assert.deepEqual(codes, []);
});
