/**
 * The OpenAPI description of a hub at work, held against what it really answers: every GET route that gives JSON, and the changes that a site can bear.
 * Fastify checks the answers, as bodies of a server of our own: by ajv, which shares nothing with what made the description.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { at, isObject, listAt, numberAt, parseJson, textAt } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly described: unknown;
}

class Caller {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
  }

  async call(method: string, path: string, body?: object): Promise<{ readonly response: Response; readonly body: unknown }> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${this.#url}${path}`, { method, headers, ...content });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { response, body: isJson && text !== '' ? parseJson(text) : text };
  }

  async get(path: string): Promise<unknown> {
    return (await this.call('GET', path)).body;
  }
}

/** What of these is no JSON, or has nothing to answer here, and how the others are asked. */
const elsewhere = new Set(['/metrics', '/api/v1/search/export', '/api/v1/tail', '/api/v1/oidc/login', '/api/v1/oidc/callback']);

test('what every route answers is what the description says of it', { timeout: 300_000 }, async () => {
  await using stack = await Stack.make({ hub: { listeners: { http: { address: '127.0.0.1:0' } } } });
  const { hub } = stack;
  const url = `http://127.0.0.1:${await hub.portOf('http')}`;
  const token = await made(stack, 'token', 'create', '--tenant', '*', '--scope', 'admin');
  const admin = new Caller(url, { authorization: `Bearer ${textAt(token, 'token')}` });
  await writeFile(stack.log('app.log'), 'one\ntwo\nthree\n');
  await stack.agent.start();
  const record = await until('a line is found', async () => listAt(await admin.get('/api/v1/search'), 'records')[0]);
  const agentId = await until('the agent has told of itself', async () => {
    const agent = listAt(await admin.get('/api/v1/agents'), 'agents')[0];
    return at(agent, 'lastSeenMs') !== undefined && textAt(agent, 'agentId');
  });

  const document = await admin.get('/api/v1/openapi.json');
  const operations = operationsOf(document);
  await using checking = await checkingServer(document, operations);
  const { check } = checking;
  const channel = '/api/v1/channels/default/app';
  const silence = { node: 'agent/*', untilMs: Date.now() + 3_600_000, note: 'new disks' };
  const changes: [string, string, object?][] = [
    ['POST /api/v1/alerts/silences', '/api/v1/alerts/silences', silence],
    ['POST /api/v1/channels/{tenant}/{type}/pause', `${channel}/pause`, { group: 'pipeline' }],
    ['POST /api/v1/channels/{tenant}/{type}/resume', `${channel}/resume`, { group: 'pipeline' }],
    ['POST /api/v1/channels/{tenant}/{type}/seek', `${channel}/seek`, { group: 'pipeline', to: 'latest', yes: true }],
    ['POST /api/v1/channels/{tenant}/{type}/pause', `${channel}/pause`, { group: 'archive' }],
    ['POST /api/v1/housekeeping/run', '/api/v1/housekeeping/run'],
    ['POST /api/v1/tokens', '/api/v1/tokens', { kind: 'api', tenant: 'default', scope: 'read' }],
    ['POST /api/v1/users', '/api/v1/users', { name: 'anna', grants: [{ tenant: '*', role: 'viewer' }], oneTimePassword: true }],
    ['POST /api/v1/users', '/api/v1/users', { name: 'anna', disabled: false }],
    ['POST /api/v1/logs', '/api/v1/logs?tenant=default', { pushed: true }],
    ['POST /api/v1/pipelines/{type}/preview', '/api/v1/pipelines/app/preview', { text: 'steps: []\n', lines: ['a'] }],
    ['POST /api/v1/dead-letters/show', '/api/v1/dead-letters/show', {}],
    ['POST /api/v1/dead-letters/stop', '/api/v1/dead-letters/stop'],
  ];
  let password = '';
  for (const [name, path, body] of changes) {
    const answer = await admin.call('POST', path, body);
    const given = at(answer.body, 'oneTimePassword');
    if (typeof given === 'string') password = given;
    await check(name, answer);
  }
  await until('a finding stands', async () => listAt(await admin.get('/api/v1/alerts'), 'alerts').length > 0);
  await until('it was looked what may go', async () => at(await admin.get('/api/v1/housekeeping'), 'last', 'state') === 'done');

  const session = await new Caller(url, {}).call('POST', '/api/v1/session', { name: 'anna', password });
  await check('POST /api/v1/session', session);
  const [cookie = ''] = session.response.headers.getSetCookie();
  const person = new Caller(url, { cookie: cookie.split(';')[0] ?? '' });

  const place = new URLSearchParams({ tenant: 'default', type: 'app', received: String(numberAt(record, 'receivedMs')) });
  for (const name of ['agent', 'stream', 'position', 'ordinal']) place.set(name, String(at(record, 'at', name)));
  const reads = operations.filter(({ method, path }) => method === 'GET' && !elsewhere.has(path));
  assert.ok(reads.length > 25);
  for (const { path } of reads) {
    const named = path.replace('{id}', agentId).replace('{tenant}', 'default').replace('{type}', 'app');
    const query = path === '/api/v1/search/context' ? `?${place.toString()}` : '';
    const who = path === '/api/v1/session' ? person : admin;
    const answer = await who.call('GET', `${named}${query}`);
    await check(`GET ${path}`, answer);
    assert.match(answer.response.headers.get('etag') ?? '', /^W\/"/, path);
    const head = await who.call('HEAD', `${named}${query}`);
    assert.deepEqual([head.response.status, head.body], [200, ''], `HEAD ${path}`);
    assert.match(head.response.headers.get('etag') ?? '', /^W\/"/, `HEAD ${path}`);
  }
});

async function made(stack: Stack, ...command: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await stack.hub.run(...command, '--json', '--config', stack.hub.configPath);
  assert.equal(code, 0, stderr);
  return parseJson(stdout);
}

function operationsOf(document: unknown): Operation[] {
  const paths = at(document, 'paths');
  assert.ok(isObject(paths));
  return Object.entries(paths).flatMap(([path, methods]) => {
    assert.ok(isObject(methods));
    return Object.entries(methods).map(([method, described]) => ({ method: method.toUpperCase(), path, described }));
  });
}

interface Checking extends AsyncDisposable {
  readonly check: (name: string, answer: { readonly response: Response; readonly body: unknown }) => Promise<void>;
}

/** A server with a route for each answer that is described, which takes as its body what fits and nothing else. */
async function checkingServer(document: unknown, operations: readonly Operation[]): Promise<Checking> {
  const app = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } });
  const inPlace = (part: unknown): string => JSON.stringify(part).replaceAll('#/components/schemas/', '#/definitions/');
  const definitions = parseJson(inPlace(at(document, 'components', 'schemas')));
  const urls = new Map<string, string>();
  for (const { method, path, described } of operations) {
    const answers = at(described, 'responses');
    for (const status of isObject(answers) ? Object.keys(answers) : []) {
      const schema = at(answers, status, 'content', 'application/json', 'schema');
      if (schema === undefined) continue;
      const url = `/${urls.size}`;
      urls.set(`${method} ${path} ${status}`, url);
      const body = { definitions, ...Object(parseJson(inPlace(schema))) };
      app.post(url, { schema: { body } }, async () => 'fits');
    }
  }
  await app.ready();
  return {
    check: async (name, { response, body }) => {
      const url = urls.get(`${name} ${response.status}`);
      assert.ok(url !== undefined, `${name} answered ${response.status}, of which nothing is said: ${JSON.stringify(body)}`);
      const headers = { 'content-type': 'application/json' };
      const checked = await app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) });
      assert.equal(checked.body, 'fits', `${name} answered ${JSON.stringify(body).slice(0, 2000)}`);
    },
    [Symbol.asyncDispose]: async () => app.close(),
  };
}
