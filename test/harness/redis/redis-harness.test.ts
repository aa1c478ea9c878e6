import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { requireTool } from '../require.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { RedisNetwork } from './redis-network.ts';
import { RedisProxy } from './redis-proxy.ts';
import { RedisServer, startRedis } from './redis-server.ts';

suite('real Redis servers', { skip: await requireTool('redis') }, () => {
  test('one keeps what it was given when it is killed', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await server.command('SET', 'a', 'b');
    await server.kill();
    await server.restart();
    assert.equal(await server.command('GET', 'a'), 'b');
    await using proxy = await RedisProxy.start(server);
    assert.ok(proxy.url.startsWith('redis://127.0.0.1:'));
  });

  test('one is cut off from its own kind while others reach it, and what was held back comes late or never', async () => {
    await using scratch = await Scratch.make();
    await using network = new RedisNetwork();
    const [place, other] = [await network.place(), await network.place()];
    await using master = await RedisServer.start({ folder: scratch.file('master'), place });
    const settings = { replicaof: `${master.host} ${master.port}`, 'repl-timeout': 60 };
    await using replica = await RedisServer.start({ folder: scratch.file('replica'), place: other, settings });
    await until('the replica has all', () => master.isFollowedBy(1));
    const passes = (): Promise<boolean> => answers(master.port);
    for (const [how, heldBack] of [['silent', 'late'] as const, ['silent', 'never'] as const, ['closed', 'never'] as const]) {
      network.cut(place, { from: 'its own kind', how });
      assert.equal(await passes(), true);
      assert.equal(await master.commands([`SET ${how} ${heldBack}`, 'WAIT 1 100']), 'OK\n0');
      assert.equal(await replica.command('EXISTS', how), '0');
      const syncs = await master.info('sync_partial_ok');
      network.heal(heldBack);
      await until('the replica has it', async () => (await replica.command('GET', how)) === heldBack);
      assert.equal((await master.info('sync_partial_ok')) === syncs, heldBack === 'late', 'its connection was kept or made anew');
      await master.command('DEL', how);
      network.cut(place, { from: 'everybody', how });
      assert.equal(await passes(), false);
      network.heal(heldBack);
      assert.equal(await passes(), true);
      await until('the replica has all', () => master.isFollowedBy(1));
    }
  });
});

/** Whether a hub, which comes from nowhere in particular, is answered. */
async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    const signal = AbortSignal.timeout(300);
    socket.write('PING\r\n');
    const [answer]: unknown[] = await once(socket, 'data', { signal });
    return String(answer) === '+PONG\r\n';
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
