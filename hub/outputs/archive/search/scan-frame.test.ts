import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { headerRow } from '../row-format.ts';
import { FrameRows, RowError } from './frame-rows.ts';
import { createMatcher, limitBacktracking, PatternError } from './matcher.ts';
import type { ArchiveQuery, Pattern } from './query.ts';
import { scanFrame } from './scan-frame.ts';
import type { ResultFormat } from './search-contract.ts';

const receivedMs = Date.UTC(2026, 10, 21, 12);

interface TestRow {
  readonly raw: Buffer;
  readonly host?: string;
  readonly source?: string;
  readonly atMs?: number;
  readonly flags?: string;
  readonly fields?: string;
}

/** A frame as the archive writes it: the fields before raw are of no interest here. */
function frameOf(rows: readonly TestRow[]): Buffer {
  const parts = rows.map(({ raw, host = 'web1', source = '/var/log/app.log', atMs = receivedMs, ...more }, index) => {
    const { flags = '', fields = '' } = more;
    const quoted = Buffer.from(raw.toString('latin1').replaceAll('"', '""'), 'latin1');
    const start = `${new Date(atMs).toISOString()},${host},${'a'.repeat(32)},${'b'.repeat(32)},${quote(source)},,${index * 10},0,${flags},,${quote(fields)},"`;
    return Buffer.concat([Buffer.from(start), quoted, Buffer.from('"\n')]);
  });
  return Buffer.concat(parts);
}

function quote(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function texts(...raws: readonly string[]): TestRow[] {
  return raws.map((raw) => ({ raw: Buffer.from(raw) }));
}

function scan(rows: readonly TestRow[], query: ArchiveQuery, format: ResultFormat = 'raw'): string[] {
  const frame = frameOf(rows);
  const matcher = createMatcher(query.pattern);
  const result = scanFrame({ frame, channel: 'acme/app', isFirst: false, query, matcher, format });
  assert.equal(result.matched, format === 'count' ? result.matched : result.ends.length);
  if (format === 'count') return [String(result.matched)];
  const bytes = Buffer.from(result.bytes);
  return Array.from(result.ends, (end, index) => bytes.toString('latin1', index === 0 ? 0 : result.ends[index - 1], end));
}

function literal(text: string, ignoreCase = false): { pattern: Pattern } {
  return { pattern: { kind: 'literal', text, ignoreCase } };
}

function regex(text: string, ignoreCase = false): { pattern: Pattern } {
  return { pattern: { kind: 'regex', text, ignoreCase } };
}

/** Few different bytes, so that quotes, commas and newlines meet in every order. */
const awkwardRaw = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => Buffer.from(bytes.map((byte) => Buffer.from('""",\n\na')[byte % 7] ?? 0)));

