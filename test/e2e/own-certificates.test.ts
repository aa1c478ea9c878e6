/** Certificates that a company makes itself, their files replaced while both ends run, and what TLS is spoken: asked by openssl. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, textAt } from '../harness/json.ts';
import { runProgram } from '../harness/program.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { fingerprintOf, type Issued, TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('openssl');
const programs = testPrograms;

/** What openssl tells of a connection: protocol and the certificate that was shown, or why there is none. */
async function sClient(
  port: number,
  ...args: readonly string[]
): Promise<{ protocol: string; fingerprint: string; text: string }> {
  const command = `openssl s_client -connect 127.0.0.1:${port} ${args.join(' ')} </dev/null 2>&1`;
  const { stdout } = await runProgram({ name: 'openssl', command: ['sh'], args: ['-c', command], deadlineMs: 120_000 });
  const [pem] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(stdout) ?? [];
  const [, protocol = 'none'] = /^New, (TLSv1\.\d|\(NONE\)), Cipher is (?!\(NONE\))/m.exec(stdout) ?? [];
  return { protocol, fingerprint: pem === undefined ? '' : fingerprintOf(pem), text: stdout };
}

test('TLS 1.3 only by default, 1.2 by choice, and never less, at every port', { skip, timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const http = { http: { address: '127.0.0.1:0' } };
  await using hub = new HubHost({ programs, scratch, tls: true, config: { listeners: http } });
  await hub.start();
  for (const port of [hub.port, await hub.portOf('http')]) {
    assert.equal((await sClient(port)).protocol, 'TLSv1.3');
    for (const version of ['-tls1_2', '-tls1_1', '-tls1']) {
      const { protocol, text } = await sClient(port, version);
      assert.equal(protocol, 'none', text);
      assert.match(text, /alert protocol version|no protocols available|unsupported protocol/);
    }
  }
  await hub.program.stop();
  await hub.configure({ tls: { min_version: '1.2' }, listeners: http });
  await hub.start();
  for (const port of [hub.port, await hub.portOf('http')]) {
    assert.equal((await sClient(port)).protocol, 'TLSv1.3');
    assert.equal((await sClient(port, '-tls1_2')).protocol, 'TLSv1.2');
    // Of 1.2 only ciphers with forward secrecy that authenticate what they encrypt.
    for (const cipher of ['AES128-SHA', 'ECDHE-ECDSA-AES128-SHA', 'AES128-GCM-SHA256']) {
      assert.equal((await sClient(port, '-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`)).protocol, 'none', cipher);
    }
    assert.equal((await sClient(port, '-tls1_1')).protocol, 'none');
  }
});

function place(scratch: Scratch, name: string, { cert, key }: Issued): { cert: string; key: string } {
  const files = { cert: scratch.file(`${name}.crt`), key: scratch.file(`${name}.key`) };
  // As a tool that renews certificates does: each file whole, one after the other.
  for (const [path, text] of [
    [files.key, key],
    [files.cert, cert],
  ] as const) {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return files;
}

test('certificates of a company’s own authority, replaced while hub and agent run', { skip, timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const company = await TestAuthority.make('The company');
  writeFileSync(scratch.file('ca.crt'), company.cert);
  const server = async (): Promise<Issued> => await company.issue({ hosts: ['127.0.0.1'], usage: 'server' });
  const firstServer = await server();
  const tls = { ...place(scratch, 'hub', firstServer), ca: scratch.file('ca.crt') };
  await using hub = new HubHost({ programs, scratch, tls: 'own', config: { tls } });
  await hub.start();
  const siteId = textAt(await hub.status(), 'site', 'siteId');
  const names = { kind: 'agent', siteId, agentId: '7'.repeat(32), tenant: 'acme' } as const;
  const first = await company.issue({ names });
  const logs = await scratch.folder('logs');
  await using agent = new AgentHost({
    programs,
    scratch,
    hubs: () => [hub.url],
    config: { tls: { ...place(scratch, 'agent', first), ca: scratch.file('ca.crt') }, connection_max_age: '2s' },
    inputs: [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
  });
  writeFileSync(`${logs}/a.log`, 'first\n');
  await agent.start();
  const detail = (): string => `${agent.program.tail()}\n${hub.program.tail()}`;
  const archived = async (bytes: number): Promise<boolean> => (await archivedRawBytes(hub.archive, 'acme')) === bytes;
  await until('the first line is archived', () => archived(6), { detail });
  assert.equal((await sClient(hub.port)).fingerprint, fingerprintOf(firstServer.cert));

  const secondServer = await server();
  place(scratch, 'hub', secondServer);
  const shown = async (): Promise<boolean> => (await sClient(hub.port)).fingerprint === fingerprintOf(secondServer.cert);
  await until('the hub shows its new certificate', shown, { everyMs: 200, detail });
  const second = await company.issue({ names });
  place(scratch, 'agent', second);
  const used = async (): Promise<boolean> => (JSON.stringify(await agent.status()) ?? '').includes(notAfterOf(second));
  await until('the agent uses its new certificate', used, { everyMs: 200, detail });
  writeFileSync(`${logs}/b.log`, 'second\n');
  await until('the second line is archived', () => archived(13), { detail });

  // A file that is no certificate changes nothing but what is told.
  writeFileSync(scratch.file('hub.crt'), 'this is no certificate');
  const told = async (): Promise<boolean> => JSON.stringify(at(await hub.status(), 'findings')).includes('certificate-unusable');
  await until('the hub tells', told, { everyMs: 200, detail });
  assert.equal((await sClient(hub.port)).fingerprint, fingerprintOf(secondServer.cert));
  assert.ok(hub.running && agent.running);
});

test('a hub that shows a company’s certificate enrols agents, which trust the company’s authority', { skip }, async () => {
  await using scratch = await Scratch.make();
  const company = await TestAuthority.make('The company');
  const { cert, key } = await company.issue({ hosts: ['127.0.0.1'], usage: 'server' });
  const tls = place(scratch, 'hub', { cert: cert + company.cert, key });
  await using hub = new HubHost({ programs, scratch, tls: true, config: { tls } });
  await hub.start();
  await using agent = new AgentHost({ programs, scratch, hubs: () => [hub.url] });
  assert.match(await agent.enroll(await hub.createToken()), /: connected$/m);
  assert.equal(fingerprintOf(readFileSync(`${agent.dataDir}/tls/ca.crt`, 'utf8')), fingerprintOf(company.cert));
});

function notAfterOf({ cert }: Issued): string {
  return fingerprintOf(cert).slice(0, 16);
}
