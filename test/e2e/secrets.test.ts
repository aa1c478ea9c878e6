/**
 * Slow, because it starts thirty processes. No secret is told: a hub and an agent with a unique value in every place where a secret may stand are run, asked, misconfigured and
 * killed, and all that they printed, answered, logged, archived and stored is searched for each of them.
 */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { parseApiToken } from '@tributary/hub/access/secrets.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, isObject, listAt, parseJson, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { SecretBook } from '../harness/secret-book.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

interface Site extends AsyncDisposable {
  readonly book: SecretBook;
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly password: string;
}

test('no secret of a hub or an agent is in anything that they tell', { skip, timeout: 600_000 }, async () => {
  await using proxy = await startProxy();
  await using site = await makeSite(proxy);
  const { book, hub, agent, scratch } = site;
  const enrolmentToken = await hub.createToken('--tenant', 'acme');
  book.keep('the enrolment token', enrolmentToken);
  book.keep('its secret', decodeEnrolmentToken(enrolmentToken).secret);
  book.hear('enroll', await agent.enroll(enrolmentToken));
  await agent.start();
  await usePeople(site);
  await useTokens(site);
  await askEverything(site);
  await misconfigure(site);
  await until('the agent is known', async () => listAt(await hub.status(), 'connections').length === 1, {
    detail: () => agent.program.tail(),
  });
  await proxy[Symbol.asyncDispose]();
  await agent.program.stop();
  const isArchived = async (): Promise<boolean> =>
    (await readArchive(hub.archive, 'platform')).some(({ raw }) => raw.includes('user-logged-in'));
  await until('the trail is archived', isArchived);
  book.hear('the archive', Buffer.concat((await readArchive(hub.archive, 'platform')).map(({ raw }) => raw)));
  book.hear('the log of the agent', agent.program.stderr);
  await hub.program.kill();
  book.hear('the log of the hub', hub.program.stderr);
  await book.hearFolder(hub.dataDir, ['.key']);
  await book.hearFolder(agent.dataDir, ['.key']);
  book.keep('the key of the agent', keyTextIn(agent.dataDir));
  await book.hearFolder(scratch.file('hub-run'), []);
  assert.deepEqual(book.leaks(), []);
  book.hear('this test', `${site.password} ${enrolmentToken}`);
  assert.equal(book.leaks().length > 1, true, 'what is told is found');
});

