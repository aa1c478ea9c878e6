import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../../../testing/eventually.ts';
import { boundAddress } from '../../listen-address.ts';
import { ByteBudget } from './byte-budget.ts';
import { readBody } from './read-body.ts';

// A small request that was all there was refused with 408 when the hub was too busy to inflate it within ten seconds.
test('what has come and waits for the hub is not slow', async () => {
  const inflatedBytes = 16 << 20;
  const read = async (request: IncomingMessage): Promise<number> => {
    await eventually('it is all here', () => request.complete);
    using share = new ByteBudget(1 << 30).share();
    const limits = { slowGraceMs: 1, slowBytesPerSecond: 1e12 };
    return (await readBody(request, { bytesMax: inflatedBytes, share, limits })).length;
  };
  await using server = createServer((request, response) => {
    read(request).then(
      (bytes) => response.end(String(bytes)),
      (error: unknown) => response.end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const body = gzipSync(Buffer.alloc(inflatedBytes));
  const headers = { 'content-encoding': 'gzip', connection: 'close' };
  const answer = await fetch(`http://${boundAddress(server)}/`, { method: 'POST', headers, body });
  assert.equal(await answer.text(), String(inflatedBytes));
});
