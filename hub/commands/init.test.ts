import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type CommandHost, UsageError } from './exit.ts';
import { initCommand, type InitOptions } from './init.ts';

const host: CommandHost = { env: {}, stop: new AbortController().signal, out: async () => undefined, err: () => undefined };
const nowhere = join(tmpdir(), 'tributary-init-that-makes-nothing');

const good: InitOptions = {
  name: 'berlin',
  address: ['hub.example.com'],
  configFile: join(nowhere, 'hub.yaml'),
  dataDir: join(nowhere, 'data'),
  listen: undefined,
  listenHttp: undefined,
  json: false,
};

suite('wrong use of init is told before anything is made', () => {
  for (const [given, reason] of [
    [{ name: 'Berlin' }, /^--name: must be/],
    [{ name: '../berlin' }, /^--name: must be/],
    [{ address: [] }, /^--address: name at least one/],
    [{ address: ['https://hub'] }, /^--address https:\/\/hub: is no name/],
    [{ address: Array.from({ length: 65 }, (_, index) => `hub${index}`) }, /^--address: at most 64/],
    [{ listen: '7701' }, /^--listen: must be host:port/],
    [{ listenHttp: 'here' }, /^--listen-http: must be host:port/],
    [{ listen: '127.0.0.1:0' }, /agents need the port/],
  ] as const) {
    test(JSON.stringify(given).slice(0, 60), async () => {
      await assert.rejects(initCommand({ ...good, ...given }, host), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(existsSync(nowhere), false);
    });
  }
});
