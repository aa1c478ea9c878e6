import type { PresetSample } from './preset-sample.ts';

/** The examples of httpd's documentation (Log Files), and lines of the forms given there. */
export const apacheSamples: readonly PresetSample[] = [
  {
    line: '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    time: '2000-10-10T20:55:36.000Z',
    document: {
      source: { address: '127.0.0.1', ip: '127.0.0.1' },
      user: { name: 'frank' },
      http: { request: { method: 'GET' }, version: '1.0', response: { status_code: 200, body: { bytes: 2326 } } },
      url: { original: '/apache_pb.gif', path: '/apache_pb.gif' },
      event: {
        kind: 'event',
        module: 'apache',
        dataset: 'apache.access',
        category: ['web'],
        type: ['access'],
        outcome: 'success',
      },
    },
  },
  {
    line: 'www.example.com:80 192.0.2.7 - - [22/Nov/2026:04:05:06 +0000] "GET /a HTTP/1.1" 304 - "-" "Mozilla/5.0"',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      source: { address: '192.0.2.7', ip: '192.0.2.7' },
      http: { request: { method: 'GET' }, version: '1.1', response: { status_code: 304, body: { bytes: 0 } } },
      user_agent: { original: 'Mozilla/5.0' },
      url: { original: '/a', path: '/a', domain: 'www.example.com', port: 80 },
      event: {
        kind: 'event',
        module: 'apache',
        dataset: 'apache.access',
        category: ['web'],
        type: ['access'],
        outcome: 'success',
      },
    },
  },
  {
    line: '192.0.2.7 me - [22/Nov/2026:04:05:06 +0000] "-" 408 - "-" "-"',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      source: { address: '192.0.2.7', ip: '192.0.2.7' },
      http: { response: { status_code: 408, body: { bytes: 0 } } },
      apache: { access: { identity: 'me' } },
      event: {
        kind: 'event',
        module: 'apache',
        dataset: 'apache.access',
        category: ['web'],
        type: ['access'],
        outcome: 'failure',
      },
    },
  },
  {
    line: '192.0.2.7 - - [22/Nov/2026:04:05:06 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      source: { address: '192.0.2.7', ip: '192.0.2.7' },
      http: { response: { status_code: 400, body: { bytes: 226 } } },
      apache: { access: { request: '\u0016\u0003\u0001' } },
      event: {
        kind: 'event',
        module: 'apache',
        dataset: 'apache.access',
        category: ['web'],
        type: ['access'],
        outcome: 'failure',
      },
    },
  },
  {
    line: '[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /usr/local/apache2/htdocs/favicon.ico',
    time: '2011-09-09T10:42:29.902Z',
    document: {
      apache: { error: { module: 'core' } },
      log: { level: 'error' },
      process: { pid: 35_708, thread: { id: 4_328_636_416 } },
      source: { address: '72.15.99.187', ip: '72.15.99.187' },
      message: 'File does not exist: /usr/local/apache2/htdocs/favicon.ico',
      event: { kind: 'event', module: 'apache', dataset: 'apache.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration: /export/home/live/ap/htdocs/test',
    time: '2000-10-11T14:32:52.000Z',
    document: {
      log: { level: 'error' },
      source: { address: '127.0.0.1', ip: '127.0.0.1' },
      message: 'client denied by server configuration: /export/home/live/ap/htdocs/test',
      event: { kind: 'event', module: 'apache', dataset: 'apache.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '[Sun Nov 22 04:05:06.123456 2026] [core:error] [pid 35:tid 43] (13)Permission denied: [client 2001:db8::7:1234] AH00132: file permissions deny server access: /var/www/a, referer: http://example.com/',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      apache: { error: { module: 'core', cause: '(13)Permission denied', referrer: 'http://example.com/' } },
      log: { level: 'error' },
      process: { pid: 35, thread: { id: 43 } },
      source: { address: '2001:db8::7', port: 1234, ip: '2001:db8::7' },
      message: 'AH00132: file permissions deny server access: /var/www/a',
      event: { kind: 'event', module: 'apache', dataset: 'apache.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '[Sun Nov 22 04:05:06.123456 2026] [authz_core:error] [pid 35] [client 192.0.2.7:50220] AH01630: client denied by server configuration: /var/www/a',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      apache: { error: { module: 'authz_core' } },
      log: { level: 'error' },
      process: { pid: 35 },
      source: { address: '192.0.2.7', port: 50_220, ip: '192.0.2.7' },
      message: 'AH01630: client denied by server configuration: /var/www/a',
      event: { kind: 'event', module: 'apache', dataset: 'apache.error', category: ['web'], type: ['error'] },
    },
  },
  {
    line: '[Sun Nov 22 04:05:06.123456 2026] [mpm_event:notice] [pid 1:tid 140] AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      apache: { error: { module: 'mpm_event' } },
      log: { level: 'notice' },
      process: { pid: 1, thread: { id: 140 } },
      message: 'AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations',
      event: { kind: 'event', module: 'apache', dataset: 'apache.error', category: ['web'], type: ['info'] },
    },
  },
  {
    line: '[client of another] form',
    type: 'errors',
    document: {
      error: { message: 'none of the patterns fits', type: 'no_match' },
      tributary: { pipeline: { name: 'apache', step: 'error' } },
    },
  },
];
