import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isObject, type FieldValue } from '../../record/fields.ts';
import type { PipelineRecord } from '../../record/record.ts';
import { StepError } from '../step.ts';
import { makeStep, recordOf, tryStep } from '../testing.ts';
import { haproxy } from './haproxy.ts';

/** The formats that HAProxy has by itself, as its manual gives them (8.2.2 to 8.2.4). */
const written = {
  tcp: '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq',
  http: '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r',
  https:
    '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc',
};

const step = makeStep(haproxy, {});

function read(line: string, given = step): PipelineRecord {
  return tryStep(given, line).record;
}

function proxyFields(record: PipelineRecord): Record<string, FieldValue> {
  const fields = record.get(['haproxy']);
  return isObject(fields) ? { ...fields } : {};
}

suite("the examples of HAProxy's manual", () => {
  test('8.2.1: the default format', () => {
    const record = read('Feb  6 12:12:09 localhost haproxy[14385]: Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)');
    assert.deepEqual(record.fields, {
      source: { address: '10.0.1.2', ip: '10.0.1.2', port: 33_312 },
      destination: { address: '10.0.3.31', ip: '10.0.3.31', port: 8012 },
      haproxy: { frontend_name: 'www', mode: 'HTTP' },
      log: { syslog: { hostname: 'localhost', appname: 'haproxy', procid: '14385' } },
      process: { name: 'haproxy', pid: 14_385 },
    });
    assert.equal(record.eventMs, Date.UTC(2026, 1, 6, 12, 12, 9));
  });

  test('8.2.2: the TCP format', () => {
    const record = read(
      'Feb  6 12:12:56 localhost haproxy[14387]: 10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0',
    );
    assert.deepEqual(record.get(['haproxy']), {
      frontend_name: 'fnt',
      backend_name: 'bck',
      server_name: 'srv1',
      bytes_read: 212,
      termination_state: '--',
      connections: { active: 0, frontend: 0, backend: 0, server: 0, retries: 3 },
      server_queue: 0,
      backend_queue: 0,
      time_queue: 0,
      time_backend_connect: 0,
    });
    assert.deepEqual(record.get(['event']), { duration: 5_007_000_000 });
    assert.deepEqual(record.get(['source']), { address: '10.0.1.2', ip: '10.0.1.2', port: 33_313 });
    assert.equal(record.eventMs, Date.UTC(2009, 1, 6, 12, 12, 51, 443));
  });

  test('8.2.3: the HTTP format', () => {
    const record = read(
      'haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
    );
    assert.deepEqual(record.fields, {
      source: { address: '10.0.1.2', ip: '10.0.1.2', port: 33_317 },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 200, bytes: 2750 } },
      url: { original: '/index.html', path: '/index.html' },
      event: { duration: 109_000_000 },
      haproxy: {
        frontend_name: 'http-in',
        backend_name: 'static',
        server_name: 'srv1',
        bytes_read: 2750,
        termination_state: '----',
        connections: { active: 1, frontend: 1, backend: 1, server: 1, retries: 0 },
        server_queue: 0,
        backend_queue: 0,
        time_queue: 0,
        time_backend_connect: 30,
        http: { request: { time_wait_ms: 10, time_wait_without_data_ms: 69, captured_headers: ['1wt.eu'] } },
      },
      process: { name: 'haproxy', pid: 14_389 },
    });
    assert.equal(record.eventMs, Date.UTC(2009, 1, 6, 12, 14, 14, 655));
  });

  test('8.2.4: the HTTPS format', () => {
    const record = read(
      '10.0.1.2:33317 [06/Feb/2009:12:14:14.655] https-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1" 0/0/0/0/0 1wt.eu/TLSv1.3/TLS_AES_256_GCM_SHA384',
    );
    assert.deepEqual(record.get(['tls']), {
      established: true,
      resumed: false,
      client: { server_name: '1wt.eu' },
      version: '1.3',
      version_protocol: 'tls',
      cipher: 'TLS_AES_256_GCM_SHA384',
    });
    const {
      fc_err: connection,
      ssl_fc_err: handshake,
      ssl_c_err: client,
      ssl_c_ca_err: authority,
      frontend_name: name,
    } = proxyFields(record);
    assert.deepEqual([connection, handshake, client, authority, name], [0, '0', 0, 0, 'https-in']);
  });

  test('8.2.5: the format of errors, and the custom one proposed for them', () => {
    const record = read(
      'Dec  3 18:27:14 localhost haproxy[6103]: 127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1: Connection error during SSL handshake',
    );
    assert.deepEqual(record.get(['haproxy']), {
      frontend_name: 'frt',
      bind_name: 'f1',
      error_message: 'Connection error during SSL handshake',
    });
    const format =
      '%ci:%cp [%tr] %ft %ac/%fc %[fc_err]/ %[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed]  %[ssl_fc_sni]/%sslv/%sslc';
    const custom = read(
      '192.0.2.1:5 [03/Dec/2012:17:35:10.380] frt~ 3/2 31/ 1404B42E/0/0/0 -/TLSv1.2/(NONE)',
      makeStep(haproxy, { format }),
    );
    assert.deepEqual(custom.get(['haproxy']), {
      frontend_name: 'frt',
      connections: { active: 3, frontend: 2 },
      fc_err: 31,
      ssl_fc_err: '1404B42E',
      ssl_c_err: 0,
      ssl_c_ca_err: 0,
    });
  });

  test('8.8: captured headers, with and without their names', () => {
    const line =
      'Aug  9 20:26:09 localhost haproxy[2022]: 127.0.0.1:34014 [09/Aug/2004:20:26:09] proxy-out proxy-out/cache1 0/0/0/162/+162 200 +350 - - ---- 0/0/0/0/0 0/0 {fr.adserver.yahoo.co||http://fr.f416.mail.} {|864|private||} "GET http://fr.adserver.yahoo.com/"';
    const record = read(line);
    const { http, incomplete } = proxyFields(record);
    assert.equal(incomplete, true);
    assert.deepEqual(http, {
      request: {
        time_wait_ms: 0,
        time_wait_without_data_ms: 162,
        captured_headers: ['fr.adserver.yahoo.co', '', 'http://fr.f416.mail.'],
      },
      response: { captured_headers: ['', '864', 'private', '', ''] },
    });
    assert.deepEqual(record.get(['url']), {
      original: 'http://fr.adserver.yahoo.com/',
      scheme: 'http',
      domain: 'fr.adserver.yahoo.com',
      path: '/',
    });
    const named = read(line, makeStep(haproxy, { captured_request_headers: ['Host', 'X-Up', 'Referer'] }));
    assert.equal(named.get(['http', 'request', 'referrer']), 'http://fr.f416.mail.');
    assert.equal(named.get(['haproxy', 'http', 'request', 'captured_headers']), undefined);
    assert.deepEqual(named.get(['haproxy', 'http', 'response', 'captured_headers']), ['', '864', 'private', '', '']);
  });

  test('8.9: requests that did not end well', () => {
    const lines: readonly [string, Record<string, FieldValue | undefined>][] = [
      [
        'px-http/srv1 6559/1230/7/147/6870 200 243 - - ---- 324/239/239/99/0 0/9 "HEAD / HTTP/1.0"',
        { time_queue: 1230, backend_queue: 9 },
      ],
      [
        'px-http/srv1 9/0/7/14/+30 200 +243 - - ---- 3/3/3/1/0 0/0 "GET /image.iso HTTP/1.0"',
        { incomplete: true, bytes_read: 243 },
      ],
      ['px-http/srv1 9/0/7/14/30 502 243 - - PH-- 3/2/2/0/0 0/0 "GET /cgi-bin/bug.cgi? HTTP/1.0"', { termination_state: 'PH--' }],
      ['px-http/<NOSRV> -1/-1/-1/-1/8490 -1 0 - - CR-- 2/2/2/0/0 0/0 ""', { server_name: '<NOSRV>', time_queue: undefined }],
      ['px-tcp/srv1 0/0/5007 0 cD 0/0/0/0/0 0/0', { termination_state: 'cD', http: undefined }],
      ['px-http/srv1 3183/-1/-1/-1/11215 503 0 - - SC-- 205/202/202/115/+3 0/0 "HEAD / HTTP/1.0"', { redispatched: true }],
    ];
    for (const [line, expected] of lines) {
      const found = proxyFields(read(`haproxy[674]: 127.0.0.1:33318 [15/Oct/2003:08:31:57.130] px ${line}`));
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(found[name], value, line);
    }
    assert.equal(
      read('127.0.0.1:3 [15/Oct/2003:15:18:55.798] a b/<NOSRV> -1/-1/-1/-1/84 -1 0 - - CR-- 2/2/2/0/0 0/0 ""').get([
        'http',
        'response',
        'status_code',
      ]),
      undefined,
    );
  });
});

