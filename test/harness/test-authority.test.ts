import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { requireTool } from './require.ts';
import { Scratch } from './scratch.ts';
import { TestAuthority } from './test-authority.ts';

const skip = await requireTool('openssl');
const names = { kind: 'agent', siteId: 'a'.repeat(32), agentId: 'b'.repeat(32), tenant: 'acme' } as const;

async function verify(scratch: Scratch, authority: TestAuthority, cert: string, purpose: string): Promise<string> {
  await writeFile(scratch.file('ca.pem'), authority.cert);
  await writeFile(scratch.file('leaf.pem'), cert);
  const args = ['verify', '-purpose', purpose, '-CAfile', scratch.file('ca.pem'), scratch.file('leaf.pem')];
  const { stdout, stderr } = await promisify(execFile)('openssl', args).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return stdout + stderr;
}

test('openssl finds good what is good, and each fault that was asked for', { skip }, async () => {
  await using scratch = await Scratch.make();
  const authority = await TestAuthority.make();
  const { cert } = await authority.issue({ names });
  assert.match(await verify(scratch, authority, cert, 'sslclient'), /leaf\.pem: OK/);
  assert.match(
    await verify(scratch, authority, cert, 'sslserver'),
    /unsuitable certificate purpose|unsupported certificate purpose/,
  );
  const expired = await authority.issue({ names, untilMs: -1000 });
  assert.match(await verify(scratch, authority, expired.cert, 'sslclient'), /certificate has expired/);
  const stranger = await TestAuthority.make();
  assert.match(
    await verify(scratch, stranger, cert, 'sslclient'),
    /unable to get local issuer|signature failure|certificate signature/,
  );
  const text = await promisify(execFile)('openssl', [
    'x509',
    '-in',
    scratch.file('leaf.pem'),
    '-noout',
    '-ext',
    'subjectAltName',
  ]);
  assert.match(text.stdout, new RegExp(`URI:tributary:site/${names.siteId}.*URI:tributary:tenant/acme`));
  assert.equal(await readFile(scratch.file('ca.pem'), 'utf8'), stranger.cert);
});
