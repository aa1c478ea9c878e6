/** The command before a site of the test's own, over real sockets. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { settlePending } from '../enrolment/settle.ts';
import { enrolHere } from '../enrolment/testing/enrol-here.ts';
import { TestDoor } from '../enrolment/testing/test-door.ts';
import { lockFolder } from '../identity/folder-lock.ts';
import { settleIdentity } from '../identity/identity.ts';
import { agentOptions } from '../options.ts';
import { ConnectProxy } from '@tributary/protocol/uplink/testing/connect-proxy.ts';
import { checkCommand } from './check.ts';
import { TestAuthority } from '../tls/testing/test-authority.ts';
import { type EnrollOptions, enrollCommand } from './enroll.ts';

interface Done {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Unit implements AsyncDisposable {
  readonly door: TestDoor;
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-enroll-'));

  constructor(door: TestDoor) {
    this.door = door;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get config(): string {
    return join(this.folder, 'etc/agent.yaml');
  }

  file(name: string): string {
    return readFileSync(join(this.data, 'tls', name), 'utf8');
  }

  async enroll(token: string | undefined, own: Partial<EnrollOptions> = {}): Promise<Done> {
    let [out, err] = ['', ''];
    const options: EnrollOptions = {
      token,
      tokenFile: undefined,
      configFile: this.config,
      dataDir: this.data,
      proxy: undefined,
      renew: false,
      ship: false,
      json: true,
      input: Readable.from([]),
      ...own,
    };
    const stop = AbortSignal.timeout(120_000);
    const host = {
      env: {},
      cwd: this.folder,
      isTerminal: false,
      stop,
      out: (text: string) => void (out += text),
      err: (text: string) => void (err += text),
    };
    const code = await enrollCommand(options, host);
    return { code, out, err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.door[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }
}

async function unit(...given: Parameters<typeof TestDoor.start>): Promise<Unit> {
  return new Unit(await TestDoor.start(...given));
}

test('a token makes an agent of the site: key, certificate, what is trusted, and a configuration', async () => {
  await using one = await unit();
  const { code, out } = await one.enroll(one.door.token());
  const report = JSON.parse(out);
  assert.equal(code, 0);
  assert.deepEqual(
    [report.ok, report.already, report.site, report.tenant, report.hub],
    [true, false, 'here', 'acme', one.door.url],
  );
  assert.equal(report.agentId, settleIdentity({ folder: one.data }).agentId);
  assert.deepEqual(readdirSync(join(one.data, 'tls')).toSorted(), ['agent.crt', 'agent.key', 'ca.crt', 'lock', 'site.json']);
  assert.equal(statSync(join(one.data, 'tls/agent.key')).mode & 0o777, 0o600);
  const [request] = one.door.requests;
  assert.equal(JSON.stringify(request).includes('PRIVATE'), false);
  const config = readFileSync(one.config, 'utf8');
  assert.match(config, /^hubs:\n {2}- "wss:\/\/127\.0\.0\.1:\d+"$/m);
  assert.equal(config.includes(`data_dir: "${one.data}"`), true);
  assert.equal(one.door.handshakesFailed, 0, 'and no hub has a handshake to warn of');
  assert.equal(one.door.site.hellos.length, 0, 'looking at the hub supersedes no agent that runs');
});

test('a second time with the same token changes nothing and asks for nothing', async () => {
  await using one = await unit();
  await one.enroll(one.door.token());
  const key = one.file('agent.key');
  const { code, out } = await one.enroll(one.door.token(), { dataDir: undefined });
  assert.deepEqual([code, JSON.parse(out).already, JSON.parse(out).changes], [0, true, []]);
  assert.deepEqual([one.file('agent.key'), one.door.requests.length], [key, 1]);
});

test('the same key is sent again when the answer was lost', async () => {
  await using one = await unit();
  one.door.losesAnswers = true;
  await assert.rejects(one.enroll(one.door.token()), /no hub of this token enrolled this agent/);
  one.door.losesAnswers = false;
  assert.equal((await one.enroll(one.door.token())).code, 0);
  const [first, second] = one.door.requests;
  assert.equal(first?.body['publicKey'], second?.body['publicKey']);
});

test('an answer that came is used by whoever comes next, without asking again', async () => {
  await using one = await unit();
  await one.enroll(one.door.token());
  const pending = {
    version: 1,
    agentId: settleIdentity({ folder: one.data }).agentId,
    tokenId: 'token0001',
    key: one.file('agent.key'),
    answer: {
      certificate: one.file('agent.crt'),
      authority: one.file('ca.crt'),
      ...JSON.parse(one.file('site.json')),
      site: 'there',
    },
  };
  rmSync(join(one.data, 'tls/agent.crt'));
  writeFileSync(join(one.data, 'tls/enrolment.pending.json'), JSON.stringify(pending), { mode: 0o600 });
  assert.equal((await settlePending(one.data))?.site, 'there');
  assert.equal(one.file('agent.crt'), pending.answer.certificate);
  assert.equal(await settlePending(one.data), undefined);
});

test('a hub that presents another authority is told nothing', async () => {
  await using one = await unit();
  const other = new TestAuthority('Somebody else');
  await assert.rejects(
    one.enroll(one.door.token({ fingerprint: other.fingerprint })),
    /presents another authority than the token says: somebody may be in between/,
  );
  assert.deepEqual(one.door.requests, []);
});

test('whoever shows the right authority and does not belong to it is told nothing', async () => {
  const real = new TestAuthority('The site');
  // The authority's certificate is no secret: anybody can get it from the real hub, and make another one of the same name.
  await using impostor = await unit({ authority: new TestAuthority('The site'), presents: real.cert });
  const token = impostor.door.token({ fingerprint: real.fingerprint });
  await assert.rejects(
    impostor.enroll(token),
    /presents a certificate of another authority \(subject CN=a hub, issuer CN=The site\): refused/,
  );
  assert.deepEqual(impostor.door.requests, []);
});

test('a hub whose certificate is for another name is told nothing', async () => {
  await using one = await unit({ hosts: ['hub.example.com'] });
  await assert.rejects(
    one.enroll(one.door.token()),
    /its certificate is not for 127\.0\.0\.1 but for DNS:hub\.example\.com: refused/,
  );
  assert.deepEqual(one.door.requests, []);
});

test('what the site says of a token is shown, and no other hub is asked', async () => {
  await using one = await unit();
  one.door.refusal = { status: 403, error: 'token-expired', hint: 'this token expired on 2026-01-01: make another\u001b[31m' };
  const token = one.door.token({ hubs: [one.door.host, '127.0.0.1:1'] });
  await assert.rejects(one.enroll(token), (error: Error) =>
    error.message.endsWith(String.raw`expired on 2026-01-01: make another\x1b[31m`),
  );
  assert.equal(one.door.requests.length, 1);
});

test('the first hub of the token that can be reached enrols', async () => {
  await using one = await unit();
  assert.equal((await one.enroll(one.door.token({ hubs: ['127.0.0.1:1', one.door.host] }))).code, 0);
});

test('a hub that takes connections and says nothing keeps nobody from the next one for long', async () => {
  await using one = await unit();
  let asked = 0;
  const mute = createServer((socket) => {
    asked += 1;
    socket.on('error', () => undefined).resume();
  });
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const address = mute.address();
  assert(typeof address === 'object' && address !== null);
  const token = decodeEnrolmentToken(one.door.token({ hubs: [`127.0.0.1:${address.port}`, one.door.host] }));
  mkdirSync(one.data);
  await enrolHere(one.data, token);
  mute.close();
  assert.deepEqual([asked, one.door.requests.length], [1, 1]);
});

test('of a configuration that is there only hubs is set, with its comments kept', async () => {
  await using one = await unit();
  mkdirSync(join(one.folder, 'etc'));
  const before = `# mine\ndata_dir: ${one.data} # here\nhubs: [ws://127.0.0.1:7701]\nlabels: { a: b }\n`;
  writeFileSync(one.config, before, { mode: 0o640 });
  const { out } = await one.enroll(one.door.token(), { dataDir: undefined });
  assert.deepEqual(JSON.parse(out).changes, [`hubs: ${one.door.url} (before: ws://127.0.0.1:7701)`]);
  const after = readFileSync(one.config, 'utf8');
  assert.match(after, /^# mine\ndata_dir: \S+ # here\nhubs: \["wss:\/\/127\.0\.0\.1:\d+"\]\nlabels: \{ a: b \}\n$/);
  assert.equal(statSync(one.config).mode & 0o777, 0o640);
});

test('a token comes by a file or by standard input too, and never twice', async () => {
  await using one = await unit();
  writeFileSync(join(one.folder, 'token'), `${one.door.token()}\n`);
  assert.equal((await one.enroll(undefined, { tokenFile: 'token' })).code, 0);
  assert.equal((await one.enroll('-', { input: Readable.from([one.door.token()]) })).code, 0);
  assert.deepEqual((await one.enroll('x', { tokenFile: 'token' })).code, 2);
  const { code, err } = await one.enroll('nonsense');
  assert.deepEqual([code, /this is no enrolment token/.test(err)], [2, true]);
  assert.equal((await one.enroll(undefined, { tokenFile: 'nowhere' })).code, 2);
});

test('another identity is taken by --renew alone, and not while an agent runs', async () => {
  await using one = await unit();
  const before = JSON.parse((await one.enroll(one.door.token())).out).agentId;
  const running = lockFolder(one.data);
  await assert.rejects(one.enroll(one.door.token(), { renew: true }), /another tributary-agent is using/);
  running[Symbol.dispose]();
  // As on a machine that is a copy: it has another boot.
  const site = { ...JSON.parse(one.file('site.json')) };
  writeFileSync(
    join(one.data, 'tls/site.json'),
    JSON.stringify({ ...site, replaced: { agentId: before, bootId: 'of the original' } }),
  );
  const after = JSON.parse((await one.enroll(one.door.token(), { renew: true })).out).agentId;
  assert.notEqual(after, before);
  assert.equal(settleIdentity({ folder: one.data }).agentId, after);
  const { replaces, id } = one.door.requests.at(-1)?.body ?? {};
  assert.deepEqual([id, replaces], [after, { agentId: before, bootId: settleIdentity({ folder: one.data }).bootId }]);
  assert.equal(JSON.parse((await one.enroll(one.door.token(), { renew: true })).out).agentId, after, 'done is done');
});

test('a proxy on the way is used for all of it, and written down', async () => {
  await using one = await unit();
  await using proxy = await ConnectProxy.start();
  const address = `http://${proxy.address}`;
  assert.equal((await one.enroll(one.door.token(), { proxy: address })).code, 0);
  assert.equal(proxy.requests.length, 3, 'the look, the request, and the connection that is tried');
  assert.equal(readFileSync(one.config, 'utf8').includes(`\nproxy: "${address}"\n`), true);
});

test('check tells whose the certificate is, what it overrules, and what is wrong with it', async () => {
  await using one = await unit();
  const check = async (more: string): Promise<{ readonly code: number; readonly out: string }> => {
    const config = join(one.folder, 'check.yaml');
    writeFileSync(config, `data_dir: ${one.data}\nhubs: ['${one.door.url}']\n${more}`);
    let out = '';
    const stop = AbortSignal.timeout(120_000);
    const host = { env: {}, cwd: '/', isTerminal: false, stop, out: (text: string) => void (out += text), err: () => undefined };
    return { code: await checkCommand({ configFile: config, json: false, explain: false }, host), out };
  };
  assert.match((await check('')).out, /^note: no certificate: no hub lets this agent in; tributary-agent enroll TOKEN/m);
  const { agentId } = JSON.parse((await one.enroll(one.door.token())).out);
  const good = await check('tenant: mine\n');
  assert.equal(good.code, 0);
  assert.equal(good.out.includes(`tls (enrolled): agent ${agentId}, tenant acme, valid until `), true);
  assert.match(good.out, /^note: tenant: the certificate of this agent names another tenant.*\(acme\)$/m);
  chmodSync(join(one.data, 'tls/agent.key'), 0o644);
  const open = await check('');
  assert.deepEqual([open.code, /the certificate cannot be used/.test(open.out), /chmod o-rwx/.test(open.out)], [1, true, true]);
  chmodSync(join(one.data, 'tls/agent.key'), 0o600);
  const hourMs = 3_600_000;
  const names = { kind: 'agent', siteId: 'cc'.repeat(16), agentId, tenant: 'acme' } as const;
  const put = (fromMs: number, untilMs: number): void => {
    const { cert, key } = one.door.authority.issue({ names, fromMs, untilMs });
    writeFileSync(join(one.data, 'tls/agent.crt'), cert);
    writeFileSync(join(one.data, 'tls/agent.key'), key);
  };
  put(-2 * hourMs, -hourMs);
  assert.match((await check('')).out, /^tls: the certificate expired on \S+: tributary-agent enroll TOKEN gets another$/m);
  put(hourMs, 2 * hourMs);
  const early = await check('');
  assert.deepEqual(
    [early.code, /^note: the certificate is not valid before .*: is the clock/m.test(early.out)],
    [0, true],
    early.out,
  );
  writeFileSync(join(one.data, 'identity.json'), JSON.stringify({ version: 1, agentId: 'ab'.repeat(16), startCounter: 1 }));
  assert.match((await check('')).out, /^tls: the certificate is for another agent than this one/m);
});

test('nothing goes over a network in the clear unless that is said', () => {
  const hubs = ['ws://hub.example.com:7701'];
  const problem = agentOptions.safeParse({ hubs }).error?.issues[0];
  assert.deepEqual([problem?.path, problem?.message.startsWith('would send everything in the clear')], [['hubs', 0], true]);
  assert.equal(agentOptions.safeParse({ hubs, plaintext: true }).success, true);
  assert.equal(agentOptions.safeParse({ hubs: ['ws://127.0.0.1:7701'] }).success, true);
  assert.equal(agentOptions.safeParse({ hubs: ['ws://127.0.0.1:7701'], proxy: 'http://proxy.example.com:3128' }).success, false);
});

test('root, and who hides all new files from others, leave a configuration that the agent can read', async () => {
  await using one = await unit();
  const masked = process.umask(0o077);
  try {
    await one.enroll(one.door.token());
  } finally {
    process.umask(masked);
  }
  const modes = [join(one.folder, 'etc'), one.config, one.data, join(one.data, 'tls/agent.key')].map(
    (path) => statSync(path).mode,
  );
  assert.deepEqual(
    modes.map((mode) => mode & 0o777),
    [0o755, 0o644, 0o700, 0o600],
  );
});

test('where the configuration cannot be written no token is used', async () => {
  await using one = await unit();
  writeFileSync(join(one.folder, 'etc'), '');
  await assert.rejects(
    one.enroll(one.door.token()),
    /etc cannot be used \(\S+etc is not a folder\): mend it, or choose another --config/,
  );
  assert.deepEqual([one.door.requests.length, existsSync(one.data)], [0, false]);
});

const skip = process.getuid?.() !== 0;

test("what the owner of the agent's folder put there leads root nowhere", { skip }, async () => {
  await using one = await unit();
  chmodSync(one.folder, 0o755);
  const roots = join(one.folder, 'roots');
  mkdirSync(roots);
  mkdirSync(join(one.data, 'tls'), { recursive: true });
  symlinkSync(join(roots, 'cronjob'), join(one.data, 'tls/lock'));
  for (const path of [one.data, join(one.data, 'tls')]) chownSync(path, 12_345, 54_321);
  await assert.rejects(one.enroll(one.door.token()));
  rmSync(join(one.data, 'tls'), { recursive: true });
  symlinkSync(roots, join(one.data, 'tls'));
  await assert.rejects(one.enroll(one.door.token()));
  assert.deepEqual([readdirSync(roots), process.geteuid?.(), process.getegid?.()], [[], 0, 0]);
});

test("root leaves what it writes to the owner of the agent's folder", { skip }, async () => {
  await using one = await unit();
  chmodSync(one.folder, 0o755);
  mkdirSync(one.data);
  chownSync(one.data, 12_345, 54_321);
  await one.enroll(one.door.token());
  await one.enroll(one.door.token(), { renew: true });
  await one.enroll(one.door.token(), { ship: true });
  const names = readdirSync(one.data, { recursive: true, encoding: 'utf8' });
  const others = names.filter((name) => statSync(join(one.data, name)).uid !== 12_345);
  assert.deepEqual([others, names.includes('tls/agent.key'), names.includes('ship/tls/agent.key')], [[], true, true]);
});