async function makeSite(proxy: Proxy): Promise<Site> {
  const book = new SecretBook();
  const scratch = await Scratch.make();
  const file = (name: string): string => {
    const path = scratch.file(name);
    writeFileSync(path, `${book.make(name)}\n`, { mode: 0o600 });
    return `\${file:${path}}`;
  };
  const tls = { cert: '', key: scratch.file('encrypted.key'), passphrase: file('hub.pass') };
  const config: Record<string, unknown> = {
    log: { level: 'debug' },
    tls,
    listeners: { http: { address: '127.0.0.1:0' }, push: [{ address: '127.0.0.1:0', tenant: 'acme' }] },
    oidc: {
      issuer: 'http://127.0.0.1:9',
      client_id: 'tributary',
      client_secret: file('client_secret'),
      public_url: 'https://127.0.0.1:7700',
    },
    // Of the plain listener there is something to tell, to receivers that are not there.
    alerts: {
      group_wait: '0s',
      receivers: [
        {
          kind: 'webhook',
          name: 'chat',
          url: `http://127.0.0.1:9/hooks/${book.make('the address of a webhook')}`,
          secret: file('webhook.secret'),
          headers: { authorization: `Bearer ${book.make('the header of a webhook')}` },
          body: { key: book.make('the body of a webhook'), text: '{text}' },
        },
        {
          kind: 'email',
          name: 'mail',
          host: '127.0.0.1',
          port: 9,
          tls: 'none',
          username: 'hub',
          password: file('smtp.pass'),
          from: 'hub@example.com',
          to: ['ops@example.com'],
        },
      ],
    },
  };
  const hub = new HubHost({ programs, scratch, tls: 'own', config });
  tls.cert = `${hub.dataDir}/pki/hub.crt`;
  const made = await hub.init();
  const [, password = ''] = /Sign in as \S+ with the password {2}(\S+)/.exec(made) ?? [];
  book.keep('the one-time password', password);
  for (const token of made.matchAll(/tributary1-[\w-]+/g)) book.keep('the first enrolment token', token[0]);
  const key = createPrivateKey(readFileSync(`${hub.dataDir}/pki/hub.key`));
  const passphrase = readFileSync(scratch.file('hub.pass'), 'utf8').trim();
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  writeFileSync(tls.key, encrypted, { mode: 0o600 });
  for (const name of ['hub.key', 'ca.key']) book.keep(name, keyText(readFileSync(`${hub.dataDir}/pki/${name}`, 'utf8')));
  const secretUrl = (name: string, host: string): string => `http://somebody:${book.make(name)}@${host}`;
  const agent = new AgentHost({
    programs,
    scratch,
    hubs: () => [hub.url],
    config: {
      tenant: 'acme',
      log: { level: 'debug' },
      proxy: secretUrl('the password of the proxy', `127.0.0.1:${proxy.port}`),
      prometheus: { listen: '127.0.0.1:0' },
    },
    inputs: [
      metricsTo({ url: secretUrl('the password in the address of Elasticsearch', '127.0.0.1:9') }),
      metricsTo({ url: 'http://127.0.0.1:9', username: 'u', password: file('elasticsearch.pass') }),
      metricsTo({ url: 'http://127.0.0.1:9', api_key: file('elasticsearch.key') }),
    ],
  });
  await hub.start();
  const dispose = async (): Promise<void> => {
    await agent[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  };
  return { book, scratch, hub, agent, password, [Symbol.asyncDispose]: dispose };
}

function metricsTo(elasticsearch: object): Readonly<Record<string, unknown>> {
  return { kind: 'metrics', interval: '1s', sets: ['load'], elasticsearch };
}

/** Somebody mistypes, signs in, takes another password, and is signed in at a provider that is not there. */
async function usePeople(site: Site): Promise<void> {
  const { book, hub, password } = site;
  const port = await hub.portOf('http');
  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(port, { method: 'POST', path, headers: { 'content-type': 'application/json', ...headers } }, JSON.stringify(body));
  const wrong = await post('/api/v1/session', { name: 'admin', password: book.make('a password that was mistyped') });
  book.hear('the answer to a wrong password', wrong.text);
  const signedIn = await post('/api/v1/session', { name: 'admin', password });
  assert.equal(signedIn.status, 200, signedIn.text);
  const [cookie = ''] = signedIn.cookie.split(';');
  book.keep('the session', cookie.slice(cookie.indexOf('=') + 1));
  const csrf = book.keep('the token of the form', textAt(parseJson(signedIn.text), 'csrfToken'));
  const headers = { cookie, 'x-csrf-token': csrf };
  const wanted = book.make('the new password');
  const changed = await post('/api/v1/session/password', { current: password, new: wanted }, headers);
  assert.equal(changed.status, 200, changed.text);
  for (const path of ['/api/v1/oidc/login', '/api/v1/oidc/callback?code=abc&state=def', `/api/v1/status?password=${wanted}`]) {
    book.hear(path.split('?')[0] ?? path, (await ask(port, { method: 'GET', path })).text);
  }
}

/** A program pushes with its token, with half of it, and by mistake where everybody can read it. */
async function useTokens({ book, hub }: Site): Promise<void> {
  const created = await hub.run('token', 'create', '--tenant', 'acme', '--scope', 'write', '--json', '--config', hub.configPath);
  assert.equal(created.code, 0, created.stderr);
  const token = book.keep('the API token', textAt(parseJson(created.stdout), 'token'));
  book.keep('its secret part', parseApiToken(token)?.secret ?? '');
  const port = await hub.portOf('http');
  const push = { method: 'POST', path: '/api/v1/logs?type=app' };
  const headers = { 'content-type': 'application/x-ndjson' };
  const good = await ask(port, { ...push, headers: { ...headers, authorization: `Bearer ${token}` } }, '{"message":"a"}\n');
  book.hear('the answer to a push', good.text);
  const half = await ask(port, { ...push, headers: { ...headers, authorization: `Bearer ${token}x` } }, '{"message":"a"}\n');
  assert.equal(half.status, 401, half.text);
  book.hear('the answer to a wrong token', half.text);
  const plain = await fetch(`http://127.0.0.1:${await hub.portOf('push')}/api/v1/logs?type=app`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${token}` },
    body: '{"message":"a"}\n',
  });
  book.hear('the answer of the plain port', await plain.text());
}

async function askEverything({ book, hub, agent }: Site): Promise<void> {
  const hubCommands = [
    ['check'],
    ['check', '--json'],
    ['status'],
    ['status', '--json'],
    ['token', 'list'],
    ['agent', 'list'],
    ['user', 'list'],
    ['alerts', 'test', 'chat'],
    ['alerts', 'test', 'mail'],
    ['alerts', 'list', '--json'],
  ];
  for (const args of hubCommands) {
    const { stdout, stderr } = await hub.run(...args, '--config', hub.configPath);
    book.hear(`hub ${args.join(' ')}`, stdout + stderr);
  }
  for (const args of [['check'], ['check', '--explain'], ['check', '--json'], ['status'], ['status', '--json']]) {
    const { stdout, stderr } = await agent.run(...args, '--config', agent.configPath);
    book.hear(`agent ${args.join(' ')}`, stdout + stderr);
  }
  const served = await until('metrics are served', () =>
    agent.program.logs.find(({ message }) => message === 'metrics are served'),
  );
  book.hear('metrics', await (await fetch(`http://${String(served.fields['address'])}/metrics`)).text());
}

/** Configurations in which secrets stand where they do not belong, or are not what they should be. */
async function misconfigure({ book, scratch, hub, agent }: Site): Promise<void> {
  const put = (name: string): string => `\${file:${scratch.file(name)}}`;
  const inline = book.make('a secret in the configuration itself');
  const hubFaults: object[] = [
    { queue: { max_bytes: put('hub.pass') } },
    { site: put('client_secret'), platform_tenant: put('client_secret') },
    { tls: { passphrase: { value: inline } }, oidc: { client_secret: [inline] } },
    { tls: { passphrase: 123_456_789_012 }, services: [{ kind: 'redis', url: `mongodb://a:${inline}@host` }] },
  ];
  const address = `hooks.example.com/${inline}`;
  const receivers = [
    { kind: 'webhook', url: `http://${address}` },
    { kind: 'webhook', url: address, secret: [inline], body: inline, headers: { a: inline.repeat(500), b: { inline } } },
    { kind: 'webhook', url: `https://a:${inline}@host`, headers: { [inline.slice(0, 3) + ' ']: inline } },
    { kind: 'email', host: 'host', from: 'nobody', to: ['nobody'], password: inline },
  ];
  hubFaults.push(...receivers.map((receiver) => ({ alerts: { receivers: [{ name: 'ops', ...receiver }] } })));
  const agentFaults = [
    { proxy: `socks5://a:${inline}@host:1080` },
    { inputs: [metricsTo({ url: `ftp://a:${inline}@host` }), metricsTo({ url: put('elasticsearch.pass') })] },
    { inputs: [metricsTo({ url: 'http://host', password: { inline } })], hubs: [`wss://a:${inline}@host`] },
    { hubs: put('elasticsearch.key') },
  ];
  const file = scratch.file('wrong.yaml');
  const tell = async (program: HubHost | AgentHost, what: string, fault: object): Promise<void> => {
    writeFileSync(file, JSON.stringify(fault));
    const { code, stdout, stderr } = await program.run('check', '--config', file);
    assert.equal(code, 2, `${JSON.stringify(fault)}: ${stdout}${stderr}`);
    book.hear(`${what} check ${JSON.stringify(Object.keys(fault))}`, stdout + stderr);
  };
  for (const fault of hubFaults) await tell(hub, 'hub', fault);
  for (const fault of agentFaults) await tell(agent, 'agent', { data_dir: scratch.file('other'), ...fault });
  const config: unknown = parseJson(readFileSync(hub.configPath, 'utf8'));
  const tls = at(config, 'tls');
  const wrongPassphrase = { ...(isObject(tls) ? tls : {}), passphrase: put('client_secret') };
  const other = { data_dir: hub.dataDir, run_dir: scratch.file('other-run'), tls: wrongPassphrase };
  writeFileSync(file, JSON.stringify(other));
  for (const command of ['check', 'run']) {
    const { code, stdout, stderr } = await hub.run(command, '--config', file);
    assert.notEqual(code, 0, command);
    book.hear(`hub ${command} with a wrong passphrase`, stdout + stderr);
  }
}

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly text: string;
}

/** Whose certificate it is does not matter here. */
function ask(
  port: number,
  what: { readonly method: string; readonly path: string; readonly headers?: Readonly<Record<string, string>> },
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, ...what, agent: false, rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      const cookie = String(response.headers['set-cookie'] ?? '');
      response.on('end', () => resolve({ status: response.statusCode ?? 0, cookie, text }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

interface Proxy extends AsyncDisposable {
  readonly port: number;
}

/** CONNECT to wherever it is asked for. */
async function startProxy(): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer();
  server.on('connect', (asked, client: Socket) => {
    const target = new URL(`http://${asked.url ?? ''}`);
    const there = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(there).pipe(client);
    });
    for (const socket of [client, there]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port, [Symbol.asyncDispose]: dispose };
}

/** The first line of what is between the lines of a PEM file. */
function keyText(pem: string): string {
  return pem.split('\n')[1] ?? '';
}

function keyTextIn(dataDir: string): string {
  return keyText(readFileSync(`${dataDir}/tls/agent.key`, 'utf8'));
}
