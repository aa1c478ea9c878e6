import type { PresetSample } from './preset-sample.ts';

/** Lines of nginx 1.22 itself, and of the forms that its documentation gives (ngx_http_log_module, core module). */
export const nginxSamples: readonly PresetSample[] = [
  {
    line: '192.0.2.7 - frank [22/Nov/2026:04:05:06 +0100] "GET /a?b=1 HTTP/1.1" 404 2326 "http://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"',
    time: '2026-11-22T03:05:06.000Z',
    document: {
      source: { address: '192.0.2.7', ip: '192.0.2.7' },
      user: { name: 'frank' },
      http: {
        request: { method: 'GET', referrer: 'http://example.com/' },
        version: '1.1',
        response: { status_code: 404, body: { bytes: 2326 } },
      },
      user_agent: { original: 'Mozilla/5.0 (X11; Linux x86_64)' },
      url: { original: '/a?b=1', path: '/a', query: 'b=1' },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.access', category: ['web'], type: ['access'], outcome: 'failure' },
    },
  },
  {
    line: '2001:db8::7 - - [22/Nov/2026:04:05:06 +0000] "\\x16\\x03\\x01" 400 157 "-" "-" "203.0.113.9"',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      source: { address: '2001:db8::7', ip: '2001:db8::7' },
      http: { response: { status_code: 400, body: { bytes: 157 } } },
      nginx: { access: { request: '\u0016\u0003\u0001', forwarded_for: '203.0.113.9' } },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.access', category: ['web'], type: ['access'], outcome: 'failure' },
    },
  },
  {
    line: '127.0.0.1 - - [22/Nov/2026:05:20:27 +0000] "GET /up HTTP/1.1" 502 157 "-" "curl/7.88.1"',
    time: '2026-11-22T05:20:27.000Z',
    document: {
      source: { address: '127.0.0.1', ip: '127.0.0.1' },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 502, body: { bytes: 157 } } },
      user_agent: { original: 'curl/7.88.1' },
      url: { original: '/up', path: '/up' },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.access', category: ['web'], type: ['access'], outcome: 'failure' },
    },
  },
  {
    line: '127.0.0.1 identity - [22/Nov/2026:05:20:27 +0000] "GET /up HTTP/1.1" 204 0',
    time: '2026-11-22T05:20:27.000Z',
    document: {
      source: { address: '127.0.0.1', ip: '127.0.0.1' },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 204, body: { bytes: 0 } } },
      url: { original: '/up', path: '/up' },
      nginx: { access: { identity: 'identity' } },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.access', category: ['web'], type: ['access'], outcome: 'success' },
    },
  },
  {
    line: '2026/11/22 05:20:27 [error] 14961#14961: *1 open() "/srv/www/favicon.ico" failed (2: No such file or directory), client: 127.0.0.1, server: localhost, request: "GET /favicon.ico?a=1 HTTP/1.1", host: "127.0.0.1:17993", referrer: "http://example.com/"',
    time: '2026-11-22T05:20:27.000Z',
    document: {
      log: { level: 'error' },
      process: { pid: 14_961, thread: { id: 14_961 } },
      nginx: { error: { connection_id: 1, server: 'localhost' } },
      message:
        'open() "/srv/www/favicon.ico" failed (2: No such file or directory), client: 127.0.0.1, server: localhost, request: "GET /favicon.ico?a=1 HTTP/1.1", host: "127.0.0.1:17993", referrer: "http://example.com/"',
      source: { ip: '127.0.0.1', address: '127.0.0.1' },
      http: { request: { method: 'GET', referrer: 'http://example.com/' }, version: '1.1' },
      url: { original: '/favicon.ico?a=1', domain: '127.0.0.1', port: 17_993 },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '2026/11/22 05:20:27 [error] 14961#14961: *2 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: localhost, request: "GET /up HTTP/1.1", upstream: "http://127.0.0.1:1/", host: "127.0.0.1:17993"',
    time: '2026-11-22T05:20:27.000Z',
    document: {
      log: { level: 'error' },
      process: { pid: 14_961, thread: { id: 14_961 } },
      nginx: { error: { connection_id: 2, server: 'localhost', upstream: 'http://127.0.0.1:1/' } },
      message:
        'connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: localhost, request: "GET /up HTTP/1.1", upstream: "http://127.0.0.1:1/", host: "127.0.0.1:17993"',
      source: { ip: '127.0.0.1', address: '127.0.0.1' },
      http: { request: { method: 'GET' }, version: '1.1' },
      url: { original: '/up', domain: '127.0.0.1', port: 17_993 },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '2026/11/22 05:20:27 [info] 14961#14961: *2 client 127.0.0.1 closed keepalive connection',
    time: '2026-11-22T05:20:27.000Z',
    document: {
      log: { level: 'info' },
      process: { pid: 14_961, thread: { id: 14_961 } },
      nginx: { error: { connection_id: 2 } },
      message: 'client 127.0.0.1 closed keepalive connection',
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.error', category: ['web'], type: ['info'] },
    },
  },
  {
    line: '2026/11/22 05:20:32 [notice] 14959#14959: signal 15 (SIGTERM) received from 14958, exiting',
    time: '2026-11-22T05:20:32.000Z',
    document: {
      log: { level: 'notice' },
      process: { pid: 14_959, thread: { id: 14_959 } },
      message: 'signal 15 (SIGTERM) received from 14958, exiting',
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.error', category: ['web'], type: ['info'] },
    },
  },
  {
    line: '2026/11/22 04:05:06 [crit] 31#31: *3 SSL_do_handshake() failed, client: unix:, server: 0.0.0.0:443',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      log: { level: 'crit' },
      process: { pid: 31, thread: { id: 31 } },
      nginx: { error: { connection_id: 3, server: '0.0.0.0:443' } },
      message: 'SSL_do_handshake() failed, client: unix:, server: 0.0.0.0:443',
      source: { address: 'unix:' },
      event: { kind: 'event', module: 'nginx', dataset: 'nginx.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: 'nginx: this is no line of a log',
    type: 'errors',
    document: {
      error: { message: 'it is not a line of the combined or common log format', type: 'no_match' },
      tributary: { pipeline: { name: 'nginx', step: 'access' } },
    },
  },
];
