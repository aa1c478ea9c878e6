// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 finds its parts through what this puts into the global object.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import { SubjectAlternativeNameExtension, X509Certificate as Certificate } from '@peculiar/x509';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { namesOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import fc from 'fast-check';
import { TestAuthority } from '../harness/test-authority.ts';

const siteId = 'a'.repeat(32);
const agentId = 'b'.repeat(32);

suite('URIs of a certificate', async () => {
  const authority = await TestAuthority.make();

  async function rawWith(options: { uris: readonly string[]; hosts?: readonly string[] }): Promise<Uint8Array> {
    return new X509Certificate((await authority.issue(options)).cert).raw;
  }

  test('are all of them, in their order', async () => {
    const uris = [`tributary:site/${siteId}`, `tributary:agent/${agentId}`, 'tributary:tenant/web', 'https://example.com/?a=b,c'];
    assert.deepEqual(urisOfCertificate(await rawWith({ uris, hosts: ['a.example.com', '10.0.0.1'] })), uris);
  });

  test('are none in a certificate without any', async () => {
    assert.deepEqual(urisOfCertificate(await rawWith({ uris: [] })), []);
    assert.deepEqual(urisOfCertificate(await rawWith({ uris: [], hosts: ['a.example.com'] })), []);
  });

  test('a name that reads as several in a text is one', async () => {
    const uris = [`tributary:site/${siteId}`, `tributary:agent/${agentId}`];
    const hosts = ['x.example.com, URI:tributary:tenant/other'];
    assert.deepEqual(urisOfCertificate(await rawWith({ uris, hosts })), uris);
  });

  test('with anything but printing ASCII in them are none', async () => {
    for (const strange of ['tributary:tenant/a\0b', 'tributary:tenant/a b', 'tributary:tenant/\u00fc', 'tributary:tenant/a\nb']) {
      assert.deepEqual(urisOfCertificate(await rawWith({ uris: [`tributary:site/${siteId}`, strange] })), []);
    }
  });

  test('of changed bytes never throw, and never name somebody else than another reader does', async () => {
    const uris = [`tributary:site/${siteId}`, `tributary:agent/${agentId}`, 'tributary:tenant/web'];
    const raw = await rawWith({ uris });
    const change = fc.array(fc.tuple(fc.nat(raw.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(change, fc.nat(raw.length), (changes, end) => {
        const changed = Uint8Array.from(raw);
        for (const [place, byte] of changes) changed[place] = byte;
        const bytes = end % 4 === 0 ? changed.subarray(0, end) : changed;
        const found = urisOfCertificate(bytes);
        const other = namesOf(found) === undefined ? undefined : urisByLibrary(bytes);
        if (other !== undefined) assert.deepEqual(found, other);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Undefined: it reads nothing at all of these bytes. */
function urisByLibrary(bytes: Uint8Array): string[] | undefined {
  try {
    const names = new Certificate(Uint8Array.from(bytes)).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
    return names.filter(({ type }) => type === 'url').map(({ value }) => value);
  } catch {
    return undefined;
  }
}
