import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startRedis } from '../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../test/harness/require.ts';
import { Scratch } from '../../test/harness/scratch.ts';
import { checkCommand } from './check.ts';

test(
  'check looks at the Redis of the configuration, changes nothing there, and says what is wrong in one line',
  {
    skip: await requireTool('redis'),
  },
  async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    const configFile = scratch.file('hub.yaml');
    const dataDir = scratch.file('data');
    writeFileSync(configFile, `data_dir: ${dataDir}\nqueue:\n  redis:\n    url: ${server.url}\n`);
    const checked = async (): Promise<{ code: number; text: string }> => {
      const told: string[] = [];
      const host = { env: {}, stop: new AbortController().signal, err: () => undefined };
      const out = async (text: string | Uint8Array): Promise<void> => void told.push(String(text));
      const code = await checkCommand({ configFile, configGiven: true, json: false }, { ...host, out });
      return { code, text: told.join('') };
    };
    const good = await checked();
    assert.equal(good.code, 0, good.text);
    assert.match(good.text, /appendfsync always/);
    assert.equal(await server.command('DBSIZE'), '0');
    assert.equal(await server.command('FUNCTION', 'LIST'), '');
    await server.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    const volatile = await checked();
    assert.equal(volatile.code, 1);
    assert.match(volatile.text, /error: .*hub\.yaml:3:3: queue\.redis: .*appendfsync.*\n$/);
    await server.stop();
    const away = await checked();
    assert.equal(away.code, 1);
    assert.match(away.text, /error: .*hub\.yaml:3:3: queue\.redis: .*\n$/);
  },
);
