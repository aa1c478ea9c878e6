import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import * as z from 'zod';
import { ConfigError, parseConfig, readConfig } from './config-file.ts';
import { bytes, bytesBetween, duration } from './units.ts';

const inputOptions = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    paths: z.array(z.string().min(1)).min(1),
    idle_flush: duration.prefault('5s'),
    labels: z.record(z.string().regex(/^[a-z_]+$/, 'must be a word of small letters'), z.string()).default({}),
  }),
  z.strictObject({ kind: z.literal('syslog'), port: z.int().min(1).max(65_535), tls: z.boolean().default(false) }),
]);

const schema = z.strictObject({
  data_dir: z.string().default('/data'),
  level: z.enum(['debug', 'info', 'warn']).default('info'),
  token: z.string().optional(),
  port: z.int().min(1).max(65_535).default(7700),
  ratio: z.number().optional(),
  batch_bytes: bytesBetween({ min: '64KiB', max: '16MiB' }).prefault('1MiB'),
  buffer: z.strictObject({ limit: bytes.prefault('1GiB'), sync: z.boolean().default(true) }).prefault({}),
  hub: z.union([z.string(), z.strictObject({ host: z.string(), port: z.int() })]).optional(),
  inputs: z.array(inputOptions).default([]),
});

const env = { PORT: '7001', WORD: 'hunter22', FLAG: 'true', DIGITS: '12345', EMPTY: '' };

function parse(text: string): z.output<typeof schema> {
  return parseConfig({ file: 'agent.yaml', schema, env, text });
}

function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, 'CONFIG');
    return error;
  }
  return assert.fail('no error');
}

