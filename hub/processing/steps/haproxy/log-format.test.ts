import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Fields } from '../../record/fields.ts';
import { StepOptionError } from '../step.ts';
import { makeStep, tryStep } from '../testing.ts';
import { haproxy } from './haproxy.ts';

function fieldsOf(format: string, line: string, names: Record<string, string> = {}): Fields {
  return tryStep(makeStep(haproxy, { format, names }), line).record.fields;
}

/** What HAProxy 2.6 wrote for one request, of each variable that its manual lists for it. */
const everyVariable = {
  format:
    '%H %pid %{+X}pid [%T] [%Tl] %Ts.%ms %{+X}Ts ci=%{+X}ci cp=%{+X}cp %ci|%cp fi=%fi:%fp bi=%bi:%bp si=%si:%sp %HM %HP %HQ %HU %HV %HPO id=%ID lc=%lc rt=%rt %{+X}rt hr=%hr hs=%hs hrl=%hrl hsl=%hsl Q=%{+Q}hr ua=%{+Q}[capture.req.hdr(0)] e=%{+Q,+E}[var(txn.q)] abs=%[var(txn.nope)] absq=%{+Q}[var(txn.nope)] %Th/%Ti/%TR/%Tq/%Td/%Tt/%Tu %U %sslv %sslc %ts %tsc %CC %CS %r %{+Q}r %{+Q}b %{+Q}ST %{+Q}Tw %trg %trl end',
  request: String.raw`vm 4163 1043 [22/Nov/2026:04:44:49 +0000] [22/Nov/2026:04:44:49 +0000] 1795322689.963 6B027341 ci=7F000001 cp=9910 127.0.0.1|39184 fi=127.0.0.1:28004 bi=127.0.0.1:48006 si=127.0.0.1:28011 GET /path%20%c3%a9 ?x=#221#22&y= /path%20%c3%a9?x=#221#22&y= HTTP/1.1 /path%20%c3%a9 id=7F000001:9910_7F000001:6D64_6B027341_0003:1043 lc=0 rt=3 0003 hr={Mozilla #22q#22 #7Bx#7Cy#7D #23z #C3#A9} hs= hrl=Mozilla #22q#22 #7Bx#7Cy#7D #23z #C3#A9 hsl= Q="{Mozilla #22q#22 #7Bx#7Cy#7D #23z #C3#A9}" ua="Mozilla "q" {x|y} #z é" e="a\"b\\c\]d" abs=- absq="" 0/0/0/0/0/4/4 144 - - -- ---- - - GET /path%20%c3%a9?x=#221#22&y= HTTP/1.1 "GET /path%20%c3%a9?x=#221#22&y= HTTP/1.1" "be" 200 0 22/Nov/2026:04:44:49 +0000 22/Nov/2026:04:44:49 +0000 end`,
  badRequest:
    'vm 4163 1043 [22/Nov/2026:04:44:50 +0000] [22/Nov/2026:04:44:50 +0000] 1795322690.184 6B027342 ci=7F000001 cp=9912 127.0.0.1|39186 fi=127.0.0.1:28004 bi=-:- si=-:- <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> id=- lc=1 rt=13 000D hr= hs= hrl= hsl= Q= ua="" e="" abs=- absq="" 0/0/-1/-1/-1/100/100 0 - - CR CR-- - - <BADREQ> "<BADREQ>" "custom" 400 -1 22/Nov/2026:04:44:50 +0000 22/Nov/2026:04:44:50 +0000 end',
};

suite('every variable, as HAProxy 2.6 writes it', () => {
  test('of a request', () => {
    const { record } = tryStep(makeStep(haproxy, { format: everyVariable.format }), everyVariable.request);
    assert.equal(record.eventMs, 1_795_322_689_963);
    assert.deepEqual(record.fields, {
      source: { address: '127.0.0.1', ip: '127.0.0.1', port: 39_184 },
      destination: { address: '127.0.0.1', ip: '127.0.0.1', port: 28_004 },
      process: { pid: 4163 },
      event: { duration: 4_000_000 },
      http: {
        request: { method: 'GET', id: '7F000001:9910_7F000001:6D64_6B027341_0003:1043', bytes: 144 },
        version: '1.1',
        response: { status_code: 200 },
      },
      url: { original: '/path%20%c3%a9?x="1"&y=', path: '/path%20%c3%a9', query: 'x="1"&y=' },
      haproxy: {
        source: 'vm',
        backend_source_address: '127.0.0.1',
        backend_source_ip: '127.0.0.1',
        backend_source_port: 48_006,
        server_address: '127.0.0.1',
        server_ip: '127.0.0.1',
        server_port: 28_011,
        log_counter: 0,
        request_counter: 3,
        http: {
          request: {
            captured_headers: ['Mozilla "q" {x|y} #z é'],
            captured_header_list: 'Mozilla "q" {x|y} #z é',
            time_wait_ms: 0,
          },
        },
        capture_req_hdr_0: 'Mozilla "q" {x|y} #z é',
        var_txn_q: String.raw`a"b\c]d`,
        time_handshake: 0,
        time_idle: 0,
        time_request: 0,
        time_data: 0,
        time_user: 4,
        bytes_uploaded: 144,
        termination_state: '--',
        backend_name: 'be',
        time_queue: 0,
      },
    });
  });

  test('of what is no request', () => {
    const { haproxy: own, http, url } = fieldsOf(everyVariable.format, everyVariable.badRequest);
    assert.equal(url, undefined);
    assert.deepEqual(http, { request: { bytes: 0 }, response: { status_code: 400 } });
    assert.deepEqual(own, {
      source: 'vm',
      log_counter: 1,
      request_counter: 13,
      time_handshake: 0,
      time_idle: 0,
      time_user: 100,
      bytes_uploaded: 0,
      termination_state: 'CR',
      http: { request: { raw_request_line: '<BADREQ>' } },
      backend_name: 'custom',
    });
  });
});

