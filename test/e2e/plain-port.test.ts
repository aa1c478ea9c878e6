/** The one port without TLS and tokens, for pushers that can do neither; and what strangers write into names, headers and records there. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { at, listAt, textAt } from '../harness/json.ts';
import { HubHost } from '../harness/hub-host.ts';
import { testPrograms } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { readdirSync } from 'node:fs';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { talk } from '../harness/hostile/talk.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const programs = testPrograms;
const escape = '\u001b';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function call(
  port: number,
  { method = 'POST', path = '/api/v1/logs', from = '127.0.0.2', headers = {}, body = '' }: Call,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { host: '127.0.0.1', port, path, method, localAddress: from, agent: false, timeout: 120_000 };
  const sent = request({ ...options, headers: { 'content-type': 'application/x-ndjson', ...headers } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
  });
  sent.once('error', reject);
  sent.end(body);
  return await promise;
}

test(
  'a plain port takes pushes for its one tenant from its networks, and shows nothing else',
  { skip, timeout: 600_000 },
  async () => {
    await using scratch = await Scratch.make();
    const push = { address: '0.0.0.0:0', plaintext: true, tenant: 'devices', type: 'router', allow_cidr: ['127.0.0.2/32'] };
    await using hub = new HubHost({ programs, scratch, tls: true, config: { listeners: { push: [push] } } });
    await hub.start();
    const port = await hub.portOf('push');
    const detail = (): string => hub.program.tail();

    const pushed = await call(port, { body: '{"message":"from a router"}\n' });
    assert.equal(pushed.status, 200, pushed.text);
    await assert.rejects(
      call(port, { from: '127.0.0.3', body: '{}' }),
      /ECONNRESET|socket hang up/,
      'other networks are cut off',
    );
    assert.equal((await call(port, { path: '/api/v1/logs?tenant=acme', body: '{}' })).status, 403);
    const burnt = await call(port, { headers: { authorization: 'Bearer tributary_abc_def' }, body: '{}' });
    assert.deepEqual([burnt.status, /revoke it/.test(burnt.text)], [400, true]);

    const elsewhere = [
      '/',
      '/api/v1/status',
      '/api/v1/session',
      '/api/v1/agents',
      '/v1/enrol',
      '/v1/agent',
      '/metrics',
      '/api/v1/logs/',
      '//api/v1/logs',
      '/api/v1/../v1/logs',
      '/%61pi/v1/logs',
    ];
    for (const path of elsewhere)
      for (const method of ['GET', 'POST']) assert.deepEqual([path, (await call(port, { path, method })).status], [path, 404]);
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'])
      assert.deepEqual([method, (await call(port, { method })).status], [method, 404]);

    const finding = listAt(await hub.status(), 'findings').find((one) => at(one, 'kind') === 'plaintext-listener');
    assert.match(textAt(finding, 'reason'), /TLS/);
    await until('the push is archived', async () => (await channels(hub)).includes('devices/router'), { everyMs: 200, detail });
  },
);

test('paths in names, and headers and lines in records, stay what they are', { skip, timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const push = { address: '127.0.0.1:0', tenant: 'devices' };
  await using hub = new HubHost({ programs, scratch, config: { listeners: { push: [push] } } });
  await hub.start();
  const port = await hub.portOf('push');
  const nasty = [
    '../../../../tmp/x',
    '..',
    '/etc/passwd',
    'a/b',
    'a\\b',
    'A',
    'é',
    'x'.repeat(51),
    'a\u0000b',
    'a\r\nX-Injected: yes',
    `${escape}[2J`,
  ];
  for (const text of nasty) {
    for (const name of ['type', 'tenant', 'host']) {
      const {
        status,
        text: body,
        headers,
      } = await call(port, { path: `/api/v1/logs?${name}=${encodeURIComponent(text)}`, body: '{}' });
      if (name !== 'host') assert.ok(status === 400 || status === 403, `${name}=${JSON.stringify(text)}: ${status} ${body}`);
      assert.ok(
        headers['x-injected'] === undefined && !body.includes(escape) && !body.includes(text.length > 10 ? text : escape),
        body,
      );
    }
  }
  // What is in a record is the record's: it is kept to the byte, and never becomes a line of the hub's own log.
  const forged = `{"log.level":"error","message":"forged"}`;
  const message = `first\r\n${forged}\r\nX-Injected: yes\r\n${escape}]0;owned\u0007`;
  const { status, text } = await call(port, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  });
  assert.equal(status, 200, text);
  const raw = await until(
    'it is archived',
    async () => (await readArchive(hub.archive)).map((stream) => stream.raw.toString()).find((one) => one.includes('forged')),
    { everyMs: 200, detail: () => hub.program.tail() },
  );
  assert.ok(raw.includes('owned'));
  // Two requests in the disguise of one: the second is never answered as one.
  const smuggled =
    'POST /api/v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
  const answer = (await talk({ port }, Buffer.from(smuggled))).toString();
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal(answer.split('HTTP/1.1 ').length, 2, answer);

  assert.deepEqual(await channels(hub), ['devices/app']);
  const lines = hub.program.stderr.split('\n').filter((line) => line !== '');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('{') || line.includes(escape) || line.includes('forged')),
    [],
  );
});

test('a hub does not start with a port that is open by mistake', { timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const mistakes: readonly (readonly [listeners: object, told: RegExp])[] = [
    [
      { agents: { address: '0.0.0.0:0' } },
      /listeners\.agents\.address: is reached by other machines: run tributary-hub init or give tls/,
    ],
    [{ http: { address: '0.0.0.0:0' } }, /listeners\.http\.address: .*needs TLS/],
    [{ push: [{ address: '0.0.0.0:0', tenant: 'a', allow_cidr: ['10.0.0.0/8'] }] }, /declare it plaintext: true/],
    [{ push: [{ address: '0.0.0.0:0', tenant: 'a', plaintext: true }] }, /needs allow_cidr/],
  ];
  for (const [index, [listeners, told]] of mistakes.entries()) {
    const hub = new HubHost({ programs, scratch, name: `hub${index}`, config: { listeners } });
    await hub.writeConfig();
    const { code, stderr } = await hub.run('run', '--config', hub.configPath);
    assert.equal(code, 2, stderr);
    assert.match(stderr, told);
  }
});

/** Channels of the archive but the platform's, by the folders that are there: a path that got out would be none. */
async function channels(hub: HubHost): Promise<readonly string[]> {
  const tenants = readdirSync(hub.archive, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const all = tenants.flatMap(({ name }) => readdirSync(`${hub.archive}/${name}`).map((type) => `${name}/${type}`));
  return await Promise.resolve(all.filter((channel) => !channel.endsWith('/platform')).toSorted());
}
