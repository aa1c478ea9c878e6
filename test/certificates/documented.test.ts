import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { namesOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { fingerprintOf, loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { requireTool } from '../harness/require.ts';
import { OpensslFiles } from './openssl-files.ts';

const run = promisify(execFile);
const page = 'docs/operating/certificates.md';
const siteId = '1a'.repeat(16);
const agentId = '2b'.repeat(16);

/** The commands of the page, run as they stand there. */
suite('certificates as the documentation makes them', { skip: await requireTool('openssl') }, () => {
  let files: OpensslFiles;

  async function shell(name: string, replacements: Readonly<Record<string, string>> = {}): Promise<void> {
    await run('sh', ['-ec', `umask 077\n${docsSnippet(page, name, replacements)}`], { cwd: files.folder });
  }

  before(async () => {
    files = await OpensslFiles.make();
    await writeFile(files.path('hub.pass'), 'correct horse battery\n', { mode: 0o600 });
    await shell('certificates-authority');
    await shell('certificates-hub');
    await shell('certificates-agent', {
      '0123456789abcdef0123456789abcdef': siteId,
      fedcba9876543210fedcba9876543210: agentId,
    });
  });

  after(async () => await files[Symbol.asyncDispose]());

  test("an agent's says who it is, and is verified by the authority", async () => {
    const ca = files.path('logs-ca.crt');
    const { chain, anchorFingerprint } = loadKeyMaterial({ cert: files.path('agent.crt'), key: files.path('agent.key'), ca });
    const [leaf] = chain;
    assert.ok(leaf !== undefined);
    assert.deepEqual(namesOf(urisOfCertificate(leaf.raw)), { kind: 'agent', siteId, agentId, tenant: 'web' });
    assert.equal(anchorFingerprint, fingerprintOf(new X509Certificate(await readFile(ca))));
    await files.openssl('verify -x509_strict -purpose sslclient -CAfile logs-ca.crt agent.crt');
  });

  test("the hub's holds for its names, with its chain", async () => {
    const { chain } = loadKeyMaterial({ cert: files.path('hub.crt'), key: files.path('hub.key') });
    assert.equal(chain.length, 2);
    assert.equal(chain[0]?.checkHost('hub.example.com'), 'hub.example.com');
    assert.equal(chain[0]?.checkIP('192.0.2.10'), '192.0.2.10');
    await files.openssl('verify -x509_strict -purpose sslserver -CAfile logs-ca.crt hub.leaf.crt');
  });

  test('an encrypted key, PKCS#12, and PKCS#12 converted from what openssl made long ago', async (context) => {
    const passphrase = 'correct horse battery';
    await shell('certificates-encrypted');
    assert.equal(
      loadKeyMaterial({ cert: files.path('hub.crt'), key: files.path('hub.encrypted.key'), passphrase }).chain.length,
      2,
    );
    await shell('certificates-pkcs12');
    assert.equal(loadKeyMaterial({ pkcs12: files.path('hub.p12'), passphrase }).chain.length, 2);
    try {
      await files.openssl('pkcs12 -export -legacy -inkey hub.key -in hub.crt -passout file:hub.pass -out old.p12');
    } catch {
      context.diagnostic('this openssl has no legacy provider: nothing is converted');
      return;
    }
    await chmod(files.path('old.p12'), 0o600);
    await writeFile(files.path('hub.p12'), '');
    await shell('certificates-convert');
    assert.equal(loadKeyMaterial({ pkcs12: files.path('hub.p12'), passphrase }).chain.length, 2);
  });
});
