/** Sentinels and a master that take TLS only, demand a certificate of whoever connects, and have passwords, each another one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../../../test/harness/free-port.ts';
import { masterName } from '../../../../test/harness/redis/redis-sentinels.ts';
import { RedisServer, startRedis } from '../../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { Scratch } from '../../../../test/harness/scratch.ts';
import { partitionKeys } from './masters.ts';
import { testMasters, testPrefix } from './redis-fixture.ts';

const skip = (await requireTool('redis')) ?? (await requireTool('openssl'));
const keyName = `${partitionKeys(testPrefix, 3)}a`;

test('Sentinels and their master by TLS, with a certificate and the password of each', { skip }, async () => {
  await using scratch = await Scratch.make();
  const [key, cert] = [scratch.file('key.pem'), scratch.file('cert.pem')];
  const names = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const made = ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...names];
  await promisify(execFile)('openssl', made);
  const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': cert, 'tls-auth-clients': 'yes' };
  const [masterPort, sentinelPort] = [await freePort(), await freePort()];
  const tls = { ...files, 'tls-port': masterPort, 'tls-replication': 'yes' };
  // It loses nothing without replicas, which it has none of: what it demands of them is another test's.
  await using master = await startRedis(scratch.path, { ...tls, requirepass: 'of-the-master' });
  const own = { ...files, 'tls-port': sentinelPort, 'tls-replication': 'yes', requirepass: 'of-sentinel' };
  await using sentinel = await RedisServer.start({
    folder: scratch.file('sentinel'),
    sentinel: [
      ...Object.entries(own).map(([name, value]) => `${name} ${value}`),
      `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 1`,
      `sentinel auth-pass ${masterName} of-the-master`,
    ],
  });
  const given = { url: undefined, sentinels: [`127.0.0.1:${sentinelPort}`], tls: true, ca: cert, cert, key };
  const open = (changes: object = {}): ReturnType<typeof testMasters> =>
    testMasters({ ...given, password: 'of-the-master', sentinel_password: 'of-sentinel', ...changes }, { durability: 'relaxed' });
  await Promise.all([
    assert.rejects(open({ sentinel_password: 'wrong' }), /Sentinel .* refuses the password: set .*sentinel_password/),
    assert.rejects(open({ password: 'wrong' }), /refuses the name or password: set queue\.redis\.username/),
    assert.rejects(open({ cert: undefined, key: undefined }), /demands a certificate of this hub .*set queue\.redis\.cert/),
  ]);
  await using hub = await open();
  await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['safe'] });
  assert.equal((await master.commands(['AUTH of-the-master', `GET ${keyName}`])).split('\n').at(-1), 'safe');
  assert.ok(sentinel.running);
});
