import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import {
  bytes,
  bytesBetween,
  duration,
  durationBetween,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
} from './units.ts';

suite('sizes', () => {
  const accepted: readonly (readonly [number | string, number])[] = [
    [0, 0],
    [1_048_576, 1_048_576],
    ['1048576', 1_048_576],
    ['0', 0],
    ['10B', 10],
    ['64KiB', 65_536],
    ['1 MiB', 1_048_576],
    ['1.5MiB', 1_572_864],
    ['1GB', 1e9],
    ['2TiB', 2 ** 41],
    ['100kB', 100_000],
  ];
  for (const [written, count] of accepted) test(`${written} is ${count} bytes`, () => assert.equal(bytes.parse(written), count));

  for (const written of [
    '',
    '1mb',
    '1 M',
    'MiB',
    '-1',
    '1e3',
    '0.3B',
    '99999999TiB',
    -1,
    1.5,
    Number.NaN,
    true,
    null,
    ['1MiB'],
  ]) {
    test(`${JSON.stringify(written)} is no size`, () => {
      const result = bytes.safeParse(written);
      assert.ok(!result.success);
      assert.deepEqual(
        result.error.issues.map(({ message }) => message),
        ['must be a size such as 64KiB, 1MiB or 1GB, or a number of bytes'],
      );
    });
  }
});

suite('durations', () => {
  const accepted: readonly (readonly [string, number])[] = [
    ['200ms', 200],
    ['5s', 5000],
    ['0s', 0],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['10 s', 10_000],
  ];
  for (const [written, ms] of accepted) test(`${written} is ${ms} ms`, () => assert.equal(duration.parse(written), ms));

  for (const written of ['', '5 sec', '1w', 's', '-5s', '0.1ms', true, null]) {
    test(`${JSON.stringify(written)} is no duration`, () => {
      assert.equal(duration.safeParse(written).error?.issues[0]?.message, 'must be a duration such as 200ms, 5s, 5m, 1h or 7d');
    });
  }

  for (const written of [5, '5']) {
    test(`${JSON.stringify(written)} is asked for its unit`, () => {
      assert.equal(duration.safeParse(written).error?.issues[0]?.message, 'needs a unit: write 5s for seconds or 5ms');
    });
  }
});

suite('limits', () => {
  test('are included, and named as they are written', () => {
    const size = bytesBetween({ min: '64KiB', max: '1MiB' });
    assert.equal(size.parse('64KiB'), 65_536);
    assert.equal(size.parse('1024KiB'), 1_048_576);
    assert.equal(size.safeParse(65_535).error?.issues[0]?.message, 'must be at least 64KiB');
    assert.equal(size.safeParse('1025KiB').error?.issues[0]?.message, 'must be at most 1MiB');
    const time = durationBetween({ min: '1s' });
    assert.equal(time.parse('365d'), 365 * 86_400_000);
    assert.equal(time.safeParse('999ms').error?.issues[0]?.message, 'must be at least 1s');
  });

  test('that are none are a mistake of ours', () => {
    assert.throws(() => bytesBetween({ min: 'much' }), RangeError);
  });
});

test('a default is given as it would be written', () => {
  const options = z.strictObject({ size: bytes.prefault('1MiB'), time: duration.prefault('5s') });
  assert.deepEqual(options.parse({}), { size: 1_048_576, time: 5000 });
});

test('what is formatted is read back as the same', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (count) => parseBytes(formatBytes(count)) === count));
  fc.assert(fc.property(fc.maxSafeNat(), (ms) => parseDuration(formatDuration(ms)) === ms));
  assert.deepEqual([0, 1000, 1024, 1_572_864, 2 ** 40].map(formatBytes), ['0B', '1000B', '1KiB', '1536KiB', '1TiB']);
  assert.deepEqual([0, 200, 5000, 90_000, 604_800_000].map(formatDuration), ['0ms', '200ms', '5s', '90s', '7d']);
});
