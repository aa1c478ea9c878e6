/** The wired agent before a site that it reaches by TLS: certificates that are renewed, replaced, refused, and of somebody else. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { enrolledFiles, readSite, writeSite } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { EnrolledAgent } from './enrolment/testing/enrolled-agent.ts';
import { TestDoor } from './enrolment/testing/test-door.ts';
import { TestAuthority } from './tls/testing/test-authority.ts';
import { eventually } from './uplink/testing/uplink-under-test.ts';

/** As if the certificate had come a while ago: a test need not wait for two thirds of its life. */
function certifiedBefore({ data }: EnrolledAgent, ms: number): void {
  const site = readSite(data);
  assert(site !== undefined, 'it was enrolled');
  writeSite(data, { ...site, certifiedMs: site.certifiedMs - ms });
}

test('what an enrolled agent sends belongs to the tenant of its certificate, with the labels of its token below its own', async () => {
  await using one = await EnrolledAgent.start();
  await one.enrol();
  await one.run();
  await one.read();
  appendFileSync(one.file, 'a line\n');
  const { site } = one.door;
  await eventually('the line is there', () => site.text(one.file) === 'a line\n');
  await eventually('an event is there', () => site.streams.size === 2);
  const attributes = [...site.streams.values()].map(({ open }) => open.attributes);
  assert.deepEqual(attributes.map(({ tenant, type }) => `${tenant}/${type}`).toSorted(), ['acme/app', 'acme/platform']);
  assert.deepEqual(attributes.find(({ type }) => type === 'app')?.labels, { room: 'one' });
  assert.deepEqual(attributes.find(({ type }) => type === 'platform')?.labels, { room: 'two', floor: '1' });
});

test('a certificate that ends soon is renewed while lines come, and not one of them is lost or sent twice', async () => {
  await using one = await EnrolledAgent.start({ lifetimeMs: 60_000 });
  await one.enrol();
  certifiedBefore(one, 115_000);
  const first = readFileSync(enrolledFiles(one.data).cert, 'utf8');
  one.door.lifetimeMs = 3_600_000;
  await one.run();
  await one.read();
  let lines = '';
  const deadline = performance.now() + 120_000;
  while (one.eventCount('certificate-renewed') === 0 || one.door.site.hellos.length < 2) {
    assert(performance.now() < deadline, 'renewed in time');
    const more = `line ${lines.length}\n`;
    appendFileSync(one.file, more);
    lines += more;
    await sleep(5);
  }
  await eventually('everything is there', () => one.door.site.text(one.file) === lines);
  assert.notEqual(readFileSync(enrolledFiles(one.data).cert, 'utf8'), first);
  assert.deepEqual([one.door.site.duplicates, one.door.site.gaps.length], [0, 0]);
  const renewals = one.door.requests.filter(({ path }) => path === '/v1/renew');
  assert.equal(renewals.length, 1);
  assert.notEqual(renewals[0]?.body['publicKey'], one.door.requests[0]?.body['publicKey']);
  assert.equal(one.agent.tls.identity?.notAfterMs, one.agent.tls.material?.chain[0]?.validToDate.getTime());
});

test('a renewal that fails is told once, and the same key is sent again', async () => {
  await using one = await EnrolledAgent.start({ lifetimeMs: 60_000 });
  await one.enrol();
  certifiedBefore(one, 116_000);
  await one.run();
  one.door.refusal = { status: 503, error: 'unavailable', hint: 'busy just now' };
  await eventually('it was tried twice', () => one.door.requests.filter(({ path }) => path === '/v1/renew').length >= 2);
  assert.equal(one.eventCount('certificate-renewal-failed'), 1);
  assert.match(one.agent.renewal?.trouble ?? '', /busy just now$/);
  one.door.refusal = undefined;
  await eventually('it is renewed', () => one.eventCount('certificate-renewed') === 1);
  const keys = one.door.requests.filter(({ path }) => path === '/v1/renew').map(({ body }) => body['publicKey']);
  assert.equal(new Set(keys).size, 1);
});

test('a renewal that the hub refuses, as of an expired certificate, is asked for seldom', async () => {
  // Beginning five minutes ago it is due at once; tries that only fail would come within four seconds.
  await using one = await EnrolledAgent.start({ lifetimeMs: 120_000 });
  await one.enrol();
  certifiedBefore(one, 600_000);
  await one.run();
  one.door.refusal = { status: 401, error: 'certificate', hint: 'this certificate expired' };
  await eventually('it was refused', () => one.eventCount('certificate-renewal-failed') === 1);
  const waitMs = (one.agent.renewal?.dueMs ?? 0) - Date.now();
  assert.ok(waitMs > 15_000, `${waitMs} ms`);
});

test('a hub with a good certificate of another authority is told nothing', async () => {
  await using one = await EnrolledAgent.start();
  await one.enrol();
  await using impostor = await TestDoor.start({ authority: new TestAuthority('Evil & Sons') });
  await one.run({ uplink: { hubs: [impostor.url] } });
  await eventually('it is refused', () => one.agent.uplink.status().trouble !== '');
  assert.equal(
    one.agent.uplink.status().trouble,
    'it presents a certificate of another authority (subject CN=a hub, issuer CN=Evil & Sons): refused',
  );
  await eventually('it is told', () => one.eventCount('hub-untrusted') === 1);
  assert.deepEqual([impostor.site.hellos.length, impostor.requests.length], [0, 0]);
});

test("why a hub lets an agent not in is told in the hub's words, and a new certificate is tried at once", async () => {
  await using one = await EnrolledAgent.start();
  await one.enrol();
  one.door.refusal = { status: 401, error: 'certificate', hint: 'this agent was revoked: enroll it anew' };
  await one.run();
  await eventually('it is refused', () => one.agent.uplink.status().trouble === 'this agent was revoked: enroll it anew');
  await eventually('it is told', () => one.eventCount('hub-refused') === 1);
  assert.equal(one.log.filter(({ level }) => level === 'error').length, 1);
  one.door.refusal = undefined;
  // As `enroll` does beside a running agent.
  await one.enrol();
  await eventually('it is connected', () => one.agent.uplink.status().state === 'connected');
});

test("a company's own certificates are used, followed, and left to the company", async () => {
  await using one = await EnrolledAgent.start();
  const names = { kind: 'agent', siteId: 'cc'.repeat(16), agentId: 'ab'.repeat(16), tenant: 'acme' } as const;
  const put = (): void => {
    const { cert, key } = one.door.authority.issue({ names, subject: 'a machine' });
    writeFileSync(join(one.folder, 'own.key'), key, { mode: 0o600 });
    writeFileSync(join(one.folder, 'own.crt'), cert);
    writeFileSync(join(one.folder, 'ca.crt'), one.door.authority.cert);
  };
  put();
  const files = { cert: join(one.folder, 'own.crt'), key: join(one.folder, 'own.key'), ca: join(one.folder, 'ca.crt') };
  await one.run({ tls: { files, leastVersion: '1.3' } });
  await eventually('it is connected', () => one.agent.uplink.status().state === 'connected');
  assert.deepEqual([one.agent.tls.source, one.agent.renewal, one.agent.owner?.tenant], ['configured', undefined, 'acme']);
  put();
  await eventually('another connection shows the new one', () => one.door.site.hellos.length === 2);
  const [leaf] = one.agent.tls.material?.chain ?? [];
  assert.equal(leaf?.publicKey.equals(createPublicKey(readFileSync(files.key))), true);
});
