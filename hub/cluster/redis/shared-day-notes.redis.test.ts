import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import { testMasters } from '../../queue/redis/masters/redis-fixture.ts';
import { dayLibrary, SharedDayNotes } from './shared-day-notes.ts';

test(
  'each hub has one note of a day, all read them, and those of earlier days go',
  { skip: await requireTool('redis') },
  async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using opened = await testMasters({ url: server.url, prefix: 'd' }, { libraries: [dayLibrary] });
    const [one, two] = ['1', '2'].map((letter) => new SharedDayNotes(opened.masters, letter.repeat(32), 'quotas'));
    assert.ok(one !== undefined && two !== undefined);
    assert.deepEqual([...(await one.read(7))], []);
    await one.write(7, '["ä \n"]');
    await one.write(7, 'a b');
    const both = new Map([
      ['1'.repeat(32), 'a b'],
      ['2'.repeat(32), 'c'],
    ]);
    assert.deepEqual(await two.write(7, 'c'), both);
    assert.deepEqual(await one.read(7), both);
    assert.deepEqual(await one.read(8), new Map());
    assert.deepEqual(await one.write(8, 'new'), new Map([['1'.repeat(32), 'new']]));
    assert.equal(await server.command('HLEN', 'd:{d-site}:quotas'), '1');
  },
);
