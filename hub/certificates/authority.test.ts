import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { Authority } from './authority.ts';
import { PublicKeyError } from './issue.ts';
import { dayMs, hubId, PkiFixture, siteId } from './pki-fixture.ts';

const agentId = 'c3'.repeat(16);

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyOnP256(): Buffer {
  return spkiOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
}

suite('authority of a site', () => {
  test('signs itself for ten years, for leaves only, and its files are for its owner', async () => {
    await using pki = await PkiFixture.make();
    const { certificate } = pki.authority;
    assert.equal(certificate.ca, true);
    assert.equal(certificate.verify(certificate.publicKey), true);
    assert.equal(certificate.validToDate.getTime(), pki.clock.now() + 3650 * dayMs);
    // BasicConstraints with path length 0, as DER has it.
    assert.equal(certificate.raw.includes(Buffer.from('30060101ff020100', 'hex')), true);
    for (const file of [pki.files.authorityKey, pki.files.authorityCertificate]) {
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    }
    assert.equal((await stat(pki.files.folder)).mode & 0o777, 0o700);
    assert.equal(Authority.load(pki.files, pki.clock).fingerprint, pki.authority.fingerprint);
  });

  test("certifies an agent's key for what it is, from five minutes before", async () => {
    await using pki = await PkiFixture.make();
    const publicKey = keyOnP256();
    const names = { kind: 'agent', siteId, agentId, tenant: 'web' } as const;
    const made = await pki.authority.signClient({ publicKey, names, lifetimeMs: 90 * dayMs });
    const certificate = new X509Certificate(made.pem);
    assert.deepEqual(urisOfCertificate(certificate.raw), [
      `tributary:site/${siteId}`,
      `tributary:agent/${agentId}`,
      'tributary:tenant/web',
    ]);
    assert.equal(certificate.checkIssued(pki.authority.certificate), true);
    assert.equal(certificate.verify(pki.authority.certificate.publicKey), true);
    assert.deepEqual(spkiOf(certificate.publicKey), publicKey);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.equal(certificate.ca, false);
    assert.equal(certificate.validFromDate.getTime(), pki.clock.now() - 5 * 60_000);
    assert.equal(made.notAfterMs, pki.clock.now() + 90 * dayMs);
    assert.match(certificate.serialNumber, /^01[0-9A-F]{32}$/);
    const again = await pki.authority.signClient({ publicKey, names, lifetimeMs: 90 * dayMs });
    assert.notEqual(again.certificate.serialNumber, certificate.serialNumber);
    assert.notEqual(again.fingerprint, made.fingerprint);
  });

  test("certifies a lower site's hub for the tenants it may forward", async () => {
    await using pki = await PkiFixture.make();
    const names = { kind: 'lower-site', siteId, lowerSiteId: siteId, hubId, tenants: 'all' } as const;
    const made = await pki.authority.signClient({ publicKey: keyOnP256(), names, lifetimeMs: dayMs });
    assert.deepEqual(urisOfCertificate(made.certificate.raw), [
      `tributary:site/${siteId}`,
      `tributary:lower-site/${siteId}`,
      `tributary:hub/${hubId}`,
      'tributary:tenant/*',
    ]);
  });

  test('certifies nothing beyond its own end', async () => {
    await using pki = await PkiFixture.make();
    pki.clock.advance(3649 * dayMs);
    const names = { kind: 'agent', siteId, agentId, tenant: 'web' } as const;
    const made = await pki.authority.signClient({ publicKey: keyOnP256(), names, lifetimeMs: 90 * dayMs });
    assert.equal(made.notAfterMs, pki.authority.certificate.validToDate.getTime());
  });

  test('certifies only keys on P-256', async () => {
    await using pki = await PkiFixture.make();
    const names = { kind: 'agent', siteId, agentId, tenant: 'web' } as const;
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('no key'),
      Buffer.alloc(100_000),
      spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey),
      spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      spkiOf(generateKeyPairSync('ed25519').publicKey),
      spkiOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    ];
    for (const publicKey of wrong) {
      await assert.rejects(pki.authority.signClient({ publicKey, names, lifetimeMs: dayMs }), PublicKeyError);
    }
  });

  test('is refused when it is over, is none, has another key, or others may read its key', async () => {
    await using pki = await PkiFixture.make();
    await using other = await PkiFixture.make();
    const refused = (reason: RegExp): void =>
      assert.throws(
        () => Authority.load(pki.files, pki.clock),
        (error) => error instanceof KeyMaterialError && reason.test(error.message),
      );
    await chmod(pki.files.authorityKey, 0o644);
    refused(/ca\.key.*chmod o-rwx/);
    await chmod(pki.files.authorityKey, 0o600);
    pki.clock.advance(3651 * dayMs);
    refused(/ca\.crt: expired on 2036-11-18/);
    pki.clock.advance(-3651 * dayMs);
    const key = await readFile(pki.files.authorityKey, 'utf8');
    await writeFile(pki.files.authorityKey, await readFile(other.files.authorityKey, 'utf8'));
    refused(/belongs to none of its certificates/);
    await writeFile(pki.files.authorityKey, key);
    const leaf = await pki.authority.signHub({
      publicKey: createPublicKey(key),
      names: { kind: 'hub', siteId, hubId },
      hosts: ['hub.example.com'],
    });
    await writeFile(pki.files.authorityCertificate, leaf.pem);
    refused(/is not the certificate of an authority/);
  });
});
