/** Several hubs of one site are made one after the other, and what does not belong together is refused. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { requireTool } from '../../test/harness/require.ts';
import { RedisSite } from '../../test/harness/redis/registry-site.ts';
import type { CommandHost } from './exit.ts';
import { initCommand, type InitOptions } from './init.ts';
import { userAddCommand, userListCommand } from './user.ts';

suite('init of a site with several hubs', { skip: await requireTool('redis') }, () => {
  test('the second hub has the authority, the users and the site of the first', async () => {
    await using site = await RedisSite.start();
    const told: string[] = [];
    const host: CommandHost = {
      env: {},
      stop: new AbortController().signal,
      out: async (text) => void told.push(Buffer.from(text).toString()),
      err: () => undefined,
    };
    const optionsOf = (name: string, changes: Partial<InitOptions> = {}): InitOptions => ({
      name: 'berlin',
      address: [`${name}.example.com`],
      configFile: join(site.scratch.path, name, 'hub.yaml'),
      dataDir: join(site.scratch.path, name, 'data'),
      listen: undefined,
      listenHttp: undefined,
      redis: site.server.url,
      json: true,
      ...changes,
    });
    const made = async (name: string, changes: Partial<InitOptions> = {}): Promise<Record<string, unknown>> => {
      await initCommand(optionsOf(name, changes), host);
      return JSON.parse(told.splice(0).join(''));
    };
    const first = await made('hub1');
    const pki = join(site.scratch.path, 'hub1', 'data', 'pki');
    const second = await made('hub2', { authority: pki });
    assert.deepEqual([second['siteId'], second['fingerprint']], [first['siteId'], first['fingerprint']]);
    assert.notEqual(second['hubId'], first['hubId']);
    assert.equal(second['token'], undefined);
    const own = join(site.scratch.path, 'hub2', 'data', 'pki');
    const authority = new X509Certificate(readFileSync(join(own, 'ca.crt')));
    assert.ok(new X509Certificate(readFileSync(join(own, 'hub.crt'))).verify(authority.publicKey));
    assert.notDeepEqual(readFileSync(join(own, 'hub.key')), readFileSync(join(pki, 'hub.key')));
    const configFile = optionsOf('hub2').configFile;
    await userAddCommand({ name: 'anna', role: 'viewer', tenant: '*', json: true, configFile, configGiven: true }, host);
    told.splice(0);
    await userListCommand({ configFile: optionsOf('hub1').configFile, configGiven: true, json: true }, host);
    assert.match(told.splice(0).join(''), /"anna"/);

    const file = join(site.scratch.path, 'redis.yaml');
    writeFileSync(file, `url: ${site.server.url}\nspill: ${site.scratch.path}/spill\n`);
    const third = await made('third', { authority: pki, redis: file });
    assert.equal(third['siteId'], first['siteId']);
    assert.match(readFileSync(optionsOf('third').configFile, 'utf8'), /^ {2}redis:\n {4}url: redis:.*\n {4}spill: /m);
    // From here on the site spills; a hub is made all the same, and told by its start what it has to have.
    await made('fourth', { authority: pki });
    await assert.rejects(made('fifth', { redis: 'no-such-file' }), {
      message: /--redis: must be redis:.*, or a file with the options of queue\.redis \(ENOENT/,
    });

    await assert.rejects(made('hub3'), { message: /has a site already.*--authority/ });
    await initCommand(optionsOf('alone', { redis: undefined }), host);
    const foreign = join(site.scratch.path, 'alone', 'data', 'pki');
    await assert.rejects(made('hub4', { authority: foreign }), { message: /is not the one of the site/ });
    assert.equal(existsSync(optionsOf('hub4').configFile), false);
    await assert.rejects(made('hub5', { authority: foreign, redis: undefined }), { message: /--authority: .* needs --redis/ });
    await assert.rejects(made('hub6', { authority: join(site.scratch.path, 'nothing') }), {
      message: /ca\.key: there is no such file/,
    });
  });
});
