import assert from 'node:assert/strict';
import { matchesGlob } from 'node:path';
import { test } from 'node:test';
import { partPath } from '../inputs/file/collapse.ts';
import { copiesOf, nextStampMs, parseRotated, rotatedGlobs, rotatedPath } from './naming.ts';

const atMs = Date.UTC(2026, 10, 21, 18, 15, 0);

test('names tell the time, sort by it, and are read back', () => {
  assert.equal(rotatedPath('/log/app.log', atMs), '/log/app.log-20261121T181500Z');
  const names = [999, 61_000, 86_400_000, 31_536_000_000].map((more) => rotatedPath('app.log', atMs + more, 'zstd'));
  assert.deepEqual(names.toReversed().toSorted(), names);
  assert.deepEqual(parseRotated('app.log-20261121T181500Z.zst'), {
    base: 'app.log',
    stampMs: atMs,
    compression: 'zstd',
    isPart: false,
  });
  assert.equal(parseRotated('app.log-20261121T181500Z.gz')?.compression, 'gzip');
  assert.equal(parseRotated('.hidden.log-20261121T181500Z')?.base, '.hidden.log');
  const part = partPath('/log/app.log-20261121T181500Z.gz').slice('/log/'.length);
  assert.deepEqual(parseRotated(part), { base: 'app.log', stampMs: atMs, compression: 'gzip', isPart: true });
});

test('other names are not ours', () => {
  for (const name of [
    'app.log',
    'app.log.1',
    'app.log-20261121',
    'app.log-20261121T181500Z.bz2',
    'app.log-20261321T181500Z',
    'app.log-20261121T181500Z.part',
    '-20261121T181500Z',
  ]) {
    assert.equal(parseRotated(name), undefined, name);
  }
});

test('a second is taken once, and time does not go back', () => {
  assert.equal(nextStampMs(atMs + 400, []), atMs);
  assert.equal(nextStampMs(atMs + 400, [atMs]), atMs + 1000);
  assert.equal(nextStampMs(atMs - 3_600_000, [atMs - 5000, atMs]), atMs + 1000);
});

test('globs of what no input is to read, and of what is never rotated again', () => {
  const matches = (globs: readonly string[], path: string): boolean => globs.some((glob) => matchesGlob(path, glob));
  const renamed = copiesOf({ paths: ['/log/*.log'], mode: 'rename' });
  const copied = copiesOf({ paths: ['/log/*.log'], mode: 'copytruncate' });
  const all = rotatedGlobs(['/log/*.log', '/log/app*']);
  const plain = '/log/app.log-20261121T181500Z';
  assert.deepEqual(
    [renamed, copied, all].map((globs) => matches(globs, `${plain}.zst`)),
    [true, true, true],
  );
  assert.deepEqual(
    [renamed, copied, all].map((globs) => matches(globs, plain)),
    [false, true, true],
  );
  assert.deepEqual(
    [renamed, copied, all].map((globs) => matches(globs, '/log/app.log')),
    [false, false, false],
  );
});
