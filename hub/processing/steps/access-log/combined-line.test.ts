import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { PipelineRecord } from '../../record/record.ts';
import { StepError } from '../step.ts';
import { makeStep, recordOf, tryStep } from '../testing.ts';
import { apache } from './apache.ts';
import { nginx } from './nginx.ts';

const step = makeStep(apache, {});

function read(line: string): PipelineRecord {
  return tryStep(step, line).record;
}

test("the example of Apache's documentation, in the common format", () => {
  const record = read('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326\n');
  assert.deepEqual(record.fields, {
    source: { address: '127.0.0.1', ip: '127.0.0.1' },
    user: { name: 'frank' },
    http: { request: { method: 'GET' }, version: '1.0', response: { status_code: 200, body: { bytes: 2326 } } },
    url: { original: '/apache_pb.gif', path: '/apache_pb.gif' },
  });
  assert.equal(record.eventMs, Date.UTC(2000, 9, 10, 20, 55, 36));
});

test("the example of Apache's documentation, in the combined format", () => {
  const { fields } = read(
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"',
  );
  assert.deepEqual(fields['http'], {
    request: { method: 'GET', referrer: 'http://www.example.com/start.html' },
    version: '1.0',
    response: { status_code: 200, body: { bytes: 2326 } },
  });
  assert.deepEqual(fields['user_agent'], { original: 'Mozilla/4.08 [en] (Win98; I ;Nav)' });
});

suite('what real servers write', () => {
  test('hosts that are names, users with spaces, identities, queries, no size', () => {
    const { fields } = read(
      'pc7.example.net ident Ann Lee [22/Nov/2026:04:05:06 +0000] "POST /a?b=c&d HTTP/2.0" 304 - "-" "curl/8.1"',
    );
    assert.deepEqual(fields, {
      source: { address: 'pc7.example.net' },
      user: { name: 'Ann Lee' },
      http: { request: { method: 'POST' }, version: '2.0', response: { status_code: 304, body: { bytes: 0 } } },
      url: { original: '/a?b=c&d', path: '/a', query: 'b=c&d' },
      user_agent: { original: 'curl/8.1' },
      apache: { access: { identity: 'ident' } },
    });
  });

  test("Debian's vhost_combined, and a name without a port before the address", () => {
    for (const [line, url] of [
      ['example.com:8443 2001:db8::7 - - ', { domain: 'example.com', port: 8443, original: '/', path: '/' }],
      ['example.com 2001:db8::7 - - ', { domain: 'example.com', original: '/', path: '/' }],
    ] as const) {
      const { fields } = read(`${line}[22/Nov/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 5 "-" "x"`);
      assert.deepEqual(fields['source'], { address: '2001:db8::7', ip: '2001:db8::7' });
      assert.deepEqual(fields['url'], url);
    }
  });

  test('bytes that are no HTTP are kept as they are written', () => {
    const tls = String.raw`\x16\x03\x01`;
    const { fields } = read(`192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "${tls}" 400 0`);
    assert.deepEqual(fields['apache'], { access: { request: '\u0016\u0003\u0001' } });
    assert.equal('url' in fields, false);
    assert.equal('url' in read('192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "-" 408 0').fields, false);
  });

  test('quotes and other bytes that servers escape', () => {
    const { fields } = read(
      String.raw`192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "GET /\xc3\xa9?q=\"x\" HTTP/1.1" 200 0 "http://a/\\" "a \x22b\x22 \xff"`,
    );
    assert.deepEqual(fields['url'], { original: '/é?q="x"', path: '/é', query: 'q="x"' });
    assert.deepEqual(fields['http'], {
      request: { method: 'GET', referrer: 'http://a/\\' },
      version: '1.1',
      response: { status_code: 200, body: { bytes: 0 } },
    });
    // Not UTF-8: left as it is.
    assert.deepEqual(fields['user_agent'], { original: String.raw`a \x22b\x22 \xff` });
  });

  test("the format of nginx's own packages, with the header X-Forwarded-For", () => {
    const line = '192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 5 "-" "x" "198.51.100.4, 192.0.2.9"';
    const { record } = tryStep(makeStep(nginx, {}), line);
    assert.deepEqual(record.fields['nginx'], { access: { forwarded_for: '198.51.100.4, 192.0.2.9' } });
  });

  test('whole URLs, and the authority of CONNECT', () => {
    const line = (request: string): string => `192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "${request}" 200 5`;
    assert.deepEqual(read(line('GET http://u:p@example.com:81/a?b HTTP/1.1')).fields['url'], {
      original: 'http://u:p@example.com:81/a?b',
      scheme: 'http',
      domain: 'example.com',
      port: 81,
      path: '/a',
      query: 'b',
    });
    assert.deepEqual(read(line('CONNECT example.com:443 HTTP/1.1')).fields['url'], { original: 'example.com:443' });
  });
});

test('times without an offset are in the zone of the step', () => {
  const { record } = tryStep(
    makeStep(nginx, { timezone: 'Europe/Vienna' }),
    '::1 - - [01/Jul/2026:12:00:00] "GET / HTTP/1.1" 200 5',
  );
  assert.equal(record.eventMs, Date.UTC(2026, 6, 1, 10));
});

test('lines of another form are refused, and the record stays as it was', () => {
  const good = '192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 5 "-" "x"';
  const bad = [
    '',
    ' ',
    'x',
    good.slice(0, -1),
    `${good} 7`,
    good.replace('Nov', 'Nop'),
    good.replace('22/', '32/'),
    good.replace('04:05:06', '24:05:06'),
    good.replace('200', '20x'),
    good.replace('] ', '] x'),
    '[22/Nov/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 5',
  ];
  for (const line of bad) {
    const record = recordOf(line);
    assert.throws(() => tryStep(step, record), { name: 'StepError', type: 'no_match' }, line);
    assert.deepEqual(record.fields, {});
    assert.equal(record.eventMs, undefined);
  }
});

test('no line crashes the step, and each that is read has types that ECS has', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '192.0.2.1',
      ' - - [22/Nov/2026:04:05:06 +0000] "',
      'GET / HTTP/1.1',
      '" 200 5',
      '"',
      '\\',
      ' "',
      '[',
      '] "',
      '-',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const record = recordOf(pieces.join(''));
      try {
        tryStep(step, record);
        assert.equal(typeof record.eventMs, 'number');
      } catch (error) {
        assert.ok(error instanceof StepError);
        assert.deepEqual(record.fields, {});
      }
    }),
  );
});

test('ten megabytes are read, or refused, in the time of a few passes', () => {
  const long = 'x'.repeat(10_000_000);
  const head = '192.0.2.1 - - [22/Nov/2026:04:05:06 +0000] "';
  const hostile = [
    long,
    ' '.repeat(10_000_000),
    '" '.repeat(5_000_000),
    `${head}${'\\"'.repeat(5_000_000)}`,
    ' ['.repeat(5_000_000),
  ];
  const started = process.cpuUsage();
  read(`${head}GET /${long} HTTP/1.1" 200 5`);
  for (const line of hostile) assert.throws(() => read(line), StepError);
  const { user } = process.cpuUsage(started);
  assert.ok(user < 3_000_000, `${user} µs`);
});
