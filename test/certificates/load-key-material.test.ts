import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { KeyMaterialError, type KeyMaterialFiles } from '@tributary/shared/tls/key-material.ts';
import { dateProblem, fingerprintOf, loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { requireTool } from '../harness/require.ts';
import { OpensslFiles } from './openssl-files.ts';

const passphrase = 'correct horse battery';

suite('certificates and keys from files', { skip: await requireTool('openssl') }, () => {
  let files: OpensslFiles;
  let plain: { cert: string; key: string };

  before(async () => {
    files = await OpensslFiles.make();
    plain = await files.selfSigned('plain');
  });

  after(async () => await files[Symbol.asyncDispose]());

  test('PEM', () => {
    const material = loadKeyMaterial(plain);
    assert.deepEqual(
      material.chain.map(({ subject }) => subject),
      ['CN=plain'],
    );
    assert.equal(material.anchorFingerprint, fingerprintOf(material.chain[0]));
    assert.doesNotThrow(() => createSecureContext(material.context));
  });

  for (const [kind, words] of [
    ['PKCS#8', 'pkcs8 -topk8 -in plain.key -out encrypted.key -passout'],
    ['the traditional form', 'ec -in plain.key -aes256 -out encrypted.key -passout'],
  ] as const) {
    test(`an encrypted key in ${kind} needs its passphrase`, async () => {
      await files.openssl(words, `pass:${passphrase}`);
      const key = files.path('encrypted.key');
      await chmod(key, 0o600);
      const { context } = loadKeyMaterial({ cert: plain.cert, key, passphrase });
      assert.ok(typeof context.key === 'string');
      assert.ok(createPrivateKey(context.key).equals(createPrivateKey(await readFile(plain.key))));
      refused({ cert: plain.cert, key }, key, /is encrypted and needs its passphrase.*tls\.passphrase/);
      refused({ cert: plain.cert, key, passphrase: 'secret wrong one' }, key, /cannot be opened with this passphrase/);
    });
  }

  for (const [kind, more] of [
    ['as openssl makes it', ''],
    ['as older Windows makes it', ' -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1'],
    ['with PBES2 and Triple DES', ' -certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC'],
    ['with an open certificate', ' -certpbe NONE'],
    ['with nothing encrypted', ' -certpbe NONE -keypbe NONE'],
  ] as const) {
    test(`PKCS#12 ${kind}, with its chain`, async () => {
      await signedChain(files);
      const words = `pkcs12 -export -inkey leaf.key -in leaf.crt -certfile above.pem -out both.p12${more} -passout`;
      await files.openssl(words, `pass:${passphrase}`);
      const pkcs12 = files.path('both.p12');
      await chmod(pkcs12, 0o600);
      const material = loadKeyMaterial({ pkcs12, passphrase });
      assert.deepEqual(
        material.chain.map(({ subject }) => subject),
        ['CN=leaf', 'CN=middle', 'CN=root'],
      );
      assert.doesNotThrow(() => createSecureContext(material.context));
      refused({ pkcs12, passphrase: 'secret wrong one' }, pkcs12, /cannot be opened with this passphrase.*tls\.passphrase/);
      refused({ pkcs12 }, pkcs12, /needs a passphrase/);
    });
  }

  test("PKCS#12 of Java's keytool", async () => {
    const pkcs12 = files.path('keytool.p12');
    await copyFile(join(import.meta.dirname, 'keytool-17.p12'), pkcs12);
    await chmod(pkcs12, 0o600);
    assert.equal(loadKeyMaterial({ pkcs12, passphrase: 'geheim1' }).chain[0]?.subject, 'CN=j');
  });

  test('PKCS#12 without a passphrase', async () => {
    await files.openssl('pkcs12 -export -inkey plain.key -in plain.crt -out open.p12 -passout pass:');
    await chmod(files.path('open.p12'), 0o600);
    assert.equal(loadKeyMaterial({ pkcs12: files.path('open.p12') }).chain.length, 1);
  });

  test('PKCS#12 with RC2 is refused with the way to convert it, and that way works', async (context) => {
    try {
      await files.openssl('pkcs12 -export -legacy -inkey plain.key -in plain.crt -out old.p12 -passout', `pass:${passphrase}`);
    } catch {
      context.skip('this openssl has no legacy provider');
      return;
    }
    const pkcs12 = files.path('old.p12');
    await chmod(pkcs12, 0o600);
    refused({ pkcs12, passphrase }, pkcs12, /no longer secure; convert it: openssl pkcs12 -legacy -in OLD -nodes -out both\.pem/);
    await files.openssl('pkcs12 -legacy -in old.p12 -nodes -out both.pem -passin', `pass:${passphrase}`);
    await files.openssl('pkcs12 -export -in both.pem -out new.p12 -passout', `pass:${passphrase}`);
    await chmod(files.path('new.p12'), 0o600);
    assert.equal(loadKeyMaterial({ pkcs12: files.path('new.p12'), passphrase }).chain.length, 1);
  });

  test('PKCS#12 without a key, and what is none', async () => {
    await files.openssl('pkcs12 -export -nokeys -in plain.crt -out certificate.p12 -passout', `pass:${passphrase}`);
    const pkcs12 = files.path('certificate.p12');
    await chmod(pkcs12, 0o600);
    refused({ pkcs12, passphrase }, pkcs12, /no private key/);
    await writeFile(pkcs12, 'not at all');
    refused({ pkcs12, passphrase }, pkcs12, /no PKCS#12 file/);
  });

  test('the leaf goes first, whatever the order of the file; the anchor is the authority that ca has', async () => {
    await signedChain(files);
    const [leaf, middle, root] = await Promise.all(
      ['leaf', 'middle', 'root'].map((name) => readFile(files.path(`${name}.crt`), 'utf8')),
    );
    const cert = files.path('mixed.crt');
    await writeFile(cert, `${middle}some words\n${leaf}`);
    const key = files.path('leaf.key');
    const alone = loadKeyMaterial({ cert, key });
    assert.deepEqual(
      alone.chain.map(({ subject }) => subject),
      ['CN=leaf', 'CN=middle'],
    );
    assert.equal(alone.anchorFingerprint, fingerprintOf(alone.chain[1]));
    const ca = files.path('authorities.pem');
    await writeFile(ca, `${await readFile(plain.cert, 'utf8')}${root}`);
    const verified = loadKeyMaterial({ cert, key, ca });
    assert.equal(verified.anchorFingerprint, fingerprintOf(verified.authorities[1]));
  });

  test("a key of another certificate is refused by both files' names", async () => {
    const other = await files.selfSigned('other');
    refused({ cert: plain.cert, key: other.key }, plain.cert, new RegExp(`the key in ${other.key} belongs to none`));
  });

  test('a key that others may read is refused, with the command that mends it', async () => {
    const { cert, key } = await files.selfSigned('readable');
    for (const mode of [0o604, 0o602, 0o601, 0o644]) {
      await chmod(key, mode);
      refused({ cert, key }, key, /every user of this machine may read; chmod o-rwx/);
    }
    await chmod(key, 0o640);
    assert.equal(loadKeyMaterial({ cert, key }).chain.length, 1);
  });

  test('an expired certificate is loaded, and says so', async () => {
    const key = plain.key;
    const cert = files.path('expired.crt');
    await files.openssl('req -x509 -key plain.key -out expired.crt -days 1 -subj', '/CN=expired');
    const [leaf] = loadKeyMaterial({ cert, key }).chain;
    assert.ok(leaf !== undefined);
    const endMs = leaf.validToDate.getTime();
    assert.equal(dateProblem(leaf, endMs), undefined);
    assert.match(dateProblem(leaf, endMs + 1000) ?? '', /^expired on \d{4}-\d\d-\d\d$/);
    assert.match(dateProblem(leaf, endMs - 7 * 24 * 3_600_000) ?? '', /^is not valid before /);
  });

  test('what is missing, no file, no PEM, damaged or half named is told by file', async () => {
    const { cert, key } = plain;
    refused({ cert, key: files.path('none') }, files.path('none'), /there is no such file/);
    refused({ cert: files.path('none'), key }, files.path('none'), /there is no such file/);
    refused({ ca: files.folder }, files.folder, /is not a file/);
    refused({ cert: key, key }, key, /holds no certificate in PEM/);
    const swapped = files.path('swapped.key');
    await copyFile(cert, swapped);
    await chmod(swapped, 0o600);
    refused({ cert, key: swapped }, swapped, /holds no private key in PEM/);
    refused({ cert }, cert, /needs its key/);
    refused({ key }, key, /needs its certificate/);
    const damaged = files.path('damaged.crt');
    await writeFile(damaged, '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n');
    refused({ ca: damaged }, damaged, /certificate 1 in it is damaged/);
    const bad = files.path('bad.key');
    await writeFile(bad, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n', { mode: 0o600 });
    refused({ cert, key: bad }, bad, /the key is damaged/);
    await appendFile(bad, 'x'.repeat(1024 * 1024));
    refused({ cert, key: bad }, bad, /far too long/);
    await mkdir(files.path('folder'));
    refused({ cert, key: files.path('folder') }, files.path('folder'), /is not a file/);
  });
});

function refused(files: KeyMaterialFiles, file: string, reason: RegExp): void {
  assert.throws(
    () => loadKeyMaterial(files),
    (error) => {
      assert.ok(error instanceof KeyMaterialError);
      assert.equal(error.message.startsWith(`${file}: `), true, error.message);
      assert.match(error.message, reason);
      assert.doesNotMatch(error.message, /secret|horse|c2VjcmV0/);
      return true;
    },
  );
}

let made: Promise<void> | undefined;

/** `leaf` signed by `middle` signed by `root`; `above.pem` has the two, in the wrong order. */
async function signedChain(files: OpensslFiles): Promise<void> {
  made ??= (async () => {
    await files.selfSigned('root');
    await files.signedBy('root', 'middle', '-addext', 'basicConstraints=critical,CA:TRUE');
    await files.signedBy('middle', 'leaf', '-addext', 'basicConstraints=critical,CA:FALSE');
    const [root, middle] = await Promise.all(['root', 'middle'].map((name) => readFile(files.path(`${name}.crt`), 'utf8')));
    await writeFile(files.path('above.pem'), `${root}${middle}`);
  })();
  await made;
}
