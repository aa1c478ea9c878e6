/** Lines are those that grok's own documentation and tests are known for, and of the programs' manuals. */
import assert from 'node:assert/strict';
import { cpuUsage } from 'node:process';
import { test } from 'node:test';
import { StepOptionError } from '../step.ts';
import { makeStep, recordOf, tryStep } from '../testing.ts';
import { compileGrok } from './grok-pattern.ts';
import { grok } from './grok.ts';
import { standardPatterns } from './pattern-names.ts';

type Options = Parameters<typeof makeStep<typeof grok.options>>[1];

function read(options: Options | string, text: string): unknown {
  return tryStep(makeStep(grok, typeof options === 'string' ? { match: options } : options), text).record.fields;
}

function problem(options: Options): string {
  try {
    makeStep(grok, options);
  } catch (error) {
    assert.ok(error instanceof StepOptionError);
    return `${error.path.join('.')}: ${error.message}`;
  }
  return 'nothing';
}

test("the documentation's first example", () => {
  assert.deepEqual(
    read(
      '%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes:int} %{NUMBER:duration:float}',
      '55.3.244.1 GET /index.html 15824 0.043',
    ),
    { client: '55.3.244.1', method: 'GET', request: '/index.html', bytes: 15824, duration: 0.043 },
  );
});

test("and its second, with a pattern of one's own", () => {
  const line =
    'Jan  1 06:25:43 mailserver14 postfix/cleanup[21403]: BEF25A72965: message-id=<20130101142543.5828399CCAF@mailserver14.example.com>';
  const fields = {
    timestamp: 'Jan  1 06:25:43',
    host: { hostname: 'mailserver14' },
    process: { name: 'postfix/cleanup', pid: 21403 },
    queue_id: 'BEF25A72965',
    syslog_message: 'message-id=<20130101142543.5828399CCAF@mailserver14.example.com>',
  };
  const match = '%{SYSLOGBASE} %{POSTFIX_QUEUEID:queue_id}: %{GREEDYDATA:syslog_message}';
  assert.deepEqual(read({ match, patterns: { POSTFIX_QUEUEID: '[0-9A-F]{10,11}' } }, line), fields);
  assert.deepEqual(read('%{SYSLOGBASE} (?<queue_id>[0-9A-F]{10,11}): %{GREEDYDATA:syslog_message}', line), fields);
});

test('the combined log of the Apache manual', () => {
  const line =
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"';
  assert.deepEqual(read('%{COMBINEDAPACHELOG}', line), {
    source: { address: '127.0.0.1' },
    user: { name: 'frank' },
    timestamp: '10/Oct/2000:13:55:36 -0700',
    http: {
      request: { method: 'GET', referrer: 'http://www.example.com/start.html' },
      version: '1.0',
      response: { status_code: 200, body: { bytes: 2326 } },
    },
    url: { original: '/apache_pb.gif' },
    user_agent: { original: 'Mozilla/4.08 [en] (Win98; I ;Nav)' },
  });
  assert.deepEqual(read('%{COMMONAPACHELOG}', '::1 - - [10/Oct/2000:13:55:36 +0000] "-" 408 -'), {
    source: { address: '::1' },
    timestamp: '10/Oct/2000:13:55:36 +0000',
    http: { request: { line: '-' }, response: { status_code: 408 } },
  });
});

