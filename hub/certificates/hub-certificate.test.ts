import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { renewAt, renewHubCertificate } from './hub-certificate.ts';
import { dayMs, hubId, PkiFixture, siteId } from './pki-fixture.ts';

async function renew(pki: PkiFixture, hosts: readonly string[], ids = { siteId, hubId }): Promise<boolean> {
  const { authority, files, clock } = pki;
  return await renewHubCertificate({ authority, files, ...ids, hosts, nowMs: clock.now() });
}

async function hubCertificate(pki: PkiFixture): Promise<X509Certificate> {
  return new X509Certificate(await readFile(pki.files.hubCertificate));
}

suite("the hub's own certificate", () => {
  test('is made when there is none: for its names and this machine, with its authority, for a year', async () => {
    await using pki = await PkiFixture.make();
    assert.equal(await renew(pki, ['hub.example.com', '10.0.0.5', 'fd00::5']), true);
    const { hubCertificate: cert, hubKey: key, folder } = pki.files;
    const { chain, anchorFingerprint } = loadKeyMaterial({ cert, key });
    assert.equal(chain.length, 2);
    assert.equal(anchorFingerprint, pki.authority.fingerprint);
    const [leaf] = chain;
    assert.ok(leaf !== undefined);
    for (const name of ['hub.example.com', 'localhost']) assert.equal(leaf.checkHost(name), name);
    for (const address of ['10.0.0.5', 'fd00::5', '127.0.0.1', '::1']) assert.equal(leaf.checkIP(address), address);
    assert.equal(leaf.checkHost('other.example.com'), undefined);
    assert.deepEqual(urisOfCertificate(leaf.raw), [`tributary:site/${siteId}`, `tributary:hub/${hubId}`]);
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(leaf.validToDate.getTime(), pki.clock.now() + 365 * dayMs);
    for (const file of [cert, key]) assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(folder)).toSorted(), ['ca.crt', 'ca.key', 'hub.crt', 'hub.key']);
  });

  test('stays until two thirds of its life are over, and is signed anew then for the same key and names', async () => {
    await using pki = await PkiFixture.make();
    await renew(pki, ['hub.example.com']);
    const [first, key] = [await hubCertificate(pki), await readFile(pki.files.hubKey)];
    assert.equal(await renew(pki, ['hub.example.com']), false);
    pki.clock.advance(renewAt(first) - pki.clock.now() - 1);
    assert.equal(await renew(pki, []), false);
    pki.clock.advance(1);
    assert.equal(await renew(pki, []), true);
    const second = await hubCertificate(pki);
    assert.equal(second.validToDate.getTime(), Math.floor(pki.clock.now() / 1000) * 1000 + 365 * dayMs);
    assert.equal(second.checkHost('hub.example.com'), 'hub.example.com');
    assert.equal(second.publicKey.equals(first.publicKey), true);
    assert.deepEqual(await readFile(pki.files.hubKey), key);
  });

  test('is signed anew when an address is added, when the ids differ, and when another authority signed it', async () => {
    await using pki = await PkiFixture.make();
    await using other = await PkiFixture.make();
    await renew(pki, ['hub.example.com']);
    assert.equal(await renew(pki, ['10.0.0.9']), true);
    const both = await hubCertificate(pki);
    assert.equal(both.checkIP('10.0.0.9'), '10.0.0.9');
    assert.equal(both.checkHost('hub.example.com'), 'hub.example.com');
    assert.equal(await renew(pki, [], { siteId, hubId: 'd4'.repeat(16) }), true);
    await renew(other, []);
    await writeFile(pki.files.hubCertificate, await readFile(other.files.hubCertificate));
    await writeFile(pki.files.hubKey, await readFile(other.files.hubKey));
    assert.equal(await renew(pki, [], { siteId, hubId }), true);
    assert.equal((await hubCertificate(pki)).verify(pki.authority.certificate.publicKey), true);
  });

  test('what was lost, damaged or left half by a crash is made anew, the key only if it is gone', async () => {
    await using pki = await PkiFixture.make();
    const { hubCertificate: cert, hubKey } = pki.files;
    await renew(pki, []);
    const key = await readFile(hubKey);
    await rm(cert);
    assert.equal(await renew(pki, []), true);
    await writeFile(cert, 'half a certifi');
    assert.equal(await renew(pki, []), true);
    assert.deepEqual(await readFile(hubKey), key);
    await rm(hubKey);
    assert.equal(await renew(pki, []), true);
    assert.notDeepEqual(await readFile(hubKey), key);
    assert.equal(loadKeyMaterial({ cert, key: hubKey }).chain.length, 2);
    await chmod(hubKey, 0o644);
    await assert.rejects(renew(pki, []), /hub\.key: .*chmod o-rwx/);
  });

  test('is not signed over and over when its authority is about to end', async () => {
    await using pki = await PkiFixture.make();
    pki.clock.advance(3649 * dayMs);
    await renew(pki, ['hub.example.com']);
    let renewals = 0;
    for (let hour = 0; hour < 24; hour += 1) {
      pki.clock.advance(3_600_000);
      if (await renew(pki, ['hub.example.com'])) renewals += 1;
    }
    assert.ok(renewals <= 2, `${renewals} renewals in the last day`);
  });
});
