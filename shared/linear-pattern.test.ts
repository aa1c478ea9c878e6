import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinearPattern, PatternError, patternProblem } from './linear-pattern.ts';

test('a pattern that would backtrack without end is done in a moment', () => {
  for (const source of ['(a+)+$', '(?:a|a)*b$', '^(\\w+\\s?)*$', '(?i)(A+)+$', 'a{0,40}a{40}$']) {
    const begin = performance.now();
    assert.equal(new LinearPattern(source).test(`${'a'.repeat(64)}!`), false, source);
    assert(performance.now() - begin < 60_000, source);
  }
});

test('nor does a long text hold up a thread, whatever loops the pattern has', () => {
  const long = 'ab'.repeat(1 << 17);
  for (const source of ['[a-z]+@', '\\w*?@', 'a.*c', 'a.*b.*c', '[a-z]{2,}@', '(?:ab)+@', '[a-z]{0,40}@', '(?<=a)[a-z]+@']) {
    const begin = performance.now();
    assert.equal(new LinearPattern(source).test(long), false, source);
    assert(performance.now() - begin < 60_000, source);
  }
});

test('a look-behind does not take the care away', () => {
  const begin = performance.now();
  assert.deepEqual([...new LinearPattern('(?<=x)(a+)+$').matches(`x${'a'.repeat(40)}!`)], []);
  assert.deepEqual([...new LinearPattern(`(?<=x)${'a?'.repeat(30)}a{30}!`).matches(`x${'a'.repeat(29)}`)], []);
  assert(performance.now() - begin < 60_000, 'and not for years');
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
  for (const source of ['\\p{L}+', '[\\d\\P{Lu}]']) assert.match(patternProblem(source) ?? '', /a class such as/);
  for (const source of ['^\\d{4}-\\d\\d', '\\\\p{2}', '[\\\\p{2}]', '\\pL']) assert.equal(patternProblem(source), undefined);
});

test('repetitions within repetitions are written out', () => {
  const pattern = new LinearPattern('^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$');
  assert.equal(pattern.test('1:22:333:4444:5:6:7:8'), true);
  assert.equal(pattern.test('1:22:333:4444:5:6:7'), false);
  assert.equal(pattern.test('1:22:333:44445:5:6:7:8'), false);
  const nested = new LinearPattern('^(?:(?:a{3}b){2,3}c){3}$');
  for (const [text, expected] of [
    ['aaabaaabc'.repeat(3), true],
    ['aaabaaabaaabc'.repeat(3), true],
    ['aaabaaabc'.repeat(2), false],
    ['aaabc'.repeat(3), false],
  ] as const)
    assert.equal(nested.test(text), expected, text);
  assert.match(patternProblem('(?:(?:(?:a{0,16}){0,16}){0,16}){0,16}') ?? '', /repeats too much/);
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

test('where looking behind takes too long the rest of a text is told as unseen, and nothing is left out', () => {
  const text = 'xab '.repeat(50_000);
  const matches = [...new LinearPattern('(?<=x)a+b').matches(text)];
  const seen = matches.slice(0, -1);
  assert.ok(seen.length > 50 && seen.every(({ text: found, isUnseen }) => found === 'ab' && !isUnseen));
  const rest = matches.at(-1);
  assert.deepEqual([rest?.isUnseen, rest?.index], [true, 4 * seen.length - 1]);
  assert.equal(rest?.text, text.slice(rest?.index));
});

test('every match is found', () => {
  assert.deepEqual(
    [...new LinearPattern('\\d+').matches('a1b22c')].map(({ text }) => text),
    ['1', '22'],
  );
});