suite('lines that HAProxy 2.6 wrote', () => {
  test('characters it escapes, cookies, clients over IPv6 and a socket, what is no HTTP', () => {
    const record = read(
      '127.0.0.1:42934 [22/Nov/2026:04:44:49.945] caps be/s1 0/0/0/1/1 200 137 sid=abc sid=new ---- 1/1/0/0/0 0/0 {Mozilla #22q#22 #7Bx#7Cy#7D #23z #C3#A9|127.0.0.1:28002} {tester/1} "GET /path%20%c3%a9?x=#221#22&y= HTTP/1.1"',
    );
    assert.deepEqual(record.get(['haproxy', 'http']), {
      request: {
        time_wait_ms: 0,
        time_wait_without_data_ms: 1,
        captured_cookie: 'sid=abc',
        captured_headers: ['Mozilla "q" {x|y} #z é', '127.0.0.1:28002'],
      },
      response: { captured_cookie: 'sid=new', captured_headers: ['tester/1'] },
    });
    assert.equal(record.get(['url', 'query']), 'x="1"&y=');
    const tail = 'v6 be/s1 0/0/0/0/0 200 137 - - ---- 1/1/0/0/0 0/0 "GET /v6 HTTP/1.1"';
    assert.deepEqual(read(`::1:37226 [22/Nov/2026:04:44:50.040] ${tail}`).get(['source']), {
      address: '::1',
      ip: '::1',
      port: 37_226,
    });
    assert.deepEqual(read(`unix:2 [22/Nov/2026:04:44:50.049] ${tail}`).get(['source']), { address: 'unix' });
    const bad = read(
      '127.0.0.1:4 [22/Nov/2026:04:44:50.081] plain plain/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"',
    );
    assert.equal(bad.get(['haproxy', 'http', 'request', 'raw_request_line']), '<BADREQ>');
    assert.deepEqual(bad.get(['http']), { response: { status_code: 400, bytes: 0 } });
  });

  test('the format of web servers, with and without captured headers', () => {
    for (const headers of ['', ' "Mozilla #22q#22" "tester/1"']) {
      const record = read(
        `127.0.0.1 - - [22/Nov/2026:04:44:49 +0100] "GET /p?x HTTP/1.1" 200 137 "" "" 60566 954 "clf" "be" "s1" 0 0 0 0 7 ---- 1 1 0 0 0 0 0 "" ""${headers}`,
      );
      assert.equal(record.eventMs, Date.UTC(2026, 10, 22, 3, 44, 49, 954));
      assert.deepEqual(record.get(['source']), { address: '127.0.0.1', ip: '127.0.0.1', port: 60_566 });
      assert.deepEqual(record.get(['event']), { duration: 7_000_000 });
      assert.equal(record.get(['haproxy', 'frontend_name']), 'clf');
      assert.equal(record.get(['haproxy', 'http', 'request', 'captured_header_list']) === undefined, headers === '');
    }
  });

  test('what it does itself', () => {
    const lines: readonly [string, FieldValue][] = [
      ['Backup Server be/b1 is DOWN. 0 active and 0 backup servers left.', { backend_name: 'be', server_name: 'b1' }],
      [
        'Health check for backup server be/b1 failed, reason: Layer4 connection problem, status: 0/1 DOWN.',
        { backend_name: 'be', server_name: 'b1' },
      ],
      ['Server be/s1 remains in forced drain mode.', { backend_name: 'be', server_name: 's1' }],
      ['backend be has no server available!', { backend_name: 'be' }],
      ['Paused frontend plain.', { proxy_name: 'plain' }],
      ['Proxy plain stopped (cumulated conns: FE: 0, BE: 0).', { proxy_name: 'plain' }],
    ];
    for (const [message, expected] of lines) {
      const record = read(`<133>Nov 22 04:44:49 haproxy[7]: ${message}`);
      assert.deepEqual(record.get(['haproxy']), expected, message);
      assert.equal(record.get(['message']), message);
      assert.equal(record.get(['log', 'level']), 'notice');
    }
  });
});

