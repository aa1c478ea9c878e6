/** The commands `token`, `agent` and `user` on a site that `init` made, as a person and as a script sees them. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { verifyPassword } from '../access/passwords.ts';
import { hashSecret, parseApiToken } from '../access/secrets.ts';
import { certify, testEnrolment, testGreeting, testId } from '../registry/fixture.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { Registry, StoredAuditEvent } from '../registry/registry.ts';
import { agentForgetCommand, agentListCommand, agentRevokeCommand } from './agent.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { initCommand } from './init.ts';
import { type TokenCreateOptions, tokenCreateCommand } from './token-create.ts';
import { tokenListCommand, tokenRevokeCommand } from './token-list.ts';
import * as user from './user.ts';
import { checkFolder } from './with-registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-access-'));
const dataDir = join(folder, 'data');
const configFile = join(folder, 'hub.yaml');
const config = { configFile, configGiven: true };
after(() => rmSync(folder, { recursive: true }));

before(async () => {
  const init = { name: 'berlin', address: ['hub.example:7701'], configFile, dataDir, listen: undefined, listenHttp: undefined };
  const { code, err } = await run((host) => initCommand({ ...init, json: true }, host));
  assert.equal(code, exitCode.done, err);
});

interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
  readonly json: unknown;
}

async function run(command: (host: CommandHost) => Promise<ExitCode>): Promise<Ran> {
  let [out, err] = ['', ''];
  const host: CommandHost = {
    env: { SUDO_USER: 'anna' },
    stop: new AbortController().signal,
    out: async (bytes) => void (out += String(bytes)),
    err: (text) => void (err += text),
  };
  const code = await command(host);
  return { code, out, err, json: out.startsWith('{') ? JSON.parse(out) : undefined };
}

const plain = { ...config, json: false };
const json = { ...config, json: true };
const noFlags = { tenant: ['shop'], label: [], hub: false, address: [] };

function create(flags: Partial<TokenCreateOptions>): Promise<Ran> {
  return run((host) => tokenCreateCommand({ ...json, ...noFlags, ...flags }, host));
}

async function withRegistry<Result>(work: (registry: Registry) => Promise<Result>): Promise<Result> {
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using registry = await openRegistry({ folder: dataDir, log, thread: false });
  return await work(registry);
}

function trail(): Promise<readonly StoredAuditEvent[]> {
  return withRegistry((registry) => registry.auditAfter(0, 10_000));
}

async function lastEvent(): Promise<string> {
  const event = (await trail()).at(-1);
  return `${event?.actor} ${event?.action} ${event?.outcome}`;
}

function member(value: unknown, name: string): string {
  assert.ok(typeof value === 'object' && value !== null);
  return String(new Map<string, unknown>(Object.entries(value)).get(name));
}

test('an enrolment token carries where the site is and what it looks like, and only its hash is kept', async () => {
  const made = await create({ label: ['rack=7', 'zone=a=b'], uses: '3', ttl: '8h' });
  const token = decodeEnrolmentToken(member(made.json, 'token'));
  assert.deepEqual([token.hubs, token.tokenId], [['hub.example:7701'], member(made.json, 'id')]);
  assert.equal(token.fingerprint, member(made.json, 'fingerprint'));
  const records = await withRegistry((registry) => registry.enrolmentTokens());
  const record = records.find(({ tokenId }) => tokenId === token.tokenId);
  assert.equal(record?.secretHash, hashSecret(token.secret));
  assert.deepEqual([record.labels, record.usesMax, record.kind], [{ rack: '7', zone: 'a=b' }, 3, 'agent']);
  assert.equal(record.expiresMs - record.createdMs, 8 * 3_600_000);
  assert.equal(record.createdBy, 'console:anna');
  assert.equal(await lastEvent(), 'console:anna token-created success');
});

test('a person sees what to type on the server, and a list without secrets', async () => {
  const made = await create({ json: false });
  const [, text = ''] = /^ {2}tributary-agent enroll (tributary1-\S+)$/m.exec(made.out) ?? [];
  const { tokenId, secret } = decodeEnrolmentToken(text);
  assert.match(made.out, new RegExp(`^Token ${tokenId}: enrols one machine, tenant shop, until 20\\d\\d-`));
  const list = await run((host) => tokenListCommand(plain, host));
  assert.match(list.out, new RegExp(`^${tokenId} +agents +shop +good +0 of 1 `, 'm'));
  assert.ok(!list.out.includes(secret) && !list.out.includes(hashSecret(secret)));
  const revoked = await run((host) => tokenRevokeCommand({ ...plain, ids: [tokenId] }, host));
  assert.match(revoked.out, /is revoked/);
  assert.match((await run((host) => tokenListCommand(plain, host))).out, new RegExp(`^${tokenId} .* revoked `, 'm'));
});

test('a token for a lower site has several tenants or all, and other addresses', async () => {
  const made = await create({ hub: true, tenant: ['shop', 'bank'], address: ['10.0.0.1:7701', '[::1]:7701'] });
  assert.deepEqual(decodeEnrolmentToken(member(made.json, 'token')).hubs, ['10.0.0.1:7701', '[::1]:7701']);
  assert.equal(member(made.json, 'tenants'), 'shop,bank');
  assert.equal(member((await create({ hub: true, tenant: ['*'] })).json, 'tenants'), '*');
  const { out } = await create({ hub: true, json: false });
  assert.match(out, /tributary-hub enroll /);
  assert.doesNotMatch(out, /tributary-agent/, 'no agent enrols with it');
});

test("whoever gets a token for the tenant of the hub's own trail could write what looks like it: that is said", async () => {
  for (const flags of [{}, { scope: 'write' }]) {
    assert.match((await create({ ...flags, tenant: ['tributary'] })).err, /audit trail belongs to tenant tributary/);
    assert.equal((await create({ ...flags, tenant: ['shop'] })).err, '');
  }
  assert.equal((await create({ scope: 'read', tenant: ['tributary'] })).err, '');
});

test('a token of the HTTP API is shown once, listed without its secret, and revoked with the whole of it', async () => {
  const made = await create({ scope: 'write', note: 'billing' });
  const text = member(made.json, 'token');
  const parsed = parseApiToken(text);
  assert.ok(parsed !== undefined);
  const record = await withRegistry(async (registry) => registry.apiToken(parsed.tokenId));
  assert.deepEqual([record?.secretHash, record?.scope, record?.tenant], [hashSecret(parsed.secret), 'write', 'shop']);
  assert.equal(record?.expiresMs, undefined);
  assert.equal(await lastEvent(), 'console:anna api-token-created success');
  const list = await run((host) => tokenListCommand(json, host));
  assert.ok(list.out.includes('"note":"billing"') && !list.out.includes(parsed.secret));
  await run((host) => tokenRevokeCommand({ ...json, ids: [text] }, host));
  assert.notEqual((await withRegistry(async (registry) => registry.apiToken(parsed.tokenId)))?.revokedMs, undefined);
});

test('what cannot be is refused before anything is made', async () => {
  const eventsBefore = (await trail()).length;
  const wrong: Partial<TokenCreateOptions>[] = [
    { tenant: [] },
    { tenant: ['*'] },
    { tenant: ['shop', 'bank'] },
    { tenant: ['../etc'] },
    { tenant: ['Shop\u001b[31m'] },
    { label: ['rack'] },
    { label: ['=7'] },
    { label: ['rack=7', 'rack=8'] },
    { label: ['rack=\u001b]0;owned\u0007'] },
    { label: ['rack=a\u202eb'] },
    { label: ['rack=a\nb'] },
    { label: [`rack=${'x'.repeat(1025)}`] },
    { label: Array.from({ length: 65 }, (_, index) => `l${index}=1`) },
    { uses: '0' },
    { uses: '-1' },
    { uses: '1e3' },
    { uses: '1000001' },
    { ttl: '0s' },
    { ttl: '10' },
    { ttl: '4000d' },
    { address: ['hub.example'] },
    { address: ['hub.example:0'] },
    { address: ['https://hub.example:7701'] },
    { note: 'x' },
    { hub: true, label: ['rack=7'] },
    { hub: true, tenant: ['*', 'shop'] },
    { scope: 'root' },
    { scope: 'read', hub: true },
    { scope: 'read', uses: '2' },
    { scope: 'read', address: ['a:1'] },
    { scope: 'read', note: 'a\u001b[2Jb' },
    { scope: 'read', note: 'x'.repeat(201) },
  ];
  for (const flags of wrong) {
    await assert.rejects(create(flags), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'USAGE', JSON.stringify(flags));
      assert.doesNotMatch(error.message, /\p{Cc}|\u202e/u);
      return true;
    });
  }
  for (const ids of [['nobody000'], ['../../etc'], ['a\u001b[31m']]) {
    await assert.rejects(run((host) => tokenRevokeCommand({ ...plain, ids }, host)));
  }
  assert.equal((await trail()).length, eventsBefore);
});

test('agents are listed and revoked by id, beginning or machine, and what they say of themselves stays text', async () => {
  const token = decodeEnrolmentToken(member((await create({ uses: '4' })).json, 'token'));
  const evil = 'web\u001b[31m\u202e\u009b2J\nroot';
  await withRegistry(async (registry) => {
    const secretHash = hashSecret(token.secret);
    for (const machine of ['web1', 'web2', 'twin', 'evil']) {
      const host = machine === 'evil' ? evil : machine === 'twin' ? 'web2' : machine;
      await registry.enrol(testEnrolment(machine, token.tokenId, { secretHash, host }), { address: '192.0.2.1' });
      await certify(registry, machine);
    }
    const copy = { instanceId: testId('another'), bootId: testId('another') };
    await registry.greeted(testGreeting('web1', copy), '192.0.2.9');
    await registry.greeted(testGreeting('web2'), '192.0.2.1');
    await registry.greeted(testGreeting('web2', { bootId: testId('another') }), '192.0.2.9');
  });
  const list = await run((host) => agentListCommand(plain, host));
  const listed = await run((host) => agentListCommand(json, host));
  for (const { out } of [list, listed]) assert.doesNotMatch(out, /(?!\n)\p{Cc}|\u202e/u);
  assert.ok(list.out.includes(String.raw`web\x1b[31m\u202e\x9b2J\x0aroot`));
  assert.ok(JSON.stringify(listed.json).includes(JSON.stringify(evil)), 'a script gets what the machine said');
  assert.match(list.out, /web1 \([0-9a-f]{32}\): a copy of it came from 192\.0\.2\.9 .*enroll --renew/);
  assert.match(list.out, /web2 \([0-9a-f]{32}\): two machines use this identity/);

  const revoke = (...names: readonly string[]): Promise<Ran> => run((host) => agentRevokeCommand({ ...json, names }, host));
  await assert.rejects(revoke('web2'), { message: /is 2 agents: .* give more of the id/ });
  await assert.rejects(revoke('web1', 'nobody'), { code: 'REGISTRY_UNKNOWN', message: /"nobody"/ });
  const [web1, web2, twin] = [testId('agent web1'), testId('agent web2'), testId('agent twin')];
  assert.deepEqual((await revoke('web1', web2.slice(0, 12))).json, {
    revoked: [
      { id: web1, host: 'web1' },
      { id: web2, host: 'web2' },
    ],
  });
  assert.deepEqual((await revoke('web2')).json, { revoked: [{ id: twin, host: 'web2' }] }, 'the one that is left');
  assert.equal(await lastEvent(), 'console:anna agent-revoked success');
  const forgotten = await run((host) => agentForgetCommand({ ...json, names: [testId('agent twin')] }, host));
  assert.deepEqual(forgotten.json, { forgotten: [{ id: twin, host: 'web2' }] });
  const again = await run((host) => agentRevokeCommand({ ...plain, names: [web1] }, host));
  assert.match(again.out, /was revoked before\n.*enroll --renew TOKEN/s);
});

test('a user gets a one-time password, roles, and is shut out', async () => {
  const added = await run((host) => user.userAddCommand({ ...json, name: 'bert', role: 'viewer', tenant: 'shop' }, host));
  const bert = (): Promise<ReturnType<Registry['user']>> => withRegistry(async (registry) => registry.user('bert'));
  assert.match(member(added.json, 'password'), /^[a-z2-9]{4}(?:-[a-z2-9]{4}){4}$/);
  assert.equal(await verifyPassword(member(added.json, 'password'), (await bert())?.passwordHash), true);
  assert.deepEqual([(await bert())?.mustChange, (await bert())?.grants], [true, [{ tenant: 'shop', role: 'viewer' }]]);
  assert.equal(await lastEvent(), 'console:anna user-added success');
  await assert.rejects(
    run((host) => user.userAddCommand({ ...json, name: 'bert', role: 'viewer' }, host)),
    /already/,
  );

  const given = await run((host) => user.userPasswordCommand({ ...plain, name: 'bert' }, host));
  const [, password = ''] = /password of bert: (\S+)$/m.exec(given.out) ?? [];
  assert.equal(await verifyPassword(password, (await bert())?.passwordHash), true);
  assert.ok(!JSON.stringify(await trail()).includes(password));

  for (const [tenant, role] of [
    ['bank', 'operator'],
    ['shop', 'admin'],
    ['bank', 'none'],
  ] as const) {
    await run((host) => user.userGrantCommand({ ...json, name: 'bert', role, tenant }, host));
  }
  assert.deepEqual((await bert())?.grants, [{ tenant: 'shop', role: 'admin' }]);
  await run((host) => user.userDisableCommand({ ...json, name: 'bert', disabled: true }, host));
  assert.match(
    (await run((host) => user.userListCommand(plain, host))).out,
    /^bert +admin of shop +one-time password +disabled/m,
  );
  const removed = await run((host) => user.userRemoveCommand({ ...plain, name: 'admin' }, host));
  assert.match(removed.err, /no user is an admin of the whole site any more/);
  for (const name of ['nobody', 'a\u001b[31m', '../x', '']) {
    await assert.rejects(
      run((host) => user.userRemoveCommand({ ...plain, name }, host)),
      (error: unknown) => {
        return error instanceof Error && !/\p{Cc}/u.test(error.message);
      },
    );
  }
});

test('without data_dir, or without a site in it, it is said what to do', async () => {
  const other = (dir: string, more = ''): (() => Promise<Ran>) => {
    const file = join(folder, 'other.yaml');
    writeFileSync(file, `data_dir: ${JSON.stringify(dir)}\n${more}`);
    return () => run((host) => tokenCreateCommand({ ...json, ...noFlags, configFile: file, address: ['a:1'] }, host));
  };
  await assert.rejects(other(join(folder, 'nothing')), {
    code: 'USAGE',
    message: /no such folder; run tributary-hub init first/,
  });
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await assert.rejects(other(empty), { message: /run tributary-hub init, or start the hub once/ });
  assert.deepEqual(readdirSync(empty), []);
  await assert.rejects(other(dataDir), { code: 'USAGE', message: /has no TLS; run tributary-hub init/ });
  await assert.rejects(other(dataDir, `tls: { ca: ${join(dataDir, 'pki/ca.crt')} }`), { message: /another's authority/ });
});

const isRoot = process.geteuid?.() === 0;

test('root leaves no file that the hub could not open', { skip: !isRoot }, async () => {
  const nobody = 65_534;
  for (const name of ['', ...readdirSync(dataDir)]) chownSync(join(dataDir, name), nobody, nobody);
  rmSync(join(dataDir, 'registry.db'));
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using registry = await openRegistry({ folder: dataDir, log, thread: false, create: true });
  await registry.setMeta({ written: 'by root' });
  const files = readdirSync(dataDir).filter((name) => name.startsWith('registry.db'));
  assert.deepEqual(files, ['registry.db', 'registry.db-shm', 'registry.db-wal']);
  for (const name of files) assert.deepEqual([name, statSync(join(dataDir, name)).uid], [name, nobody]);
});

test("another's data_dir is not touched, and it is said as whom to come", { skip: !isRoot }, () => {
  const own = mkdtempSync(join(folder, 'own-'));
  chmodSync(folder, 0o755);
  process.seteuid?.(65_534);
  try {
    assert.throws(() => checkFolder(own), { code: 'USAGE', message: /belongs to another user \(0\): run this as root/ });
  } finally {
    process.seteuid?.(0);
  }
});
