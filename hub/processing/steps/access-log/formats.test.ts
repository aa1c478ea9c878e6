import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { StepError, StepOptionError } from '../step.ts';
import { makeStep, recordOf, tryStep } from '../testing.ts';
import { apache } from './apache.ts';
import { nginx } from './nginx.ts';

const time = '[22/Nov/2026:04:05:06 +0000]';
const eventMs = Date.UTC(2026, 10, 22, 4, 5, 6);

suite("nginx's log_format", () => {
  test('the example of its documentation', () => {
    const format =
      '$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent "$http_referer" "$http_user_agent" "$gzip_ratio"';
    const line = `192.0.2.1 - - ${time} "GET /a b?c HTTP/1.1" 200 512 "-" "Mozilla/5.0 \\x22x\\x22" "3.21"`;
    const { record } = tryStep(makeStep(nginx, { format }), line);
    assert.deepEqual(record.fields, {
      source: { address: '192.0.2.1', ip: '192.0.2.1' },
      url: { original: '/a b?c', path: '/a b', query: 'c' },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 200, bytes: 512 } },
      user_agent: { original: 'Mozilla/5.0 "x"' },
      nginx: { access: { gzip_ratio: 3.21 } },
    });
    assert.equal(record.eventMs, eventMs);
  });

  test('times with a fraction, durations, several upstreams, TLS, variables that only the site knows', () => {
    const format =
      '$msec $time_iso8601 $request_time $upstream_addr|$upstream_status|$upstream_response_time ${scheme}://$http_host $ssl_protocol/$ssl_cipher $shop_id';
    const line =
      '1795316706.123 2026-11-22T04:05:06+01:00 0.250 10.0.0.1:80, 10.0.0.2:80|502, 200|0.010, 0.230 https://shop.example:8443 TLSv1.3/TLS_AES_128_GCM_SHA256 17';
    const { record } = tryStep(makeStep(nginx, { format, names: { $shop_id: 'shop.id' } }), line);
    assert.equal(record.eventMs, 1_795_316_706_123);
    assert.deepEqual(record.fields, {
      event: { duration: 250_000_000 },
      nginx: { access: { upstream_addr: '10.0.0.1:80, 10.0.0.2:80', upstream_status: 200, upstream_response_time: 0.24 } },
      url: { scheme: 'https', domain: 'shop.example', port: 8443 },
      tls: { version: '1.3', version_protocol: 'tls', cipher: 'TLS_AES_128_GCM_SHA256' },
      shop: { id: '17' },
    });
  });

  test('escape=json: what JSON escapes, and nothing where a value was not there', () => {
    const format =
      'escape=json {"addr":"$remote_addr","uri":"$request_uri","agent":"$http_user_agent","ref":"$http_referer","s":$status}';
    const line = String.raw`{"addr":"192.0.2.1","uri":"/a\"},{?x","agent":"a\\","ref":"","s":404}`;
    const { record } = tryStep(makeStep(nginx, { format }), line);
    assert.deepEqual(record.fields, {
      source: { address: '192.0.2.1', ip: '192.0.2.1' },
      url: { original: '/a"},{?x', path: '/a"},{', query: 'x' },
      user_agent: { original: 'a\\' },
      http: { response: { status_code: 404 } },
    });
  });

  test('a text with spaces ends where the rest of the line fits', () => {
    const step = makeStep(nginx, { format: '$http_user_agent $status $request_time' });
    assert.deepEqual(tryStep(step, 'Mozilla 5 0 (X11) 200 0.1').record.fields, {
      user_agent: { original: 'Mozilla 5 0 (X11)' },
      http: { response: { status_code: 200 } },
      event: { duration: 100_000_000 },
    });
  });
});

suite("Apache's LogFormat", () => {
  test('headers, states, the last request, names of every kind of directive', () => {
    const format = String.raw`%v:%p %{c}a %a %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%!200,304{User-Agent}i\" %D %{X-Shop}o %{SSL_PROTOCOL}x %{remote}p %{tid}P %X %%`;
    const line = `shop.example:443 10.0.0.1 192.0.2.7 - "" ${time} "GET / HTTP/1.1" 500 77 "-" "x \\"y\\"" 1500 eu TLSv1.2 5123 99 + %`;
    const { record } = tryStep(makeStep(apache, { format }), line);
    assert.deepEqual(record.fields, {
      url: { domain: 'shop.example', original: '/', path: '/' },
      destination: { port: 443 },
      client: { address: '10.0.0.1', ip: '10.0.0.1' },
      source: { address: '192.0.2.7', ip: '192.0.2.7', port: 5123 },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 500, bytes: 77 } },
      user_agent: { original: 'x "y"' },
      event: { duration: 1_500_000 },
      apache: { access: { response_headers: { x_shop: 'eu' }, connection_status: '+' } },
      tls: { version: '1.2', version_protocol: 'tls' },
      process: { thread: { id: 99 } },
    });
    assert.equal(record.eventMs, eventMs);
  });

  test('times: formats of strftime, seconds with a fraction, microseconds', () => {
    for (const [format, line] of [
      ['%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t', '2026-11-22T04:05:06.250'],
      ['%{sec}t.%{usec_frac}t', `${eventMs / 1000}.250000`],
      ['%{usec}t', `${eventMs}250000`.replace(/0{3}250000$/, '250000')],
      ['%{begin:%d/%b/%Y %T}t.%{begin:msec_frac}t %{end:sec}t', '22/Nov/2026 04:05:06.250 1795320307'],
    ] as const) {
      assert.equal(tryStep(makeStep(apache, { format }), line).record.eventMs, eventMs + 250, format);
    }
  });
});

test('formats that cannot be read back are told, with the place in the options', () => {
  const wrong = [
    { step: nginx, format: 'nothing' },
    { step: nginx, format: '$remote_addr$remote_user' },
    { step: apache, format: '%h %~' },
    { step: apache, format: '%h %Z' },
    { step: apache, format: '%h %{weeks}T' },
    { step: apache, format: '%h %{%d.%m.}t' },
    { step: apache, format: '%h %{%Q%Z%G}t' },
    { step: nginx, format: '$remote_addr', names: { $status: 'a' } },
    { step: nginx, format: '$remote_addr $x', names: { $x: 'source' } },
  ];
  for (const { step, ...options } of wrong) {
    assert.throws(
      () => makeStep(step, options),
      (error) => error instanceof StepOptionError && error.path[0] === 'format',
      options.format,
    );
  }
});

test('a line that is not of the format is refused within the time of a few passes', () => {
  const step = makeStep(nginx, { format: '$a $b $c $d $e $f "$g" $status' });
  const started = process.cpuUsage();
  for (const line of ['x '.repeat(5_000_000), '" '.repeat(5_000_000), 'x 1 '.repeat(100)]) {
    const record = recordOf(line);
    assert.throws(() => tryStep(step, record), StepError);
    assert.deepEqual(record.fields, {});
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 3_000_000, `${user} µs`);
});