suite('a frame is searched', () => {
  test('rows are found whatever they hold, walking or jumping', () => {
    fc.assert(
      fc.property(fc.array(awkwardRaw, { minLength: 1, maxLength: 40 }), fc.nat(5000), (raws, target) => {
        const filler = Buffer.alloc(600, 'x');
        const rows = raws.flatMap((raw) => [{ raw }, { raw: Buffer.concat([raw, filler, raw]) }]);
        const frame = frameOf(rows);
        const walk = new FrameRows(frame, 0);
        const ends: number[] = [];
        for (const { raw } of rows) {
          assert.ok(walk.next());
          assert.equal(walk.rawEnd - walk.rawStart, raw.toString('latin1').replaceAll('"', '""').length);
          ends.push(walk.rowEnd);
        }
        assert.ok(!walk.next());
        const jump = new FrameRows(frame, 0);
        jump.jumpTowards(target % frame.length);
        assert.ok(jump.rowEnd === 0 || ends.includes(jump.rowEnd), 'a jump ends behind a row');
        assert.ok(jump.rowEnd <= target % frame.length);
      }),
    );
  });

  test('a literal may lie in the line end, whether or not case counts', () => {
    const rows = ['one\r\n', 'two\n', 'three\r\n'].map((text) => ({ raw: Buffer.from(text) }));
    for (const ignoreCase of [false, true]) assert.deepEqual(scan(rows, literal('e\r', ignoreCase)), ['one\r\n', 'three\r\n']);
  });

  test('a literal finds exactly the records that contain it', () => {
    const needle = fc.constantFrom('"', '""', ',"', '"\n', 'a"', '\n', ',', 'aa', '",', 'a,"', '\n"');
    fc.assert(
      fc.property(fc.array(awkwardRaw, { maxLength: 40 }), needle, (raws, text) => {
        const expected = raws.filter((raw) => raw.includes(text)).map((raw) => raw.toString('latin1'));
        assert.deepEqual(
          scan(
            raws.map((raw) => ({ raw })),
            literal(text),
          ),
          expected,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('a literal far behind is found by a jump', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => ({ raw: Buffer.from(`line ${index} of "many",\n`) }));
    assert.deepEqual(scan(rows, literal('line 4321 of "many"')), ['line 4321 of "many",\n']);
    assert.deepEqual(scan(rows, literal('LINE 4321', true)), ['line 4321 of "many",\n']);
    assert.deepEqual(scan(rows, literal('9 of'), 'count'), ['500']);
  });

  test('what was received earlier may come later, where others route to a log type', () => {
    const rows = [2, 0, 3, 1].map((second) => ({ raw: Buffer.from(`${second}\n`), atMs: receivedMs + second * 1000 }));
    assert.deepEqual(scan(rows, { untilMs: receivedMs + 2000 }), ['0\n', '1\n']);
    assert.deepEqual(scan(rows, { sinceMs: receivedMs + 2000 }), ['2\n', '3\n']);
  });

  test('hits outside the raw column do not count', () => {
    const rows = [
      { raw: Buffer.from('one\n'), host: 'needle', source: '/var/log/needle' },
      { raw: Buffer.from('a needle\n') },
      { raw: Buffer.from('two\n'), fields: '{"x":"needle"}' },
    ];
    assert.deepEqual(scan(rows, literal('needle')), ['a needle\n']);
    assert.deepEqual(scan(rows, literal('NEEDLE', true)), ['a needle\n']);
    assert.deepEqual(scan(texts('one\n', 'two\n'), literal('\ntwo')), [], 'no record spans two rows');
    assert.deepEqual(scan(texts('one', 'two'), literal('"\n2026')), [], 'what is between rows is in no record');
  });

  test('case is ignored for ASCII by bytes, for others by Unicode', () => {
    const rows = texts('Grüße\n', 'GRÜSSE GRÜ\n', 'grüß\n', 'a "Quoted" word\n');
    assert.deepEqual(scan(rows, literal('gr', true)).length, 3);
    assert.deepEqual(scan(rows, literal('GRÜ', true)).length, 3);
    assert.deepEqual(scan(rows, literal('"QUOTED"', true)).length, 1);
    assert.deepEqual(scan(rows, literal('a.', true)), [], 'a literal is no expression');
  });

  test('a regular expression sees the record as text without its line end', () => {
    const rows = texts('GET /a 200\r\n', 'GET /b 500\n', 'é\n', '"x" 500', '\n');
    assert.deepEqual(scan(rows, regex('500$')), ['GET /b 500\n', '"x" 500']);
    assert.deepEqual(scan(rows, regex('^get .* 200$', true)), ['GET /a 200\r\n']);
    assert.deepEqual(scan(rows, regex('^.$')), [Buffer.from('é\n').toString('latin1')]);
    assert.deepEqual(scan(rows, regex('^"x"')), ['"x" 500']);
    assert.deepEqual(scan(rows, regex('^$')), ['\n']);
    assert.throws(() => createMatcher({ kind: 'regex', text: '(', ignoreCase: false }), PatternError);
  });

  test('a linear expression finds what a regular one does, and cannot hold up a thread', () => {
    const rows = texts('GET /a 12ms\n', 'Köln 5\n', `${'a'.repeat(100_000)}\n`);
    const linear = (text: string, ignoreCase = false): string[] => scan(rows, { pattern: { kind: 'linear', text, ignoreCase } });
    assert.deepEqual(linear('^K.ln \\d$'), ['K\u00c3\u00b6ln 5\n']);
    assert.deepEqual(linear('get /A', true), ['GET /a 12ms\n']);
    assert.deepEqual(linear('(a+)+b'), []);
    assert.throws(() => linear('(a)\\1'), { code: 'PATTERN' });
  });

  test('a pattern that backtracks without end ends', () => {
    limitBacktracking();
    const started = performance.now();
    assert.deepEqual(scan(texts(`${'a'.repeat(60)}b\n`), regex('^(a+)+$')), []);
    assert.ok(performance.now() - started < 60_000);
  });

  test('host and time choose rows', () => {
    const rows = [
      { raw: Buffer.from('1'), atMs: receivedMs },
      { raw: Buffer.from('2'), atMs: receivedMs + 1, host: 'web2' },
      { raw: Buffer.from('3'), atMs: receivedMs + 2 },
    ];
    assert.deepEqual(scan(rows, { host: 'web1' }), ['1', '3']);
    assert.deepEqual(scan(rows, { sinceMs: receivedMs + 1 }), ['2', '3']);
    assert.deepEqual(scan(rows, { untilMs: receivedMs + 1 }), ['1']);
    assert.deepEqual(scan(rows, { untilMs: receivedMs }), []);
  });

  test('JSON has every column, and bytes that are no text as base64', () => {
    const rows = [{ raw: Buffer.from('say "hi"\n'), source: 'a,"b"' }, { raw: Buffer.from([0xff, 0x00, 0x0a]) }];
    const [first = '', second = ''] = scan(rows, {}, 'json');
    assert.deepEqual(JSON.parse(first), {
      received: '2026-11-21T12:00:00.000Z',
      tenant: 'acme',
      type: 'app',
      host: 'web1',
      agent: 'a'.repeat(32),
      stream: 'b'.repeat(32),
      source: 'a,"b"',
      labels: {},
      position: 0,
      ordinal: 0,
      flags: [],
      raw: 'say "hi"\n',
    });
    const other: Record<string, unknown> = JSON.parse(second);
    assert.deepEqual([other['raw'], other['raw_base64']], [undefined, Buffer.from([0xff, 0x00, 0x0a]).toString('base64')]);
  });

  test('JSON has what a pipeline found, also where that is the line itself', () => {
    const line = '{"level":"warn"}\n';
    const rows = [
      { raw: Buffer.from(line), flags: 'partial json' },
      { raw: Buffer.from('x'), fields: '{"b":"a,\\"c\\""}' },
      { raw: Buffer.from(line) },
    ];
    const found = scan(rows, {}, 'json').map((text): unknown => Reflect.get(Object(JSON.parse(text)), 'fields'));
    assert.deepEqual(found, [{ level: 'warn' }, { b: 'a,"c"' }, undefined]);
  });

  test('what is no frame of ours is an error, never a wrong answer', () => {
    const query = {};
    const matcher = createMatcher(undefined);
    const request = { channel: 'acme/app', query, matcher, format: 'count' } as const;
    for (const text of [
      'nonsense',
      '2026-11-21T12:00:00.000Z,h,a,s,p,,0,0,,,,"open',
      '2026-11-21T12:00:00.000Z,h,a,s,p,,0,0,,,"{""a"":1}"',
      'x,y\n',
    ]) {
      assert.throws(() => scanFrame({ ...request, frame: Buffer.from(text), isFirst: false }), RowError, text);
    }
    assert.throws(() => scanFrame({ ...request, frame: frameOf(texts('one')), isFirst: true }), RowError);
    const first = Buffer.concat([headerRow, frameOf(texts('one'))]);
    assert.equal(scanFrame({ ...request, frame: first, isFirst: true }).matched, 1);
    assert.equal(scanFrame({ ...request, frame: headerRow, isFirst: true }).matched, 0);
  });
});
