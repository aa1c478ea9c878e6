import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askLocal } from './ask-status.ts';
import { serveLocal } from './status-server.ts';

test('only its owner may open the socket, and nothing else made meanwhile is like it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-status-'));
  const mask = process.umask(0o022);
  try {
    const socketPath = join(folder, 'agent.sock');
    const serving = serveLocal(socketPath, { 'GET /': () => ({ a: 1 }), 'GET /bad': () => assert.fail('broken') });
    mkdirSync(join(folder, 'made-meanwhile'));
    await using owned = new AsyncDisposableStack();
    owned.use(await serving);
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'made-meanwhile')).mode & 0o777, 0o755);
    const ask = async (path: string): Promise<number | undefined> =>
      (await askLocal({ socketPath, method: 'GET', path }))?.statusCode;
    assert.deepEqual([await ask('/'), await ask('/bad'), await ask('/other'), await ask('//')], [200, 500, 404, 404]);
  } finally {
    process.umask(mask);
    rmSync(folder, { recursive: true, force: true });
  }
});
