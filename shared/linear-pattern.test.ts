import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern, PatternError, patternProblem } from './linear-pattern.ts';

test('a pattern that would backtrack without end is done in a moment', () => {
  for (const source of ['(a+)+$', '(?:a|a)*b$', '^(\\w+\\s?)*$', '(?i)(A+)+$', 'a{0,40}a{40}$']) {
    const begin = performance.now();
    assert.equal(compilePattern(source).test(`${'a'.repeat(64)}!`), false, source);
    assert(performance.now() - begin < 1000, source);
  }
});

test('what the linear engine cannot do is refused, and says why', () => {
  for (const source of ['(?=a)b', '(?!a)b', '(a)\\1']) {
    assert.throws(() => compilePattern(source), PatternError);
    assert.match(patternProblem(source) ?? '', /uses look-ahead or a back-reference/);
  }
  assert.match(patternProblem('(?:(?:(?:a{0,16}){0,16}){0,16}){0,16}') ?? '', /repeats too much/);
  assert.match(patternProblem('a{2000}') ?? '', /more than 1000 times/);
  assert.match(patternProblem('a('.repeat(200) + ')'.repeat(200)) ?? '', /nests more than/);
  assert.match(patternProblem('(unfinished') ?? '', /^is no pattern: .*Unterminated group/);
  assert.match(patternProblem('(?i)[') ?? '', /^is no pattern/);
  assert.match(patternProblem('a'.repeat(5000)) ?? '', /longer than 4096/);
  assert.equal(patternProblem('^\\d{4}-\\d\\d'), undefined);
});

test('repetitions are written out without changing what they match', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['^[0-9a-f]{32}$', 'ab'],
    ['^(?:ab){17,}$', 'ab'],
    ['^(?<twice>ab){3,40}$', 'ab'],
    ['^(a(b)){20}?$', 'ab'],
    ['^\\({18}$', '('],
    ['^a{2,3}b*$', 'a'],
    ['^x{,3}$', 'x{,3}'],
  ];
  for (const [source, unit] of cases) {
    const [plain, linear] = [new RegExp(source), compilePattern(source)];
    for (let count = 0; count < 50; count += 1) {
      const text = unit.repeat(count);
      assert.equal(linear.test(text), plain.test(text), `${source} ${text}`);
    }
  }
});

test('(?i) ignores the case of a to z', () => {
  const sources = [
    'error',
    '[a-f]+x',
    '[^a-m]',
    '\\bWarn\\b',
    '[^\\]x]y',
    '[-a]',
    '[a-]',
    'a\\x42\\n',
    '[\\x41b]',
    '(?:Ab){2,20}c',
    '[0-Z]',
  ];
  const texts = [
    'ERROR',
    'an Error',
    'AbCx',
    'gx',
    'M',
    'n',
    'N',
    'WARN',
    'warns',
    ']Y',
    'XY',
    'zY',
    '-',
    'A',
    'aB\n',
    'ab\n',
    'B',
    'abABc',
    'z',
    '~',
  ];
  for (const source of sources) {
    // Escapes of letters are taken as they are written.
    const plain = source.includes('\\x') ? undefined : new RegExp(source, 'i');
    const linear = compilePattern(`(?i)${source}`);
    for (const text of texts) if (plain !== undefined) assert.equal(linear.test(text), plain.test(text), `${source} ${text}`);
  }
  assert.equal(compilePattern('(?i)\\x41b').test('AB'), true);
  assert.equal(compilePattern('(?i)\\x41b').test('aB'), false);
});

test('with g every match is found', () => {
  assert.deepEqual(
    [...'a1b22c'.matchAll(compilePattern('\\d+', 'g'))].map(([text]) => text),
    ['1', '22'],
  );
});