suite('how formats are written', () => {
  test('spaces are merged, also around what is empty; flags of %o hold for what follows', () => {
    assert.deepEqual(fieldsOf('a   b %hr   %hs c%%d  %{+Q}HM  ', 'a b c%d "GET"'), { http: { request: { method: 'GET' } } });
    const fields = fieldsOf(
      '%{+Q}o %ci %cp %ST %hr %[src] %tr %t %Ts %b %s %{-Q}r',
      '"127.0.0.1" 56730 200 "127.0.0.1" 22/Nov/2026:04:44:49.990 22/Nov/2026:04:44:49.990 1795322689 "be" "s 1" GET /p HTTP/1.1',
    );
    assert.deepEqual(fields['haproxy'], { backend_name: 'be', server_name: 's 1' });
    assert.deepEqual(fields['source'], { address: '127.0.0.1', ip: '127.0.0.1', port: 56_730 });
    assert.deepEqual(fields['url'], { original: '/p', path: '/p' });
  });

  test("with the configuration's escapes", () => {
    assert.deepEqual(fieldsOf(String.raw`%ci\ \"%b\"\ %s`, '192.0.2.1 "be" s1'), {
      source: { address: '192.0.2.1', ip: '192.0.2.1' },
      haproxy: { backend_name: 'be', server_name: 's1' },
    });
  });

  test('as JSON by hand, with JSON in expressions', () => {
    const format = '{"t":%Ts,"ms":"%ms","c":"%ci","st":%ST,"ua":"%[capture.req.hdr(0),json(utf8s)]","u":"%HU"}';
    const line = String.raw`{"t":1795322689,"ms":"007","c":"192.0.2.1","st":200,"ua":"a \"b\",\"u\":\u0041","u":"/x"}`;
    const { record } = tryStep(makeStep(haproxy, { format, captured_request_headers: ['User-Agent'] }), line);
    assert.equal(record.eventMs, 1_795_322_689_007);
    assert.equal(record.get(['user_agent', 'original']), 'a "b","u":A');
    assert.equal(record.get(['url', 'path']), '/x');
  });

  test('as JSON by HAProxy 3, where variables have names', () => {
    const format =
      '%{+json}o %(client_ip)ci %(when)tr %(code)ST %(cipher)[ssl_fc_cipher] %(shop)[var(txn.shop)] %(resumed)[ssl_fc_is_resumed] %b';
    const line =
      '{"client_ip":"2001:db8::1","when":"20/Jun/2024:11:47:56.766","code":404,"cipher":null,"shop":"eu","resumed":true}';
    const { record } = tryStep(makeStep(haproxy, { format }), line);
    assert.equal(record.eventMs, Date.UTC(2024, 5, 20, 11, 47, 56, 766));
    assert.deepEqual(record.fields, {
      source: { address: '2001:db8::1', ip: '2001:db8::1' },
      http: { response: { status_code: 404 } },
      haproxy: { shop: 'eu' },
      tls: { resumed: true },
    });
  });

  test('expressions with brackets, quotes and converters; own fields for them', () => {
    const fields = fieldsOf(
      `%[req.hdr(User-Agent),lower] | %[var(txn.a),regsub("[]]","x")] | %[src,ipmask(24)] | %{+Q}[req.hdr(X-Real)] | %[ssl_fc_sni]`,
      'curl/8 (x) | a b | 192.0.2.0 | "y | z" | shop.example',
      { '%[src,ipmask(24)]': 'source.network.name' },
    );
    assert.deepEqual(fields, {
      user_agent: { original: 'curl/8 (x)' },
      haproxy: { var_txn_a_regsub_x: 'a b', http: { request: { headers: { x_real: 'y | z' } } } },
      source: { network: { name: '192.0.2.0' } },
      tls: { client: { server_name: 'shop.example' } },
    });
  });

  test('hexadecimal addresses of both kinds', () => {
    const fields = fieldsOf('%{+X}ci %{+X}fi', '20010DB8000000000000000000000001 C0000201');
    assert.equal(
      JSON.stringify(fields),
      '{"source":{"address":"2001:db8:0:0:0:0:0:1","ip":"2001:db8:0:0:0:0:0:1"},"destination":{"address":"192.0.2.1","ip":"192.0.2.1"}}',
    );
  });
});

test('lines of another form are read as HAProxy has it by itself: errors of connections', () => {
  const fields = fieldsOf(
    '%ci %ST',
    '127.0.0.1:46172 [22/Nov/2026:04:44:50.286] ppx/1: Truncated PROXY protocol header received',
  );
  assert.deepEqual(fields['haproxy'], {
    frontend_name: 'ppx',
    bind_name: '1',
    error_message: 'Truncated PROXY protocol header received',
  });
});

test('formats that cannot be read back are told', () => {
  const wrong: readonly [string, RegExp][] = [
    ['', /./],
    ['no variable', /no variable/],
    ['%ci %zz', /no variable %zz/],
    ['%Ci', /there is %ci/],
    ['%ci%b%s', /nothing between/],
    ['%b %', /behind %/],
    ['%[src', /closing bracket/],
    ['%{+Z}ci', /no flag \+Z/],
    ['log-format "%ci"', /behind the word/],
    ['%{+cbor}o %(a)ci', /json/],
    ['%{+json}o %ci', /name/],
  ];
  for (const [format, message] of wrong) {
    assert.throws(
      () => makeStep(haproxy, { format }),
      (error) => message.source === '.' || (error instanceof StepOptionError && message.test(error.message)),
      format,
    );
  }
});
