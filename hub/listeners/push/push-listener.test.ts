import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../../testing/eventually.ts';
import { HttpFixture, talk } from '../testing/http-fixture.ts';

suite('a plain push listener', () => {
  test('takes records for its one tenant, without a token', async () => {
    await using hub = await HttpFixture.open({ push: [{ type: 'devices' }] });
    const response = await hub.postPlain('a\nb\n');
    assert.deepEqual([response.status, await response.json()], [200, { accepted: 2 }]);
    await hub.postPlain('c\n', { query: '?type=other&tenant=acme&host=printer-7' });
    assert.deepEqual(await hub.records('acme/devices'), ['a\n', 'b\n']);
    assert.deepEqual(await hub.hosts('acme/other'), ['printer-7']);
    assert.equal((await hub.postPlain('d\n', { query: '?tenant=rival' })).status, 403);
    assert.deepEqual(hub.line.queue.topics().toSorted(), ['front/acme/devices', 'front/acme/other']);
  });

  test('has nothing else: not even a word about it', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const port = Number(new URL(hub.pushUrl).port);
    const paths = [
      '/',
      '/live',
      '/ready',
      '/api/v1/logs/',
      '/api/v1//logs',
      '/API/v1/logs',
      '/api/v1/logs/../logs',
      '/api/v1/status',
      '/%61pi/v1/logs',
    ];
    const asked = [
      ...paths.map((path) => ['POST', path]),
      ...['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'].map((method) => [method, '/api/v1/logs']),
    ];
    for (const [method, path] of asked) {
      const sent = request({ port, method, path, host: '127.0.0.1', headers: { 'content-type': 'text/plain' } });
      sent.end();
      const [response] = await once(sent, 'response');
      const body = (await response.setEncoding('utf8').toArray()).join('');
      assert.deepEqual([response.statusCode, body], [404, ''], `${method} ${path}`);
    }
    assert.equal(hub.line.queue.topics().length, 0);
  });

  test('takes nothing that a page has a browser send', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const simple = { 'content-type': 'text/plain' };
    for (const said of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const headers = Object.entries({ ...simple, ...said }).map(([name, value]) => `${name}: ${value}\r\n`);
      const answer = await talk(
        hub.pushUrl,
        `POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n${headers.join('')}\r\na\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 403 .*from-a-page/s);
    }
    assert.equal(hub.line.queue.topics().length, 0);
  });

  test('takes no token, says that it is burnt, and keeps it out of the log', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const token = hub.addToken({ scope: 'admin' });
    const response = await hub.postPlain('a\n', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 400);
    const body = await response.text();
    assert.match(body, /token-on-plain-port.*revoke it/);
    assert.equal((body + JSON.stringify(hub.logged)).includes(token.slice(-10)), false);
    assert.equal(hub.line.queue.topics().length, 0);
  });

  test('is spoken to by small devices: HTTP/1.0, no Host, no content-type', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const answer = await talk(hub.pushUrl, 'POST /api/v1/logs HTTP/1.0\r\nContent-Length: 8\r\n\r\none\r\ntwo');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /connection: close/i);
    assert.match(answer, /\{"accepted":2\}\n$/);
    assert.deepEqual(await hub.records(), ['one\r\n', 'two']);
  });

  test('answers requests on one connection in their order', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const one = (body: string): string =>
      `POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const wrong = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
    const last = one('c\nd\n').replace('Host: h', 'Host: h\r\nConnection: close');
    const answers = await talk(hub.pushUrl, one('a\n') + wrong + one('b\n') + last);
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+|"accepted":\d/g), [
      'HTTP/1.1 200',
      '"accepted":1',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
      '"accepted":1',
      'HTTP/1.1 200',
      '"accepted":2',
    ]);
    assert.deepEqual(await hub.records(), ['a\n', 'b\n', 'c\n', 'd\n']);
  });

  test('stores requests of one connection in their order, however long each takes to read', async () => {
    // Both are read at once: without an order the last, which is small and plain, is stored while the first is still inflated.
    await using hub = await HttpFixture.open({ push: [{}] });
    const first = gzipSync(Array.from({ length: 8 }, (_, index) => `${String(index).repeat(1_000_000)}\n`).join(''));
    const head = 'POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nContent-Length: ';
    const parts = [
      `${head}${first.length}\r\nContent-Encoding: gzip\r\n\r\n`,
      first,
      // What is refused at once does not let the next one pass those before it.
      `${head}0\r\nContent-Encoding: none\r\n\r\n`,
      `${head}5\r\nConnection: close\r\n\r\nlast\n`,
    ];
    const answers = await talk(hub.pushUrl, Buffer.concat(parts.map((part) => Buffer.from(part))));
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+|"accepted":\d/g), [
      'HTTP/1.1 200',
      '"accepted":8',
      'HTTP/1.1 415',
      'HTTP/1.1 200',
      '"accepted":1',
    ]);
    assert.equal((await hub.records()).map((record) => record[0]).join(''), '01234567l');
  });

  test('cuts off who is in none of its networks before a byte is read', async () => {
    await using hub = await HttpFixture.open({ push: [{ allow_cidr: ['127.0.0.2/32'] }] });
    assert.equal(await talk(hub.pushUrl, 'POST /api/v1/logs HTTP/1.0\r\nContent-Length: 2\r\n\r\na\n'), '');
    const port = Number(new URL(hub.pushUrl).port);
    const allowed = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    allowed.write('POST /api/v1/logs HTTP/1.0\r\nContent-Length: 2\r\n\r\nb\n');
    assert.match((await allowed.setEncoding('utf8').toArray()).join(''), /"accepted":1/);
    assert.deepEqual([await hub.records(), await hub.hosts()], [['b\n'], ['127.0.0.2']]);
  });

  test('has its own limit of a body', async () => {
    await using hub = await HttpFixture.open({ push: [{ body_bytes: '1KiB' }] });
    assert.equal((await hub.postPlain(`${'x'.repeat(1023)}\n`)).status, 200);
    assert.equal((await hub.postPlain(`${'x'.repeat(1024)}\n`)).status, 413);
    const chunked = await talk(
      hub.pushUrl,
      `POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${`100\r\n${'y'.repeat(256)}\r\n`.repeat(5)}0\r\n\r\n`,
    );
    assert.match(chunked, /^HTTP\/1\.1 413 /);
  });

  test('a stop lets what was sent be stored and answered', async () => {
    await using hub = await HttpFixture.open({ push: [{}] });
    const socket = connect({ port: Number(new URL(hub.pushUrl).port), host: '127.0.0.1' });
    socket.write('POST /api/v1/logs HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na\n');
    await eventually('it came', () => hub.listeners.status().push?.[0]?.requests === 1);
    const drained = hub.listeners.drain(10_000);
    socket.write('b\n');
    assert.match((await socket.setEncoding('utf8').toArray()).join(''), /"accepted":2/);
    await drained;
    assert.deepEqual(await hub.records(), ['a\n', 'b\n']);
  });
});
