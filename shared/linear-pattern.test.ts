import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinearPattern, PatternError, patternProblem } from './linear-pattern.ts';

test('a pattern that would backtrack without end is done in a moment', () => {
  for (const source of ['(a+)+$', '(?:a|a)*b$', '^(\\w+\\s?)*$', '(?i)(A+)+$', 'a{0,40}a{40}$']) {
    const begin = performance.now();
    assert.equal(new LinearPattern(source).test(`${'a'.repeat(64)}!`), false, source);
    assert(performance.now() - begin < 1000, source);
  }
});

test('nor does a long text hold up a thread, whatever loops the pattern has', () => {
  const long = 'ab'.repeat(1 << 17);
  for (const source of ['[a-z]+@', '\\w*?@', 'a.*c', 'a.*b.*c', '[a-z]{2,}@', '(?:ab)+@', '[a-z]{0,40}@', '(?<=a)[a-z]+@']) {
    const begin = performance.now();
    assert.equal(new LinearPattern(source).test(long), false, source);
    assert(performance.now() - begin < 10_000, source);
  }
});

test('a look-behind does not take the care away', () => {
  const begin = performance.now();
  assert.deepEqual([...new LinearPattern('(?<=x)(a+)+$').matches(`x${'a'.repeat(40)}!`)], []);
  assert.deepEqual([...new LinearPattern(`(?<=x)${'a?'.repeat(30)}a{30}!`).matches(`x${'a'.repeat(29)}`)], []);
  assert(performance.now() - begin < 1000);
  assert.match(patternProblem('(?<=a.*)b') ?? '', /repeats without an end in a look-behind/);
  assert.match(patternProblem('(?<!(?:a+))b') ?? '', /repeats without an end in a look-behind/);
});

test('a long text is matched as a short one is', () => {
  const sources = [
    'x',
    '(?<=k=)\\S+',
    '(?<=b)b?',
    '(?<=a b?)b+ k',
    '(?<!a)b+',
    'b+',
    'a.?b+',
    '^a',
    'z$',
    '(?:ab)*',
    'a*',
    '(?i)K=',
    'é+',
    'a|ab',
    '(?:a|ab)c',
  ];
  for (const source of sources) {
    const unit = 'abc abbb k=v é\u{1F600}x\n';
    const count = 400;
    const short = [...new LinearPattern(source).matches(unit)].map(({ text }) => text);
    const long = [...new LinearPattern(source).matches(`${unit.repeat(count)}z`)];
    const expected = [
      ...`${unit.repeat(count)}z`.matchAll(new RegExp(source.replace('(?i)', ''), source.startsWith('(?i)') ? 'gi' : 'g')),
    ];
    assert.deepEqual(
      long.map(({ text, index }) => [text, index]),
      expected.map(({ 0: text, index }) => [text, index]),
      source,
    );
    assert(long.length >= short.length || source === '^a');
  }
});

test('what the linear engine cannot do is refused, and says why', () => {
  for (const source of ['(?=a)b', '(?!a)b', '(a)\\1']) {
    assert.throws(() => new LinearPattern(source), PatternError);
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
    const [plain, linear] = [new RegExp(source), new LinearPattern(source)];
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
    const linear = new LinearPattern(`(?i)${source}`);
    for (const text of texts) if (plain !== undefined) assert.equal(linear.test(text), plain.test(text), `${source} ${text}`);
  }
  assert.equal(new LinearPattern('(?i)\\x41b').test('AB'), true);
  assert.equal(new LinearPattern('(?i)\\x41b').test('aB'), false);
});

test('every match is found', () => {
  assert.deepEqual(
    [...new LinearPattern('\\d+').matches('a1b22c')].map(({ text }) => text),
    ['1', '22'],
  );
});