test("other programs' lines", () => {
  const lines: [pattern: string, line: string, fields: object][] = [
    [
      '%{HTTPD_ERRORLOG}',
      '[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /usr/local/apache2/htdocs/favicon.ico',
      {
        timestamp: 'Fri Sep 09 10:42:29.902022 2011',
        apache: { error: { module: 'core' } },
        log: { level: 'error' },
        process: { pid: 35708, thread: { id: 4328636416 } },
        source: { address: '72.15.99.187' },
        message: 'File does not exist: /usr/local/apache2/htdocs/favicon.ico',
      },
    ],
    [
      '%{CRONLOG}',
      'Jan 11 22:55:01 host CRON[1234]: (root) CMD (run-parts /etc/cron.hourly)',
      {
        timestamp: 'Jan 11 22:55:01',
        host: { hostname: 'host' },
        process: { name: 'CRON', pid: 1234 },
        user: { name: 'root' },
        system: { cron: { action: 'CMD' } },
        message: 'run-parts /etc/cron.hourly',
      },
    ],
    [
      '%{SYSLOG5424LINE}',
      '<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - failed for lonvick',
      {
        log: { syslog: { priority: 34, version: '1' } },
        timestamp: '2003-10-11T22:14:15.003Z',
        host: { hostname: 'mymachine.example.com' },
        process: { name: 'su' },
        event: { code: 'ID47' },
        message: 'failed for lonvick',
      },
    ],
    [
      '%{RUBY_LOGGER}',
      'I, [1999-03-03T02:34:24.895701 #19074]  INFO -- Main: info.',
      {
        timestamp: '1999-03-03T02:34:24.895701',
        process: { pid: 19074, name: 'Main' },
        log: { level: 'INFO' },
        message: 'info.',
      },
    ],
    [
      '%{JAVASTACKTRACEPART}',
      '\tat com.sample.stacktrace.StackTraceExample.aMethod(StackTraceExample.java:42)',
      {
        java: { log: { origin: { class: { name: 'com.sample.stacktrace.StackTraceExample' } } } },
        log: { origin: { function: 'aMethod', file: { name: 'StackTraceExample.java', line: 42 } } },
      },
    ],
    [
      '%{SQUID3}',
      '1525344856.899  16867 10.170.72.111 TCP_TUNNEL/200 6256 CONNECT logs.example.com:443 - HIER_DIRECT/35.186.64.1 -',
      {
        timestamp: '1525344856.899',
        squid: { request: { duration: 16867 }, hierarchy_code: 'HIER_DIRECT' },
        source: { ip: '10.170.72.111' },
        event: { action: 'TCP_TUNNEL' },
        http: { response: { status_code: 200, bytes: 6256 }, request: { method: 'CONNECT' } },
        url: { original: 'logs.example.com:443' },
        destination: { address: '35.186.64.1' },
      },
    ],
  ];
  for (const [pattern, line, fields] of lines) assert.deepEqual(read(pattern, line), fields, pattern);
});

