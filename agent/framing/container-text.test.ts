import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFraming, type FramingOptions } from './create-framing.ts';
import { filtersOption, multilineOption } from './framing-options.ts';
import type { Filtered } from './filters.ts';

type Container = 'docker' | 'cri';

const time = '2026-11-21T10:00:00.123456789Z';

/** As Docker writes it: HTML is escaped. */
function docker(log: string, stream = 'stdout', more = ''): string {
  const text = JSON.stringify(log).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
  return `{"log":${text},"stream":"${stream}"${more},"time":"${time}"}\n`;
}

function cri(text: string, tag = 'F', stream = 'stdout'): string {
  return `${time} ${stream} ${tag} ${text}\n`;
}

function run(
  container: Container,
  filters: unknown,
  text: string,
  more: Partial<FramingOptions> = {},
): Filtered & { text: string } {
  const { framer, filter } = createFraming({ encoding: 'utf-8', container, filters: filtersOption.parse(filters), ...more });
  assert(filter !== undefined);
  const bytes = Buffer.from(text);
  const limits = { recordBytesMax: 1_000_000, recordsMax: 1000, bytesMax: 1_000_000 };
  const filtered = filter.filterRun(bytes, framer.frame(bytes, limits, 'end'), { streamId: 'ab'.repeat(16), position: 0 });
  return { ...filtered, text: filtered.bytes.toString() };
}

function masked(container: Container, pattern: string, text: string, more: Partial<FramingOptions> = {}): string {
  return run(container, { redact: { patterns: [pattern] } }, text, more).text;
}

test('patterns that leave out records see what the container wrote', () => {
  const filters = { exclude: ['^DEBUG', 'done$', '"quoted"', '<b>', 'stream|stdout'] };
  const left = ['INFO "', 'a DEBUG', 'done?'];
  const out = ['DEBUG x', 'all done', 'a "quoted" word', 'in <b>old</b>'];
  for (const line of [(text: string) => docker(`${text}\n`), (text: string) => docker(`${text}\r\n`), cri]) {
    const container = line === cri ? 'cri' : 'docker';
    const { text, counts } = run(container, filters, [...left, ...out].map((one) => line(one)).join(''));
    assert.equal(text, left.map((one) => line(one)).join(''));
    assert.equal(counts.excluded, out.length);
  }
});

test('a mask leaves the engine\u2019s own form whole', () => {
  assert.equal(
    masked('docker', '(?<=password=)\\S+', docker('password=a"b\\<c\n')),
    docker('password=@\n').replace('@', '*'.repeat(13)),
  );
  assert.equal(masked('docker', '.*', docker('all of it\r\n', 'stderr')), docker('*********\r\n', 'stderr'));
  assert.equal(
    masked('docker', '\\d+', docker('id 4711\n', 'stdout', ',"attrs":{"n":"1"}')),
    docker('id ****\n', 'stdout', ',"attrs":{"n":"1"}'),
  );
  assert.equal(masked('docker', 'stdout|time|\\d', docker('7\n')), docker('*\n'));
  assert.equal(masked('cri', '\\d|stdout|F', cri('at 12 F')), cri('at ** *'));
  assert.equal(masked('cri', '.*', cri('')), cri(''));
  const other = `{"time":"${time}","stream":"stdout","log":"k=\\u00e9\\ud83d\\ude00\u00e9\\n"}\n`;
  assert.equal(masked('docker', '(?<=k=).*', other), other.replace(/(?<=k=)[^]*(?=\\n)/, '*'.repeat(20)));
});

test('what an engine split is one line: a secret is found and masked in both parts', () => {
  const lines = [docker('x token=abc'), docker('whole\n', 'stderr'), docker('def end\n')];
  const expected = [docker('x token=***'), docker('whole\n', 'stderr'), docker('*** end\n')];
  assert.equal(masked('docker', '(?<=token=)\\w+', lines.join('')), expected.join(''));
  const criLines = [cri('x token=abc', 'P'), cri('whole', 'F', 'stderr'), cri('def end')];
  const criExpected = [cri('x token=***', 'P'), cri('whole', 'F', 'stderr'), cri('*** end')];
  assert.equal(masked('cri', '(?<=token=)\\w+', criLines.join('')), criExpected.join(''));
  assert.equal(run('cri', { exclude: ['^x token=abcdef end\nwhole$'] }, criLines.join('')).records, 0);
});

test('a record of several lines is the text of all of them', () => {
  const multiline = multilineOption.parse({ continuation: '^\\s' });
  const lines = [docker('Error: a\n'), docker('  at secret\n'), docker('next\n')].join('');
  assert.equal(masked('docker', 'secret$', lines, { multiline }), lines.replace('secret', '******'));
  assert.equal(run('docker', { exclude: ['^Error[^]*secret'] }, lines, { multiline }).text, docker('next\n'));
});

test('a line that is torn or of another form is its own text', () => {
  for (const line of [
    '{"log":"half secret',
    `{"log":"half sec{"log":"secret\\n","stream":"stdout","time":"${time}"}\n`,
    'secret\n',
    '{"log":1} secret\n',
  ]) {
    assert.equal(masked('docker', 'secret', line), line.replace(/secret/, '******'));
    assert.equal(masked('cri', 'secret', line), line.replace(/secret/, '******'));
  }
});

test('whatever is masked, the lines are as long as before and read as what is left', () => {
  const texts = fc.string({
    unit: fc.constantFrom('a', '1', '"', '\\', '<', '\t', ' ', '\u00e9', '\u{1F600}', '\u2028', '\u0001', '\n'),
    maxLength: 20,
  });
  const parts = fc.array(fc.record({ text: texts, stream: fc.constantFrom('stdout', 'stderr') }), { minLength: 1, maxLength: 5 });
  const patterns = fc.constantFrom('1', '[^a]+', '\u00e9\u{1F600}', '.', '"', '\\\\', '(?<=a).*');
  fc.assert(
    fc.property(parts, patterns, (given, pattern) => {
      const source = given.map(({ text, stream }) => docker(text, stream)).join('');
      const result = masked('docker', pattern, source);
      assert.equal(Buffer.byteLength(result), Buffer.byteLength(source));
      const lines = result.trimEnd().split('\n');
      assert.equal(lines.length, given.length);
      for (const [index, line] of lines.entries()) {
        const told: Record<'log' | 'stream' | 'time', string> = JSON.parse(line);
        const { log } = told;
        assert.deepEqual([told.stream, told.time], [given[index]?.stream, time]);
        // Only stars are new, and no line of the container was joined with another.
        assert.equal(log.replaceAll('*', '').split('\n').length, given[index]?.text.split('\n').length);
        if (pattern === '1') assert(!log.includes('1'));
        if (pattern === '.') assert.match(log, /^[*\n\u2028]*$/);
      }
    }),
    { numRuns: 300 },
  );
});
