import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { RedisSite } from '../../test/harness/redis/registry-site.ts';
import { requireTool } from '../../test/harness/require.ts';
import { testId } from '../registry/fixture.ts';
import { configFirstLine, InitError, type MadeSite, makeSite } from './make-site.ts';

/** Each of them was asked whether the Redis is empty before either had made anything. */
test(
  'of two hubs that make a site in one Redis at once, one makes it and the other is told',
  { skip: await requireTool('redis') },
  async () => {
    await using redis = await RedisSite.start();
    const shared = redis.shared();
    const bothAsked = Promise.withResolvers<void>();
    let asked = 0;
    const init = async (): Promise<MadeSite> => {
      const folder = await redis.folder();
      const dataDir = join(folder, 'data');
      return makeSite(
        {
          site: 'test',
          addresses: [{ host: 'localhost', port: 4433 }],
          dataDir,
          configFile: join(folder, 'hub.yaml'),
          configText: `${configFirstLine}\n`,
          authorityFrom: undefined,
          actor: 'test',
        },
        {
          clock: systemClock,
          siteIds: async () => ({ siteId: testId('site'), hubId: testId(folder) }),
          openRegistry: async () => (await redis.hub(shared, { folder: dataDir })).registry,
          hashPassword: async () => {
            asked += 1;
            if (asked === 2) bothAsked.resolve();
            await bothAsked.promise;
            return 'scrypt$1$1$1$AA$AA';
          },
        },
      );
    };
    const results = await Promise.allSettled([init(), init()]);
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    assert.equal(made.length, 1);
    assert.ok(failed[0] instanceof InitError);
    assert.match(failed[0].message, /has a site already.*rm -r -- /);
    await using hub = await redis.hub(shared);
    assert.equal(hub.registry.meta('authority'), made[0]?.fingerprint);
    assert.equal(hub.registry.users().length, 1);
  },
);