/** Every case: what is written, and every line of the error, whole. */
const wrong: Readonly<Record<string, readonly [text: string, ...lines: string[]]>> = {
  'an empty file': ['', '1:1: the file is empty; write {} if every default is meant'],
  'only blanks': [' \n\n', '1:1: the file is empty; write {} if every default is meant'],
  'only a comment': ['# level: info\n', '1:1: the file holds no option; write {} if every default is meant'],
  'a list': ['- 1\n', '1:1: must be a mapping of options ("key: value"), found a list'],
  'a word': ['\nhello\n', '2:1: must be a mapping of options ("key: value"), found "hello"'],
  'an unknown key': ['\nlevle: info\n', '2:1: levle: is not an option; did you mean "level"?'],
  'a key like no other': [
    'colour: red\n',
    '1:1: colour: is not an option; accepted here: data_dir, level, token, port, ratio, batch_bytes, buffer, hub, inputs',
  ],
  'a key in another case': ['dataDir: /x\n', '1:1: dataDir: is not an option; did you mean "data_dir"?'],
  'an unknown key in a mapping': [
    'level: info\nbuffer:\n  limti: 5\n',
    '3:3: buffer.limti: is not an option; did you mean "limit"?',
  ],
  'an unknown key in a list': [
    'inputs:\n  - kind: file\n    paths: [a]\n  - kind: file\n    paths: [b]\n    idle-flush: 1s\n',
    '6:5: inputs[1].idle-flush: is not an option; did you mean "idle_flush"?',
  ],
  'an option of another kind': [
    'inputs:\n  - kind: syslog\n    port: 514\n    paths: [a]\n',
    '4:5: inputs[0].paths: is not an option; accepted here: kind, port, tls',
  ],
  'a misspelt key that was needed': [
    'inputs:\n  - kind: file\n    pahts: [a]\n',
    '3:5: inputs[0].pahts: is not an option; did you mean "paths"?',
  ],
  'a missing key': ['inputs:\n  - kind: file\n', '2:5: inputs[0].paths: is missing: must be a list ("- item")'],
  'a missing kind': ['inputs:\n  - paths: [a]\n', '2:5: inputs[0].kind: is missing: must be one of "file", "syslog"'],
  'an unknown kind': [
    'inputs:\n  - kind: fil\n    paths: [a]\n',
    '2:11: inputs[0].kind: must be one of "file", "syslog", found "fil"; did you mean "file"?',
  ],
  'an unknown word': ['level: wran\n', '1:8: level: must be one of "debug", "info", "warn", found "wran"; did you mean "warn"?'],
  'a word like no other': ['level: loud\n', '1:8: level: must be one of "debug", "info", "warn", found "loud"'],
  'text for a number': ['port: http\n', '1:7: port: must be a number, found "http"'],
  'a number for text': ['token: 5\n', '1:8: token: must be text, found a number that is not shown here'],
  'a broken number': ['port: 1.5\n', '1:7: port: must be a whole number, found 1.5'],
  'a list for a number': ['port: [1]\n', '1:7: port: must be a number, found a list'],
  'a mapping for a number': ['port:\n  a: 1\n', '2:3: port: must be a number, found a mapping'],
  'yes for true': ['buffer: {sync: yes}\n', '1:16: buffer.sync: must be true or false, found "yes"'],
  'no value': [
    'buffer:\nlevel: info\n',
    '1:1: buffer: has no value: must be a mapping of options ("key: value"); give one or remove the key',
  ],
  'a number too small': ['port: 0\n', '1:7: port: must be at least 1, found 0'],
  'a number too large': ['port: 70000\n', '1:7: port: must be at most 65535, found 70000'],
  'not a number': ['ratio: .nan\n', '1:8: ratio: must be a number, found NaN'],
  'an empty list': ['inputs: [{kind: file, paths: []}]\n', '1:30: inputs[0].paths: must have at least 1 item, found a list'],
  'an empty text': ['inputs: [{kind: file, paths: [a, ""]}]\n', '1:34: inputs[0].paths[1]: must not be empty, found ""'],
  'a name of a record': [
    'inputs:\n  - kind: file\n    paths: [a]\n    labels:\n      ok: x\n      Not OK: y\n',
    '6:7: inputs[0].labels."Not OK": this name must be a word of small letters',
  ],
  'a value of a record': [
    'inputs:\n  - kind: file\n    paths: [a]\n    labels: {a: x, rack: 5}\n',
    '4:26: inputs[0].labels.rack: must be text, found 5',
  ],
  'neither form of a union': ['hub: 5\n', '1:6: hub: must be text, or a mapping of options ("key: value"), found 5'],
  'one form of a union with faults': ['hub:\n  host: a\n  prot: 1\n', '3:3: hub.prot: is not an option; did you mean "port"?'],
  'a size that is none': [
    'batch_bytes: 12 parsecs\n',
    '1:14: batch_bytes: must be a size such as 64KiB, 1MiB or 1GB, or a number of bytes, found "12 parsecs"',
  ],
  'a list for a size': [
    'batch_bytes: [1]\n',
    '1:14: batch_bytes: must be a size such as 64KiB, 1MiB or 1GB, or a number of bytes, found a list',
  ],
  'a size too small': ['batch_bytes: 1KiB\n', '1:14: batch_bytes: must be at least 64KiB, found "1KiB"'],
  'a size too large': ['batch_bytes: 999999999\n', '1:14: batch_bytes: must be at most 16MiB, found 999999999'],
  'a duration without a unit': [
    'inputs: [{kind: file, paths: [a], idle_flush: 5}]\n',
    '1:47: inputs[0].idle_flush: needs a unit: write 5s for seconds or 5ms',
  ],
  'a key twice': ['level: info\nport: 1\nlevel: warn\n', '3:1: level: is given twice, first in line 1'],
  'a key twice, deep': [
    'inputs:\n  - kind: file\n    paths: [a]\n    paths: [b]\n',
    '4:5: inputs[0].paths: is given twice, first in line 3',
  ],
  'a key that is none': ['? [a]\n: 1\n', '1:3: this cannot be a key; a key is a word'],
  'a key of the language': ['__proto__: {level: loud}\n', '1:1: __proto__ cannot be a key; a key is a word'],
  'a long value': [`port: ${'x'.repeat(100)}\n`, `1:7: port: must be a number, found "${'x'.repeat(60)}…"`],
  'a tab': ['buffer:\n\tlimit: 5\n', '2:1: a tab cannot indent; use spaces'],
  'an open bracket': [
    'inputs: [a\nlevel: info\n',
    '2:1: a quote or bracket that was opened is not closed, or a comma is missing; check quotes, brackets and indentation; ${…} inside [ ] or { } needs quotes',
  ],
  'an open quote': [
    'token: "a\nlevel: info\n',
    '3:1: a quote or bracket that was opened is not closed, or a comma is missing; check quotes, brackets and indentation; ${…} inside [ ] or { } needs quotes',
  ],
  'a colon in a value': [
    'token: a: b\n',
    '1:8: a second "key: value" begins inside this value; check the indentation, or quote a value that contains ": "',
  ],
  'no space after a colon': [
    'level:info\nport: 1\n',
    '1:1: this line has no value; write "key: value" with a space after the colon',
  ],
  'wrong indentation': [
    'buffer:\n    limit: 5\n  sync: true\n',
    '3:1: this line is indented as none around it; indent the keys of one mapping, and the items of one list, alike',
  ],
  'two documents': [
    'level: info\n---\nlevel: warn\n',
    '2:1: a second document begins here; one file holds one configuration; remove the line ---',
  ],
  'a tag': ['token: !env X\n', '1:8: tags such as !name are not supported; put the value in quotes if it begins with !'],
  'a reserved character': ['token: @x\n', '1:8: a value cannot begin with this character; put the value in quotes'],
  'an unknown escape': ['token: "\\q"\n', '1:9: this backslash begins no known escape; use single quotes, or write \\\\'],
  'an alias of nothing': ['token: *nothing\n', '1:8: token: the alias *nothing names no anchor that stands before it'],
  'an alias within itself': ['buffer: &b\n  limit: *b\n', '2:10: buffer.limit: the alias *b contains itself'],
  'a variable that is not set': [
    'token: a${NOPE}b\n',
    '1:8: token: the environment variable NOPE is not set; set it, or write $${NOPE} for the literal text',
  ],
  'a variable that is not set, for a number': [
    'port: ${NOPE}\n',
    '1:7: port: the environment variable NOPE is not set; set it, or write $${NOPE} for the literal text',
  ],
  'no variable name': [
    'token: ${a-b}\n',
    '1:8: token: has "${a-b}", which names no environment variable; write ${NAME}, ${file:PATH}, or $${ for the literal text ${',
  ],
  'an open substitution': ['token: ${WORD\n', '1:8: token: has "${" without "}"; write $${ for the literal text ${'],
  'a missing file to put in': ['token: ${file:nope}\n', '1:8: token: the file nope cannot be read: there is no such file'],
  'a file without a name': ['token: ${file:}\n', '1:8: token: has "${file:}" without a path'],
  'a secret of the wrong type': ['port: ${WORD}\n', '1:7: port: must be a number, found ${WORD}'],
  'a secret that is no word of the list': [
    'level: ${WORD}\n',
    '1:8: level: must be one of "debug", "info", "warn", found ${WORD}',
  ],
  'a secret out of range': ['port: 9${DIGITS}\n', '1:7: port: must be at most 65535, found 9${DIGITS}'],
};