test('the parsers made of the documented formats give the same as the one that HAProxy has by itself', () => {
  const options = (format: string): readonly [typeof step, typeof step] => [step, makeStep(haproxy, { format })];
  const head = '10.0.1.2:33317 [06/Feb/2009:12:14:14.655]';
  const web = 'http-in~ static/srv1 10/0/30/-1/+109 200 +2750 a=b - ---- 1/1/1/1/+2 0/0';
  const lines = [
    [written.tcp, `${head} fnt bck/srv1 0/-1/+5007 +212 -- 0/0/0/0/3 0/0`],
    [written.http, `${head} ${web} {1wt.eu|} {x} "GET /a%20b?c=#22 HTTP/1.1"`],
    [written.http, `${head} ${web} "GET / HTTP/1.1"`],
    [written.http, `${head} ${web} {x} "<BADREQ>"`],
    [written.https, `${head} ${web} {} {x} "GET / HTTP/1.1" 0/0A/0/-/1 -/TLSv1.3/TLS_AES`],
  ] as const;
  for (const [format, line] of lines) {
    const [usual, made] = options(format).map((one) => read(line, one));
    assert.deepEqual(made?.fields, usual?.fields, line);
    assert.equal(made?.eventMs, usual?.eventMs);
    assert.notDeepEqual(usual?.fields, {});
  }
});

