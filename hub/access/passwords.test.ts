import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { hashPassword, verifyPassword } from './passwords.ts';

test('a password is known again, another is not, and two people with the same one are not seen to have it', async () => {
  const [one, other] = await Promise.all([hashPassword('correct horse battery'), hashPassword('correct horse battery')]);
  assert.match(one, /^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  assert.notEqual(one, other);
  assert.equal(await verifyPassword('correct horse battery', one), true);
  assert.equal(await verifyPassword('correct horse batterz', one), false);
  assert.equal(await verifyPassword('', one), false);
});

test('what looks alike is the same password', async () => {
  assert.equal(await verifyPassword('contrase\u00f1a larga', await hashPassword('contrasen\u0303a larga')), true);
});

test('parameters of another day are understood', async () => {
  const salt = Buffer.alloc(16, 7);
  const hash = scryptSync('correct horse battery', salt, 32, { cost: 1024, blockSize: 8, parallelization: 2 });
  const stored = `scrypt$1024$8$2$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  assert.equal(await verifyPassword('correct horse battery', stored), true);
  assert.equal(await verifyPassword('correct horse batterz', stored), false);
});

test('somebody without a password, or with one that cannot be read, costs the same work and is refused', async () => {
  const { salt, hash } = { salt: 'A'.repeat(22), hash: 'A'.repeat(43) };
  const broken = [
    undefined,
    '',
    'correct horse battery',
    `scrypt$0$8$1$${salt}$${hash}`,
    `scrypt$1000$8$1$${salt}$${hash}`,
    `scrypt$32768$0$1$${salt}$${hash}`,
    `scrypt$4194304$32$1$${salt}$${hash}`,
  ];
  const known = await hashPassword('correct horse battery');
  const knownMs = await timed(() => verifyPassword('wrong wrong wrong', known));
  for (const stored of broken) {
    const ms = await timed(async () => assert.equal(await verifyPassword('correct horse battery', stored), false));
    assert.ok(ms > knownMs / 50, `${stored}: ${ms} ms against ${knownMs} ms`);
  }
  assert.equal(await verifyPassword('x'.repeat(2000), known), false);
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