test('a pattern fits what it is known to fit, and nothing else', () => {
  const samples: Readonly<Record<string, readonly [fits: readonly string[], fitsNot: readonly string[]]>> = {
    IPV4: [
      ['127.0.0.1', '8.8.8.8', '255.255.255.255'],
      ['255.255.255.256', '4096.1.2.3', '1.2.3', 'a.b.c.d'],
    ],
    IPV6: [
      [
        '::1',
        '::',
        '2001:db8::1',
        '1:2:3:4:5:6:7:8',
        '1::8',
        '1:2:3:4:5:6:7::',
        '::ffff:192.0.2.1',
        'fe80::1%eth0',
        '1:2:3:4::7:8',
      ],
      ['1:2:3', ':::', '1:2:3:4:5:6:7:8:9', '12345::', '1::2::3', 'g::1'],
    ],
    MAC: [
      ['00:1A:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e'],
      ['00:1A:2b:3c:4d', '00:1A-2b:3c:4d:5e'],
    ],
    HOSTNAME: [
      ['localhost', 'a.b-c.example', 'host.'],
      ['-a', 'a b', ''],
    ],
    NUMBER: [
      ['1', '-1.5', '+.5', '007'],
      ['1.', '1e3', 'a', ''],
    ],
    BASE16NUM: [
      ['0xFF', '-1a', '00'],
      ['0x', 'g'],
    ],
    UUID: [['123e4567-e89b-12d3-a456-426614174000'], ['123e4567e89b12d3a456426614174000']],
    QS: [
      ['"a \\" b"', "'x'", '`y`', '""'],
      ['"a', 'a"b"'],
    ],
    UNIXPATH: [
      ['/', '/usr/local/bin', '/a//b'],
      ['usr', '/a b'],
    ],
    WINPATH: [
      [String.raw`C:\Windows\x.dll`, String.raw`\\server\share`],
      ['C:', '/usr'],
    ],
    URI: [
      ['http://www.example.com/a?b=c', 'https://user:pw@host:8443/x', 'file:///etc/hosts'],
      ['www.example.com', '/a'],
    ],
    URIPATHPARAM: [['/a/b?c=d&e', '/'], ['a/b']],
    EMAILADDRESS: [
      ['a.b+c@example.com', "o'neil@host"],
      ['@host', 'a@'],
    ],
    TIMESTAMP_ISO8601: [
      [
        '2026-11-21T12:34:56Z',
        '2026-11-21 12:34:56,789',
        '2026-11-21T12:34:56.123+01:00',
        '2026-11-21 12:34',
        '2016-12-31T23:59:60Z',
      ],
      ['2026-13-21T12:34:56Z', '2026-11-21', '26/11/21 12:34'],
    ],
    HTTPDATE: [['10/Oct/2000:13:55:36 -0700'], ['10/Foo/2000:13:55:36 -0700', '10/Oct/2000 13:55:36 -0700']],
    SYSLOGTIMESTAMP: [
      ['Oct  9 22:33:44', 'Dec 31 23:59:59.123'],
      ['22:33:44', 'Oct 32 22:33:44'],
    ],
    DATESTAMP: [['11/21/2026 12:34:56', '21.11.2026-12:34:56'], ['2026-11-21']],
    DATESTAMP_RFC2822: [['Mon, 15 Aug 2005 15:52:01 +0000'], ['Mon 15 Aug 2005']],
    DATESTAMP_EVENTLOG: [['20261121123456.789'], ['2026-11-21']],
    MONTH: [
      ['Jan', 'January', 'sep', 'Mai', 'Dez'],
      ['Foo', 'J'],
    ],
    LOGLEVEL: [
      ['INFO', 'warning', 'Err', 'EMERGENCY', 'notice'],
      ['LOUD', 'iNFO'],
    ],
    JAVACLASS: [['java.lang.String', 'A$B'], ['1.a']],
    WORD: [['abc_1'], ['a b', 'a-b']],
  };
  for (const [name, [fits, fitsNot]] of Object.entries(samples)) {
    const { pattern } = compileGrok(`^%{${name}:it}$`, standardPatterns);
    for (const text of fits) assert.equal(pattern.test(text), true, `${name} ${text}`);
    for (const text of fitsNot) assert.equal(pattern.test(text), false, `${name} not ${text}`);
  }
});

test('every standard pattern can be used', () => {
  for (const name of standardPatterns.keys()) assert.doesNotThrow(() => compileGrok(`%{${name}:it}`, standardPatterns), name);
});

test('fields may be in brackets, and of a list the first expression that fits holds', () => {
  const match = [
    '^%{INT:[http][response][status_code]:int}$',
    '%{WORD:a.b} %{IP:[source][ip]:ip}|%{WORD:a.b}!',
    '(?i)^END (?<rest>[[:upper:]]+)',
  ];
  assert.deepEqual(read({ match }, '503'), { http: { response: { status_code: 503 } } });
  assert.deepEqual(read({ match }, 'x ::1'), { a: { b: 'x' }, source: { ip: '::1' } });
  assert.deepEqual(read({ match }, 'x!'), { a: { b: 'x' } });
  assert.deepEqual(read({ match }, 'end now'), { rest: 'now' });
  assert.throws(() => read({ match }, '?'), { type: 'no_match' });
});

test("Oniguruma's own signs mean what they mean", () => {
  assert.deepEqual(read(String.raw`\A(?>a++)(?<x>[[:digit:]\h]{2})(b)*+(?#comment)(?P<y>c)\z`, 'aaa1fbbc'), { x: '1f', y: 'c' });
  assert.deepEqual(read(String.raw`(?<x>[]a]+)[[:^x]`, 'b]a['), { x: ']a' });
});