test('lines that are none are refused, and the record stays as it was', () => {
  const good = '10.0.1.2:1 [06/Feb/2009:12:14:14.655] f b/s 1/2/3/4/5 200 27 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"';
  read(good);
  const bad = [
    '',
    'x',
    good.slice(0, 60),
    `${good} x`,
    good.replace('10.0.1.2:1', '10.0.1.2'),
    good.replace('1/2/3', '1/x/3'),
    good.replace('Feb', 'Fab'),
  ];
  for (const line of [...bad, good.replace('"GET', '{a} {b "GET'), good.replace(' 0/0', ''), 'Something else happened.']) {
    const record = recordOf(line);
    assert.throws(() => tryStep(step, record), { name: 'StepError', type: 'no_match' }, line);
    assert.deepEqual(record.fields, {});
    assert.equal(record.eventMs, undefined);
  }
});

test('no line crashes the step, and numbers are numbers', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '10.0.1.2:1 ',
      '[06/Feb/2009:12:14:14.655] ',
      'f b/s ',
      '1/2/3',
      '/4/5 ',
      ' 200 27 - - ---- ',
      '1/1/1/1/0 0/0',
      ' "GET / HTTP/1.1"',
      '{a|b} ',
      'haproxy[1]: ',
      '-1',
      '+',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const record = recordOf(pieces.join(''));
      try {
        tryStep(step, record);
        const bytes = record.get(['haproxy', 'bytes_read']);
        assert.ok(bytes === undefined || Number.isSafeInteger(bytes));
      } catch (error) {
        assert.ok(error instanceof StepError);
        assert.deepEqual(record.fields, {});
      }
    }),
  );
});

test('ten megabytes are read, or refused, in the time of a few passes', () => {
  const head = '10.0.1.2:1 [06/Feb/2009:12:14:14.655] f b/s 1/2/3/4/5 200 27 - - ---- 1/1/1/1/0 0/0 ';
  const long = (part: string): string => part.repeat(10_000_000 / part.length);
  const custom = makeStep(haproxy, { format: written.https });
  const lines = [
    `${head}"GET /${long('x')} HTTP/1.1"`,
    head + long('{ '),
    `${head}"${long('#2')}`,
    long('1/'),
    long(' ['),
    long('Server a/b '),
  ];
  const started = process.cpuUsage();
  for (const line of lines) {
    for (const one of [step, custom]) {
      try {
        tryStep(one, line);
      } catch (error) {
        assert.ok(error instanceof StepError);
      }
    }
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 6_000_000, `${user} µs`);
});
