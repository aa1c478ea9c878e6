/** What strangers send to a port, byte for byte: each is refused or ignored, and the next good request is served. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { eventually } from '../../testing/eventually.ts';
import { HttpFixture, talk } from '../testing/http-fixture.ts';

const limits = { slowGraceMs: 300, requestTimeoutMs: 60_000, lingerMs: 100 };

async function open(): Promise<HttpFixture> {
  return HttpFixture.open({ push: [{ limits: { handshake_timeout: '500ms', connections_per_address: 20 } }], limits });
}

async function stillServes(hub: HttpFixture): Promise<void> {
  assert.equal((await fetch(`${hub.url}/live`)).status, 200);
  assert.equal((await hub.postPlain('good\n')).status, 200);
}

const head = 'POST /api/v1/logs HTTP/1.1\r\nHost: h\r\n';

suite('hostile requests', () => {
  test('two readings of where a request ends are refused: smuggling', async () => {
    await using hub = await open();
    const smuggled = 'POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nevil\n';
    const shapes = [
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length: 4, 4\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length: +4\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length: 4 4\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length : 4\r\n\r\nabcd${smuggled}`,
      `${head}Transfer-Encoding: xchunked\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked\r\n\r\n4;a\nb\r\nabcd\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\nabcd\r\n0\r\n\r\n${smuggled}`,
      `${head}Transfer-Encoding: chunked\r\n\r\n4\nabcd\n0\n\n${smuggled}`,
      `${head}X: a\n Content-Length: 4\r\n\r\nabcd${smuggled}`,
      `${head}\x00Content-Length: 4\r\n\r\nabcd${smuggled}`,
      `POST /api/v1/logs HTTP/1.1\nHost: h\nContent-Length: 4\n\nabcd${smuggled}`,
    ];
    for (const url of [hub.url, hub.pushUrl]) {
      for (const shape of shapes) {
        const answers = (await talk(url, shape)).match(/HTTP\/1\.1 \d+/g) ?? [];
        assert.ok(
          answers.length <= 1 && answers.every((answer) => answer !== 'HTTP/1.1 200'),
          `${JSON.stringify(shape)} ${answers.join()}`,
        );
      }
    }
    assert.equal(hub.line.queue.topics().length, 0);
    await stillServes(hub);
  });

  test('bytes that are no HTTP, other versions, other methods and forms of a target', async () => {
    await using hub = await open();
    const shapes = [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      '\x00'.repeat(5000),
      'SSH-2.0-OpenSSH_9.2\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET /live HTTP/9.9\r\nHost: h\r\n\r\n',
      'GET /live HTTP/1.1\r\n\r\n',
      'CONNECT evil.example:443 HTTP/1.1\r\nHost: h\r\n\r\n',
      'BREW /live HTTP/1.1\r\nHost: h\r\n\r\n',
      'GET http://evil.example/api/v1/tokens HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET //evil.example/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /live\x01 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /api/../../../../etc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /live HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n',
    ];
    for (const url of [hub.url, hub.pushUrl]) {
      for (const shape of shapes) {
        const answer = await talk(url, Buffer.from(shape, 'latin1'), (said) => said.includes('\r\n\r\n'));
        assert.match(answer, /^$|^HTTP\/1\.1 (?:400|404|405|50[015]|200)/, JSON.stringify(shape));
        assert.doesNotMatch(answer, /evil|passwd|node_modules|\.ts:|\.js:/);
      }
    }
    await stillServes(hub);
  });

  test('a page whose name leads here is answered nothing: rebinding', async () => {
    await using hub = await HttpFixture.open({
      http: { address: 'localhost:0' },
      push: [{}],
      config: { advertise: ['hub.example:7701'] },
    });
    const ask = (host: string): Promise<string> =>
      talk(hub.url, `GET /live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    for (const other of [
      'evil.example',
      'evil.example:7700',
      '',
      '127.0.0.1.evil.example',
      'localhost.evil',
      'a@127.0.0.1',
      '[::1',
    ])
      assert.match(await ask(other), /^HTTP\/1\.1 (?:421 .*other-host|400)/s, other);
    for (const own of [
      '127.0.0.1',
      '127.0.0.1:7700',
      '10.1.2.3:80',
      'LOCALHOST:7700',
      'localhost.',
      '[::1]:7700',
      'hub.example:7700',
    ])
      assert.match(await ask(own), /^HTTP\/1\.1 200 /, own);
    assert.match(await talk(hub.url, 'GET /live HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /);
    assert.match(
      await talk(hub.url, 'GET /nothing HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 421 /,
    );
  });

  test('headers that are too long, and too many, end the connection', async () => {
    await using hub = await open();
    for (const url of [hub.url, hub.pushUrl]) {
      assert.match(await talk(url, `GET /live HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
      assert.match(await talk(url, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`), /^HTTP\/1\.1 (?:431|414) /);
      assert.match(await talk(url, `GET /live HTTP/1.1\r\nHost: h\r\n${'a:b\r\n'.repeat(9000)}\r\n`), /^HTTP\/1\.1 431 /);
    }
    await stillServes(hub);
  });

  test('who sends headers or a body too slowly is let go', { timeout: 120_000 }, async () => {
    await using hub = await open();
    assert.match(await talk(hub.pushUrl, 'POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nX-Slow'), /^HTTP\/1\.1 408 |^$/);
    assert.match(await talk(hub.pushUrl, `${head}Content-Length: 1000\r\n\r\nslow`), /^HTTP\/1\.1 408 .*too-slow/s);
    const gzip = `${head}Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n\x1f\x8b`;
    assert.match(await talk(hub.pushUrl, Buffer.from(gzip, 'latin1')), /^HTTP\/1\.1 408 .*too-slow/s);
    await stillServes(hub);
  });

  test('connections of one address have a limit, and are counted off again', async () => {
    await using hub = await open();
    const port = Number(new URL(hub.pushUrl).port);
    const sockets = Array.from({ length: 20 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
    await eventually('all are in', () => hub.listeners.status().push?.[0]?.connections === 20);
    assert.match(await talk(hub.pushUrl, `${head}Content-Length: 2\r\n\r\na\n`), /^HTTP\/1\.1 503 .*retry-after: 5/is);
    for (const socket of sockets) socket.destroy();
    await eventually('they are gone', () => hub.listeners.status().push?.[0]?.connections === 0);
    await stillServes(hub);
  });

  test('parameters and headers with anything but a name are refused, and come back nowhere', async () => {
    await using hub = await open();
    const token = hub.addToken({ tenant: '*' });
    const evil = [
      '../../etc',
      '..',
      '/',
      '%2e%2e%2f',
      'a%0d%0aSet-Cookie:%20x=y',
      'a%00b',
      '%1b[2J',
      'A',
      'é',
      'a-b',
      '',
      'x'.repeat(51),
      'a b',
      '*',
      '__proto__%00',
    ];
    for (const value of evil) {
      for (const name of ['tenant', 'type']) {
        const response = await hub.post('a\n', {
          token,
          query: `?tenant=acme&${name}=${value}`.replace('tenant=acme&tenant', 'tenant'),
        });
        assert.equal(response.status, 400, `${name}=${value}`);
        assert.equal(response.headers.get('set-cookie'), null);
        assert.doesNotMatch(await response.text(), /etc|2J|Set-Cookie|xxx/);
      }
    }
    for (const host of ['../x', 'a/b', 'a%0ab', '%1b]0;x', '-x', '.x', 'a b', 'x'.repeat(256), '']) {
      assert.equal((await hub.post('a\n', { token, query: `?tenant=acme&host=${host}` })).status, 400, host);
    }
    for (const query of ['?typ=a', '?type=a&type=b', '?constructor=a', '?__proto__=a', '?tenant=acme&x']) {
      assert.equal((await hub.post('a\n', { token, query })).status, 400, query);
    }
    assert.equal(hub.line.queue.topics().length, 0);
  });

  test('idempotency keys are short and printable; header injection is none', async () => {
    await using hub = await open();
    const send = (lines: string): Promise<string> =>
      talk(hub.pushUrl, Buffer.from(`${head}${lines}\r\nContent-Length: 2\r\nConnection: close\r\n\r\na\n`, 'latin1'));
    assert.match(await send(`Idempotency-Key: ${'k'.repeat(128)}`), /^HTTP\/1\.1 200/);
    assert.match(await send('Idempotency-Key: ../../../k'), /^HTTP\/1\.1 200/);
    for (const bad of [
      `Idempotency-Key: ${'k'.repeat(129)}`,
      'Idempotency-Key: a b',
      'Idempotency-Key: \xe9',
      'Idempotency-Key: \x1b[2J',
      'Idempotency-Key:',
      'Idempotency-Key: a\r\nIdempotency-Key: b',
    ]) {
      const answer = await send(bad);
      assert.match(answer, /^HTTP\/1\.1 400/, bad);
      assert.equal(answer.includes('\x1b'), false);
    }
    assert.match(await send('Content-Type: text/html'), /^HTTP\/1\.1 415/);
    assert.match(await send('Content-Type: constructor'), /^HTTP\/1\.1 415/);
    assert.match(await send('Content-Type: text/plain; charset=utf-16'), /^HTTP\/1\.1 415/);
    assert.match(await send('Content-Encoding: gzip, gzip'), /^HTTP\/1\.1 415/);
    assert.match(await send('Content-Encoding: constructor'), /^HTTP\/1\.1 415/);
  });

  test('nothing that a stranger chose reaches the log as it was', async () => {
    await using hub = await open();
    await fetch(`${hub.url}/api/v1/logs?x=%1b[2J%0a`, {
      method: 'POST',
      body: 'a',
      headers: { authorization: 'Bearer tributary_abcdefgh_x' },
    });
    await talk(hub.url, 'GET /\x1b[2J HTTP/1.1\r\nHost: \x1b]0;x\r\n\r\n');
    assert.doesNotMatch(JSON.stringify(hub.logged), /u001b|\[2J/);
  });

  test('every answer says what browsers must not do, and no other site may ask', async () => {
    await using hub = await open();
    for (const path of ['/live', '/nothing', '/api/v1/logs']) {
      const response = await fetch(`${hub.url}${path}`, { headers: { origin: 'https://evil.example' } });
      const wanted = {
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      };
      for (const [name, value] of Object.entries(wanted)) assert.equal(response.headers.get(name), value, `${path} ${name}`);
      assert.match(response.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
      for (const name of ['access-control-allow-origin', 'x-powered-by', 'server', 'strict-transport-security'])
        assert.equal(response.headers.get(name), null);
    }
    const noRequest = await talk(hub.url, `GET /live HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    for (const line of ['x-content-type-options: nosniff', 'cache-control: no-store', "frame-ancestors 'none'"])
      assert.ok(noRequest.includes(line), line);
    const forged = await fetch(`${hub.url}/live`, { headers: { 'x-request-id': 'mine', 'request-id': 'mine' } });
    assert.notEqual(forged.headers.get('x-request-id'), 'mine');
  });
});