suite('every configuration error says where, what and what was meant', () => {
  for (const [name, [text, ...lines]] of Object.entries(wrong)) {
    test(name, () => {
      const { message } = errorOf(() => parse(text));
      assert.deepEqual(
        message.split('\n'),
        lines.map((line) => `agent.yaml:${line}`),
      );
    });
  }
});

test('all problems are listed at once, in the order of the file', () => {
  const text = [
    'levle: info',
    'port: ${NOPE}',
    'level: loud',
    'inputs:',
    '  - kind: syslog',
    '    port: 0',
    '  - kind: file',
    '    path: [a]',
    'port: 5',
    '',
  ];
  const { problems } = errorOf(() => parse(text.join('\n')));
  assert.deepEqual(
    problems.map(({ line, column, path }) => [line, column, path]),
    [
      [1, 1, 'levle'],
      [2, 7, 'port'],
      [3, 8, 'level'],
      [6, 11, 'inputs[0].port'],
      [8, 5, 'inputs[1].path'],
      [9, 1, 'port'],
    ],
  );
});

test('places count characters after a byte order mark, with CRLF and in quotes', () => {
  assert.match(errorOf(() => parse('level: info\r\nport: "x"\r\n')).message, /^agent\.yaml:2:7: port:/);
});

suite('substitution', () => {
  test('text, numbers and truth values come from the environment as the schema wants them', () => {
    const config = parse('port: ${PORT}\ntoken: ${DIGITS}\nbuffer: {sync: "${FLAG}", limit: "${DIGITS}"}\nratio: -${PORT}\n');
    assert.equal(config.port, 7001);
    assert.equal(config.token, '12345');
    assert.equal(config.buffer.sync, true);
    assert.equal(config.buffer.limit, 12_345);
    assert.equal(config.ratio, -7001);
  });

  test('several in one value, an empty one, and a literal', () => {
    assert.equal(parse('token: a${WORD}b${EMPTY}c${WORD}\n').token, 'ahunter22bchunter22');
    assert.equal(parse('token: $${WORD} $$ $x $\n').token, '${WORD} $$ $x $');
    assert.equal(parse('token: $$${WORD}\n').token, '$${WORD}', 'the first two of three dollars are plain text');
  });

  test('what was put in is not looked at again', () => {
    const config = parseConfig({ file: 'a.yaml', schema, env: { A: '${WORD}', WORD: 'x' }, text: 'token: ${A}' });
    assert.equal(config.token, '${WORD}');
  });

  test('a secret does not reach a message that the schema writes itself', () => {
    const own = z.strictObject({
      token: z.string().refine(() => false, { error: ({ input }) => `must differ from ${String(input)}` }),
    });
    const { message } = errorOf(() => parseConfig({ file: 'a.yaml', schema: own, env, text: 'token: ${WORD}\n' }));
    assert.equal(message, 'a.yaml:1:8: token: must differ from ${WORD}, found ${WORD}');
  });

  test('a syntax error beside a written secret does not quote it', () => {
    const { message } = errorOf(() => parse('token: "tops3cret" more\n'));
    assert.ok(!message.includes('tops3cret'), message);
  });
});

