import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from './masters.ts';
import { type AskedConnection, checkServer } from './server-checks.ts';
import { ServerReplyError } from './server-reply.ts';

/** A master of Redis 7.4, as it answers. */
function server(appendonly: string | undefined): AskedConnection {
  const info = ['redis_version:7.4.1', 'redis_mode:standalone', 'role:master', 'loading:0', 'run_id:abc', 'connected_slaves:1'];
  const settings = ['appendonly', appendonly ?? '', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction'];
  return {
    where: '127.0.0.1:6379',
    send: async (command): Promise<Reply> => {
      if (command === 'INFO') return Buffer.from(info.join('\r\n'));
      if (appendonly === undefined) throw new ServerReplyError('NOPERM no CONFIG for this user');
      return settings.map((text) => Buffer.from(text));
    },
  };
}

test('WAITAOF is asked only of a server that writes an append-only file: another one refuses it, and with it every write', async () => {
  const demands = { durability: 'relaxed', kind: 'single', minReplicas: 1 } as const;
  assert.equal((await checkServer(server('yes'), demands)).hasWaitAof, true);
  assert.equal((await checkServer(server('no'), demands)).hasWaitAof, false);
  assert.equal((await checkServer(server(undefined), demands)).hasWaitAof, false);
});
