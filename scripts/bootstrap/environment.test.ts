import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forPnpm, startingFolder, withoutNpmSettings, withPath } from './environment.mjs';

test('settings that say how the network is reached stay, what else npm hands on goes', () => {
  const network = {
    npm_config_registry: 'http://registry.example/',
    'npm_config_@scope:registry': 'http://scope.example/',
    npm_config_https_proxy: 'http://proxy.example:3128',
    npm_config_cafile: '/etc/ca.pem',
    npm_config_userconfig: '/home/a/.npmrc',
  };
  const rest = {
    npm_config_prefix: '/usr',
    npm_config_noproxy: '',
    npm_config_once: 'true',
    npm_config_global: 'true',
    npm_lifecycle_event: 'start',
    npm_package_name: 'tributary',
    npm_execpath: '/usr/lib/npm-cli.js',
  };
  assert.deepEqual(withoutNpmSettings({ HOME: '/home/a', ...network, ...rest }), { HOME: '/home/a', ...network });
});

test('pnpm hears of the registry, and installs everything whatever NODE_ENV says', () => {
  const env = forPnpm({ NODE_ENV: 'production', npm_config_registry: 'http://registry.example/' });
  assert.deepEqual(env, { npm_config_registry: 'http://registry.example/', pnpm_config_registry: 'http://registry.example/' });
  assert.equal(forPnpm({ npm_config_registry: 'a', pnpm_config_registry: 'b' })['pnpm_config_registry'], 'b');
});

test('the folders come first on the path', () => {
  assert.equal(withPath({ PATH: '/usr/bin' }, ['/a b/bin', '/c'])['PATH'], '/a b/bin:/c:/usr/bin');
  assert.equal(withPath({}, ['/c'])['PATH'], '/c');
});

test("INIT_CWD counts only when it is ours, not that of another package's script", () => {
  const options = { root: '/repo', folder: '/here', realpath: (path: string) => path.replace('/link', '/repo') };
  assert.equal(startingFolder({ npm_package_json: '/link/package.json', INIT_CWD: '/there' }, options), '/there');
  assert.equal(startingFolder({ npm_package_json: '/other/package.json', INIT_CWD: '/there' }, options), '/here');
  assert.equal(startingFolder({ INIT_CWD: '/there' }, options), '/here');
});