suite('on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-file-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'agent.yaml');
  const read = (): z.output<typeof schema> => readConfig({ file, schema, env });

  test('a file is put in from beside the configuration, without its last line ends', () => {
    writeFileSync(join(folder, 'token'), 's3cret\r\n\n', { mode: 0o640 });
    writeFileSync(file, 'token: ${file:token}\n');
    assert.equal(read().token, 's3cret');
    writeFileSync(file, `token: \${file:${join(folder, 'token')}}\n`);
    assert.equal(read().token, 's3cret');
  });

  test('its content does not appear in an error', () => {
    writeFileSync(join(folder, 'token'), 's3cret');
    writeFileSync(file, 'port: ${file:token}\n');
    assert.equal(errorOf(read).message, `${file}:1:7: port: must be a number, found \${file:token}`);
  });

  test('a pipe, a device and a folder are refused at once', { skip: process.platform === 'win32' }, () => {
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
    for (const [path, what] of [
      ['pipe', 'no file'],
      ['/dev/zero', 'no file'],
      ['.', 'a folder'],
    ]) {
      writeFileSync(file, `token: \${file:${path}}\n`);
      assert.equal(
        errorOf(read).message.split('\n').at(-1),
        `${file}:1:8: token: the file ${path} cannot be read: it is ${what}`,
      );
    }
  });

  test('one that others of this machine may read is refused, with what to do', { skip: process.platform === 'win32' }, () => {
    writeFileSync(join(folder, 'open'), 's3cret', { mode: 0o600 });
    writeFileSync(file, 'name: a\ntoken: ${file:open}\n');
    for (const mode of [0o644, 0o604, 0o602, 0o777]) {
      chmodSync(join(folder, 'open'), mode);
      const { message } = errorOf(read);
      assert.equal(
        message.split('\n').at(-1),
        `${file}:2:8: token: the file open is open to every user of this machine; chmod o-rwx ${join(folder, 'open')}`,
      );
      assert.doesNotMatch(message, /s3cret/);
    }
    chmodSync(join(folder, 'open'), 0o440);
    writeFileSync(file, 'token: ${file:open}\n');
    assert.equal(read().token, 's3cret');
  });

  test('a large one is refused', () => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(70_000));
    writeFileSync(file, 'token: ${file:large}\n');
    assert.match(errorOf(read).message, /the file large holds 70000 bytes; at most 65536 can be put in$/);
  });

  test('a missing file, a folder, and bytes that are no text', () => {
    const missing = join(folder, 'missing.yaml');
    const { message, problems } = errorOf(() => readConfig({ file: missing, schema, env }));
    assert.equal(message, `${missing}: cannot be read: there is no such file; name another with --config FILE`);
    assert.equal(problems[0]?.line, undefined);
    mkdirSync(join(folder, 'sub'));
    assert.match(errorOf(() => readConfig({ file: join(folder, 'sub'), schema, env })).message, /cannot be read: it is a folder/);
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]));
    assert.equal(errorOf(read).message, `${file}: is not UTF-8 text`);
  });

  test('a byte order mark is no text', () => {
    writeFileSync(file, '\uFEFFlevel: warn\n');
    assert.equal(read().level, 'warn');
    writeFileSync(file, '\uFEFFlevel: wran\n');
    assert.match(errorOf(read).message, /:1:8: level: /);
  });
});

test('defaults, sizes and durations are filled in', () => {
  const config = parse('inputs:\n  - {kind: file, paths: [a]}\nbatch_bytes: 128KiB\n');
  assert.equal(config.batch_bytes, 131_072);
  assert.equal(config.buffer.limit, 2 ** 30);
  assert.deepEqual(config.inputs, [{ kind: 'file', paths: ['a'], idle_flush: 5000, labels: {} }]);
  assert.equal(parse('{}').level, 'info');
});

test('anchors and aliases share options', () => {
  const config = parse('inputs:\n  - {kind: file, paths: &p [a, b]}\n  - {kind: file, paths: *p}\n');
  assert.deepEqual(config.inputs[1], { kind: 'file', paths: ['a', 'b'], idle_flush: 5000, labels: {} });
});

test('a file that grows without end by aliases is refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 8; level += 1) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}*a${level - 1}]`);
  const { problems } = errorOf(() => parse(lines.join('\n')));
  assert.equal(problems.length, 1);
  assert.match(problems[0]?.message ?? '', /holds more than 100000 values/);
});

test('a schema that would ignore unknown keys breaks our own rule, wherever it is', () => {
  const loose = z.object({ a: z.string() });
  for (const inner of [
    loose,
    loose.prefault({ a: 'x' }),
    z.array(loose),
    z.record(z.string(), loose),
    z.union([z.string(), loose]),
  ]) {
    const outer = z.strictObject({ inner: inner.optional() });
    assert.throws(() => parseConfig({ file: 'a.yaml', schema: outer, env, text: '{}' }), /strictObject/);
  }
});