test('patterns may be in files beside the pipeline', () => {
  const files: Readonly<Record<string, string>> = { a: '# mine\nTICKET [A-Z]+-%{INT}\r\n\nOTHER x y \n', bad: 'GOOD x\nBAD\n' };
  const readFile = (path: string): Buffer<ArrayBuffer> => Buffer.from(files[path] ?? '');
  const step = makeStep(grok, { match: '%{TICKET:ticket}', patterns_file: 'a' }, { readFile });
  assert.deepEqual(tryStep(step, 'see ABC-12').record.fields, { ticket: 'ABC-12' });
  assert.throws(() => makeStep(grok, { match: '%{INT:a}', patterns_file: ['a', 'bad'] }, { readFile }), {
    path: ['patterns_file'],
    message: 'bad has no name and pattern in line 2',
  });
});

test('what is wrong is told with its place', () => {
  assert.equal(problem({ match: 'a %{NUMBR:x}' }), 'match: there is no pattern NUMBR; did you mean NUMBER? (at character 3)');
  assert.equal(
    problem({ match: ['%{INT:a}', '%{INT:a:itn}'] }),
    'match.1: a:itn: there is no type itn; did you mean int? (at character 1)',
  );
  assert.equal(problem({ match: '%{INT}' }), 'match: names no field, such as %{IP:source.ip}, and would set nothing');
  assert.equal(
    problem({ match: '%{IN T}' }),
    'match: %{IN T} is no reference: %{NAME}, %{NAME:field} and %{NAME:field:type} are (at character 1)',
  );
  assert.equal(problem({ match: '%{INT:a} %{INT' }), 'match: a %{ is not closed (at character 10)');
  assert.match(problem({ match: '%{INT:a}(' }), /^match: is no pattern: /);
  assert.equal(problem({ match: '%{INT:a}(?=b)' }), 'match: looks ahead, which could take forever (at character 9)');
  assert.equal(
    problem({ match: '%{A:a}', patterns: { A: 'x%{B}', B: '%{A}' } }),
    'patterns.A: the pattern A leads back to itself (at character 1 of the pattern B)',
  );
  assert.equal(
    problem({ match: '%{A:a}', patterns: { A: '(?!x)' } }),
    'patterns.A: looks ahead, which could take forever (at character 1 of the pattern A)',
  );
  assert.match(problem({ match: '%{INT:a..b}' }), /^match: a\.\.b: must be names with dots/);
});

test('patterns in patterns have an end', () => {
  const doubled = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`P${index + 1}`, `%{P${index}}%{P${index}}`]));
  assert.match(problem({ match: '%{P40:a}', patterns: { P0: 'x', ...doubled } }), /too long/);
});

test('a pattern that would take forever does not, and what cannot be converted changes nothing', () => {
  assert.throws(() => read('^(?<a>(a+)+)$', `${'a'.repeat(100_000)}b`), { type: 'no_match' });
  const record = recordOf('x 1.5');
  assert.throws(() => tryStep(makeStep(grok, { match: '%{WORD:a} %{NUMBER:b:int}' }), record), { type: 'convert' });
  assert.deepEqual(record.fields, {});
});

test('a text that is longer than a pattern is to look at has failed at once, by its bytes', () => {
  const step = makeStep(grok, { match: '%{COMBINEDAPACHELOG}' });
  const record = recordOf('a'.repeat(10 * 1024 * 1024));
  const { user } = cpuUsage();
  assert.throws(() => tryStep(step, record), { type: 'too_long', message: 'it has 10485760 bytes, and max_bytes is 1MiB' });
  assert.ok(cpuUsage().user - user < 1_000_000, 'no pattern was tried');
  assert.deepEqual(record.fields, {});
  const short = makeStep(grok, { match: '%{GREEDYDATA:all}', max_bytes: '1KiB' });
  assert.equal(tryStep(short, 'ä'.repeat(512)).record.get(['all']), 'ä'.repeat(512));
  assert.throws(() => tryStep(short, 'ä'.repeat(513)), { type: 'too_long' });
});
