import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { frontTopic } from '../../../queue/queue.ts';
import { openGate, type QuotaGate } from '../../../quotas/quota-gate.ts';
import { eventually } from '../../../testing/eventually.ts';
import { hasPython, hasZstd, rawColumnOf } from '../../../testing/records.ts';
import { join } from 'node:path';
import { HttpFixture, talk } from '../../testing/http-fixture.ts';
import { pushBytesMax } from '../limits.ts';
import { ByteBudget } from './byte-budget.ts';

const json = { 'content-type': 'application/json' };

async function answer(response: Response): Promise<[number, unknown]> {
  return [response.status, await response.json()];
}

suite('pushes', () => {
  test('lines, JSON and text are archived byte for byte, and found', { skip: !(hasPython && hasZstd) }, async () => {
    await using hub = await HttpFixture.open();
    hub.line.startPipelines();
    hub.line.startArchive();
    assert.deepEqual(await answer(await hub.post('{"a":1}\n\n{"b": 2}\r\n')), [200, { accepted: 2 }]);
    assert.deepEqual(await answer(await hub.post('[{"c" : 3}, "four\\n"]', { headers: json })), [200, { accepted: 2 }]);
    assert.deepEqual(await answer(await hub.post('{"e": 5}', { headers: json })), [200, { accepted: 1 }]);
    const text = { 'content-type': 'text/plain; charset=iso-8859-1' };
    assert.deepEqual(await answer(await hub.post(Buffer.from('caf\xe9\n', 'latin1'), { headers: text })), [200, { accepted: 1 }]);
    await eventually('all is archived', () => {
      hub.line.queue.requestArchive('acme/app');
      return hub.line.archive.sums.records === 6;
    });
    const raw = rawColumnOf(hub.line.files('.zst').map((name) => join(hub.line.archiveFolder, name)));
    assert.equal(raw.toString('latin1'), '{"a":1}\n{"b": 2}\r\n{"c" : 3}\nfour\n{"e": 5}\ncaf\xe9\n');
    const [channel] = (await hub.line.queue.status()).channels;
    assert.partialDeepStrictEqual(channel, { channel: 'acme/app', positions: 6, lost: 0 });
  });

  test('type, host and tenant are where the records go and come from', async () => {
    await using hub = await HttpFixture.open();
    await hub.post('a\n', { query: '?type=nginx&host=web1.example' });
    await hub.post('b\n', { query: '?tenant=acme&type=nginx' });
    const all = hub.addToken({ tenant: '*' });
    await hub.post('c\n', { query: '?tenant=other&type=nginx', token: all });
    assert.deepEqual(await hub.records('acme/nginx'), ['a\n', 'b\n']);
    assert.deepEqual(await hub.hosts('acme/nginx'), ['web1.example', '127.0.0.1']);
    assert.deepEqual(await hub.records('other/nginx'), ['c\n']);
    const [status, body] = await answer(await hub.post('d\n', { token: all }));
    assert.partialDeepStrictEqual([status, body], [400, { error: 'tenant-needed' }]);
  });

  test('requests of one connection are stored in their order, however long each takes to read', async () => {
    await using hub = await HttpFixture.open();
    const head = `POST /api/v1/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${hub.addToken()}\r\nContent-Type: text/plain\r\n`;
    const first = gzipSync(`${'a'.repeat(1_000_000)}\n`.repeat(8));
    const parts = [
      `${head}Content-Encoding: gzip\r\nContent-Length: ${first.length}\r\n\r\n`,
      first,
      `${head}Connection: close\r\nContent-Length: 2\r\n\r\nb\n`,
    ];
    const answers = await talk(hub.url, Buffer.concat(parts.map((part) => Buffer.from(part))));
    assert.deepEqual(answers.match(/"accepted":\d/g), ['"accepted":8', '"accepted":1']);
    assert.equal((await hub.records()).map((record) => record[0]).join(''), 'aaaaaaaab');
  });

  test('every content-encoding is inflated', async () => {
    await using hub = await HttpFixture.open();
    const lines = Buffer.from('one\ntwo\n'.repeat(50_000));
    const bodies = {
      gzip: gzipSync(lines),
      deflate: deflateSync(lines),
      Deflate: deflateRawSync(lines),
      br: brotliCompressSync(lines),
      zstd: zstdCompressSync(lines),
      'x-gzip': Buffer.concat([gzipSync(lines.subarray(0, 8)), gzipSync(lines.subarray(8))]),
      Zstd: Buffer.concat([zstdCompressSync(lines.subarray(0, 8)), zstdCompressSync(lines.subarray(8))]),
      identity: lines,
    };
    for (const [encoding, body] of Object.entries(bodies)) {
      const response = await hub.post(Buffer.from(body), { headers: { 'content-encoding': encoding } });
      assert.deepEqual(await answer(response), [200, { accepted: 100_000 }], encoding);
    }
    const [status] = await answer(await hub.post('x', { headers: { 'content-encoding': 'compress' } }));
    assert.equal(status, 415);
  });

  test(
    'a body that is cut off, damaged or not what it says is refused, whatever its encoding',
    { timeout: 120_000 },
    async () => {
      await using hub = await HttpFixture.open({ limits: { slowGraceMs: 60_000 } });
      const lines = Buffer.from(Array.from({ length: 5000 }, (_, index) => `line ${index * 7919}\n`).join(''));
      const whole = {
        gzip: gzipSync(lines),
        deflate: deflateSync(lines),
        br: brotliCompressSync(lines),
        zstd: zstdCompressSync(lines),
      };
      for (const [encoding, body] of Object.entries(whole)) {
        const damaged = Buffer.from(body);
        damaged.fill(0x55, 10, 60);
        const bodies = [
          body.subarray(0, body.length - 3),
          damaged,
          lines,
          Buffer.concat([body, Buffer.alloc(200_000, 'x')]),
          Buffer.alloc(0),
        ];
        for (const [index, bad] of bodies.entries()) {
          const response = await hub.post(Buffer.from(bad), { headers: { 'content-encoding': encoding } });
          const [status, said] = await answer(response);
          const isGarbageBehind = index === 3 && status === 200;
          if (!isGarbageBehind)
            assert.partialDeepStrictEqual([status, said], [400, { error: 'malformed' }], `${encoding} ${index}`);
        }
      }
    },
  );

  test('the same key is stored once for its sender, tenant and type, and apart from others', async () => {
    await using hub = await HttpFixture.open();
    const token = hub.addToken();
    const headers = { 'idempotency-key': '../../k;1' };
    assert.deepEqual(await answer(await hub.post('a\n', { token, headers })), [200, { accepted: 1 }]);
    assert.deepEqual(await answer(await hub.post('a\n', { token, headers })), [200, { accepted: 0, duplicate: true }]);
    assert.deepEqual(await answer(await hub.post('a\n', { token, headers, query: '?type=b' })), [200, { accepted: 1 }]);
    assert.deepEqual(await answer(await hub.post('a\n', { headers })), [200, { accepted: 1 }]);
    assert.equal((await hub.records()).length, 2);
  });

  test('a request that is several entries is finished under its key after the channel was full', async () => {
    await using hub = await HttpFixture.open({ line: { limits: { topicBytesMax: 1000 } } });
    const token = hub.addToken();
    const body = Array.from({ length: 140_000 }, (_, index) => `${index}\n`).join('');
    const given = { token, headers: { 'idempotency-key': 'large' } };
    const full = await hub.post(body, given);
    assert.ok(full.headers.has('retry-after'));
    const [status, said] = await answer(full);
    assert.partialDeepStrictEqual([status, said], [503, { error: 'full' }]);
    assert.match(JSON.stringify(said), /131072 of 140000 records: send the same again under the same Idempotency-Key/);
    hub.line.startPipelines();
    const again = await eventually('there is room again', async () => {
      const [code, reply] = await answer(await hub.post(body, given));
      return code === 200 && reply;
    });
    assert.deepEqual(again, { accepted: 140_000 - 131_072, duplicate: true });
    assert.equal((await hub.records()).join(''), body);
  });

  test('nothing of a request with a bad part is stored, and the part is named', async () => {
    await using hub = await HttpFixture.open();
    const elements = `[${'{"a":1},'.repeat(200_000)}7]`;
    const [status, said] = await answer(await hub.post(elements, { headers: json }));
    assert.deepEqual(
      [status, said],
      [
        400,
        {
          error: 'malformed',
          message: 'nothing was stored: the body is no JSON that can be taken: element 200001 is neither an object nor a string',
        },
      ],
    );
    assert.equal(hub.line.queue.topics().includes(frontTopic('acme/app')), false);
  });

  test('a bomb is refused by what it inflates to', { timeout: 120_000 }, async () => {
    await using hub = await HttpFixture.open();
    const zeros = Buffer.alloc(256 << 20);
    const bombs = {
      gzip: gzipSync(zeros, { level: 1 }),
      zstd: zstdCompressSync(zeros),
      br: brotliCompressSync(zeros, { params: { 1: 1 } }),
    };
    for (const [encoding, body] of Object.entries(bombs)) {
      const before = process.memoryUsage().rss;
      const [status, said] = await answer(await hub.post(Buffer.from(body), { headers: { 'content-encoding': encoding } }));
      assert.partialDeepStrictEqual([status, said], [413, { error: 'too-large' }], encoding);
      const grownBytes = process.memoryUsage().rss - before;
      assert.ok(grownBytes < 8 * pushBytesMax, `${encoding} took ${grownBytes} bytes`);
    }
  });

  test('a body larger than a push is refused by its length, or where it gets too long', async () => {
    await using hub = await HttpFixture.open();
    const body = Buffer.alloc(pushBytesMax + 1, 'x\n');
    assert.equal((await hub.post(body)).status, 413);
    const chunks = ReadableStream.from(
      (function* () {
        for (let sent = 0; sent <= pushBytesMax; sent += 1 << 20) yield new Uint8Array(1 << 20).fill(10);
      })(),
    );
    const headers = { 'content-type': 'text/plain', authorization: `Bearer ${hub.addToken()}` };
    const response = await fetch(`${hub.url}/api/v1/logs`, { method: 'POST', headers, body: chunks, duplex: 'half' }).catch(
      () => undefined,
    );
    assert.ok(response === undefined || response.status === 413);
    assert.equal((await hub.post('after\n')).status, 200);
  });

  test('bodies of all requests together have a budget, which is given back', async () => {
    const budget = new ByteBudget(100_000);
    await using hub = await HttpFixture.open({ budget });
    const large = await hub.post(`${'x'.repeat(200_000)}\n`);
    assert.deepEqual([large.status, large.headers.get('retry-after')], [503, '1']);
    assert.partialDeepStrictEqual(await large.json(), { error: 'busy' });
    const windowed = await hub.post(zstdCompressSync('small\n'), { headers: { 'content-encoding': 'zstd' } });
    assert.equal(windowed.status, 503);
    assert.deepEqual(await answer(await hub.post('small\n')), [200, { accepted: 1 }]);
    assert.equal(budget.taken, 0);
  });

  test('the budget is held until the records are stored, and counts what each of them costs', async () => {
    const budget = new ByteBudget(1_000_000);
    const held: number[] = [];
    const quotas: QuotaGate = { ...openGate, giveBack: () => void held.push(budget.taken) };
    await using hub = await HttpFixture.open({ budget, quotas });
    assert.equal((await hub.post('a\n'.repeat(10_000))).status, 200);
    assert.equal((await hub.post(`[${'{},'.repeat(9999)}{}]`, { headers: json })).status, 200);
    assert.deepEqual([held.length, held.every((bytes) => bytes >= 260_000)], [2, true], String(held));
    const many = 'a\n'.repeat(100_000);
    for (const body of [many, `["${'a","'.repeat(100_000)}"]`]) {
      const headers = body === many ? {} : json;
      assert.partialDeepStrictEqual(await (await hub.post(body, { headers })).json(), { error: 'busy' });
    }
    assert.equal(budget.taken, 0);
  });

  test('a quota throttles or drops, and what was a duplicate is given back', async () => {
    const given: unknown[] = [];
    let verdict: ReturnType<QuotaGate['admit']> = { kind: 'take' };
    const quotas: QuotaGate = {
      admit: () => verdict,
      giveBack: (channel, size) => void (size.records > 0 && given.push(['back', channel, size])),
      dropped: (channel, size) => void given.push(['dropped', channel, size]),
    };
    await using hub = await HttpFixture.open({ quotas });
    const token = hub.addToken();
    const headers = { 'idempotency-key': 'k' };
    await hub.post('a\n', { token, headers });
    await hub.post('a\n', { token, headers });
    verdict = { kind: 'throttle', retryAfterMs: 2500, hint: 'the quota of acme is used up' };
    const throttled = await hub.post('b\n');
    assert.deepEqual([throttled.status, throttled.headers.get('retry-after')], [429, '3']);
    assert.deepEqual(await throttled.json(), { error: 'quota', message: 'the quota of acme is used up' });
    verdict = { kind: 'drop', hint: 'the quota of acme is used up' };
    assert.deepEqual(await answer(await hub.post('c\nd\n')), [200, { accepted: 0, dropped: 2 }]);
    assert.deepEqual(given, [
      ['back', 'acme/app', { bytes: 2, records: 1 }],
      ['dropped', 'acme/app', { bytes: 4, records: 2 }],
    ]);
    assert.deepEqual(await hub.records(), ['a\n']);
    assert.partialDeepStrictEqual(hub.listeners.status().http, {
      requests: 4,
      records: 1,
      duplicates: 1,
      dropped: 2,
      refused: 1,
    });
  });
});
