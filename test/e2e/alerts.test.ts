/** What records say and what is missing of them, told to a receiver by a real hub, and held back by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { WebhookServer } from '@tributary/hub/alerts/testing/webhook-server.ts';
import { freePort } from '../harness/free-port.ts';
import { at, listAt, numberAt, parseJson, textAt } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const rule = {
  kind: 'matches',
  name: 'booms',
  tenant: 'default',
  type: 'app',
  text: 'boom',
  count: 2,
  // Until it is over several commands are started, each of which takes seconds on a slow machine.
  within: '2m',
  level: 'red',
};

test('a receiver is told of what records say and of canaries that are missing', { timeout: 300_000 }, async () => {
  await using server = await WebhookServer.start();
  const { told, url } = server;
  const receivers = [
    {
      kind: 'webhook',
      name: 'ops',
      url,
      routes: [{ findings: ['content-alert', 'canary-missing'] }],
    },
  ];
  const port = await freePort();
  const hub = {
    listeners: { http: { address: `127.0.0.1:${port}` } },
    alerts: { group_wait: '1s', interval: '0s', resolve_after: '1s', receivers, content: [rule] },
    canaries: { every: '1s', late: '4s' },
  };
  const inputs = (logs: string): Record<string, unknown>[] => [
    { kind: 'file', paths: [`${logs}/*.log`], type: 'app' },
    { kind: 'canary', interval: '1s' },
  ];
  await using stack = await Stack.make({ hub, inputs });
  const detail = (): string => `${JSON.stringify(told, undefined, 1)}\n${stack.tail()}`;
  const isTold = async (change: string, finding: string): Promise<unknown> =>
    await until(
      `${finding} is told as ${change}`,
      () =>
        told
          .flatMap((message) => listAt(message, 'alerts'))
          .find((item) => textAt(item, 'finding') === finding && textAt(item, 'change') === change),
      { detail },
    );
  const command = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await stack.hub.run(...args, '--config', stack.hub.configPath);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const token = await stack.hub.createToken('--scope', 'admin', '--tenant', '*');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object): Promise<void> => {
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, request);
    assert.equal(answer.status, 200, await answer.text());
  };
  await post('alerts/receivers/ops/test', {});
  await until('the test is told', () => told.some((message) => textAt(message, 'status') === 'test'), { detail });

  await appendFile(stack.log('app.log'), 'boom one\nall is well\nboom two\n');
  await stack.agent.start();
  const raised = await isTold('raised', 'content-alert');
  assert.partialDeepStrictEqual(raised, { node: 'channel/default/app', level: 'red', tenants: ['default'] });
  await command('alerts', 'ack', 'channel/default/app', 'content-alert', '--note', 'we know');
  const listed = listAt(parseJson(await command('alerts', 'list', '--json')), 'alerts');
  const known = listed.find((alert) => textAt(alert, 'kind') === 'content-alert');
  assert.equal(at(known, 'acknowledged', 'note'), 'we know');
  const from = new Date(Date.now() + 86_400_000).toISOString();
  await command('alerts', 'silence', '--from', from, '--for', '2h', '--finding', 'content-alert', '--note', 'tomorrow');
  const later = parseJson(await command('alerts', 'list', '--json'));
  assert.equal(numberAt(later, 'silences', 0, 'fromMs'), Date.parse(from));
  assert.equal(numberAt(later, 'silences', 0, 'untilMs'), Date.parse(from) + 7_200_000);
  assert.deepEqual(
    listAt(later, 'alerts').filter((alert) => at(alert, 'silenced') === true),
    [],
  );
  const isShown = async (): Promise<boolean> => {
    const health = await (await fetch(`http://127.0.0.1:${port}/api/v1/health?kind=channel`, { headers })).text();
    return health.includes('"acknowledged":{"by":"console:');
  };
  await until('the tree of health shows who knows of it', isShown, { detail });
  const metric = async (line: RegExp): Promise<boolean> =>
    line.test(await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text());
  const isFine = (): Promise<boolean> => metric(/^tributary_canary_unaccounted\{.*store="archive".*\} 0$/m);
  await until('all numbers are in the archive', isFine, { detail });
  await post('channels/default/canary/pause', { group: 'archive' });
  assert.partialDeepStrictEqual(await isTold('raised', 'canary-missing'), { node_kind: 'agent' });
  await until('the metric tells it', () => metric(/^tributary_canary_unaccounted\{.*\} [1-9]/m), { detail });
  await post('channels/default/canary/resume', { group: 'archive' });
  await isTold('resolved', 'canary-missing');
  await until('they are there', isFine, { detail });
  assert.ok(await metric(/^tributary_canary_doubled\{.*\} 0$/m));
});

test('a hub gives a sign of life while it takes data, and says where it does not arrive', { timeout: 300_000 }, async () => {
  const heard: string[] = [];
  const server = createServer(({ method, url }, response) => {
    heard.push(`${method} ${url}`);
    response.statusCode = url === '/known' ? 200 : 404;
    response.end();
  });
  await using _ = { [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')) };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const listeners = { http: { address: '127.0.0.1:0' } };
  const optionsOf = (path: string): Record<string, unknown> => ({
    listeners,
    alerts: { heartbeat: { url: `http://127.0.0.1:${address.port}/${path}`, every: '10s' } },
  });
  await using stack = await Stack.make({ hub: optionsOf('known') });
  const detail = (): string => `${heard.join('\n')}\n${stack.tail()}`;
  await until('two signs of life', () => heard.filter((one) => one === 'GET /known').length >= 2, { detail });
  await stack.hub.configure(optionsOf('unknown'));
  stack.hub.program.signal('SIGHUP');
  const token = await stack.hub.createToken('--scope', 'read', '--tenant', '*');
  const url = `http://127.0.0.1:${await stack.hub.portOf('http')}/api/v1/health?kind=site`;
  const isTold = async (): Promise<boolean> =>
    /heartbeat-undelivered.*does not arrive: it answered 404/.test(
      await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text(),
    );
  await until('the site says that it does not arrive', isTold, { detail });
});
