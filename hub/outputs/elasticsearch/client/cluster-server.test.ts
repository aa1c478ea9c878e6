import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { ClusterServer } from './cluster-server.ts';
import type { Answer, Request } from './connection.ts';

const signal = new AbortController().signal;
const body = Buffer.from('{"create":{}}\n{}\n');

function serverOf(
  options: { urls: string[]; compression: 'auto' | 'zstd' | 'gzip' | 'none' },
  answer: (request: Request) => Answer,
): { readonly server: ClusterServer; readonly requests: Request[] } {
  const requests: Request[] = [];
  const connection = {
    request: async (request: Request) => {
      requests.push(request);
      return answer(request);
    },
  };
  const parts = { connection, clock: new ManualClock(), name: 'site/main', mayBeVolatile: false, onLookedUp: () => undefined };
  return { server: new ClusterServer({ ...parts, options: { ...options, indices: 'data_stream' } }), requests };
}

const taken = (): Answer => ({ status: 200, body: { errors: false } });

function encodingsOf(requests: readonly Request[]): unknown[] {
  return requests.map(({ headers }) => headers?.['content-encoding']);
}

test('within the machine nothing is compressed, elsewhere it is', async () => {
  const near = serverOf({ urls: ['http://127.0.0.1:9200', 'http://localhost:9201'], compression: 'auto' }, taken);
  await near.server.post(body, false, signal);
  assert.deepEqual(encodingsOf(near.requests), [undefined]);
  assert.deepEqual(near.requests[0]?.body, body);
  const far = serverOf({ urls: ['https://es.example.com'], compression: 'auto' }, taken);
  await far.server.post(body, false, signal);
  await far.server.post(body, false, signal);
  assert.deepEqual(encodingsOf(far.requests), ['gzip', 'gzip']);
  const [first, second] = far.requests;
  assert.ok(Buffer.isBuffer(first?.body));
  assert.deepEqual(gunzipSync(first.body), body);
  assert.match(first.opaqueId ?? '', /^tributary\/site\/main\//);
  assert.notEqual(first.opaqueId, second?.opaqueId);
});

test('a server that does not read zstd gets gzip', async () => {
  const old = serverOf({ urls: ['https://es.example.com'], compression: 'zstd' }, ({ headers }) =>
    headers?.['content-encoding'] === 'zstd' ? { status: 400, body: 'Malformed action/metadata line [1]' } : taken(),
  );
  assert.equal((await old.server.post(body, false, signal)).status, 200);
  assert.equal((await old.server.post(body, false, signal)).status, 200);
  assert.deepEqual(encodingsOf(old.requests), ['zstd', 'gzip', 'gzip']);
  const [first] = old.requests;
  assert.ok(Buffer.isBuffer(first?.body));
  assert.deepEqual(zstdDecompressSync(first.body), body);
});

test('what goes to data streams of the hub makes nothing else, once the hub has set them up', async () => {
  const { server, requests } = serverOf({ urls: ['http://127.0.0.1:9200'], compression: 'auto' }, taken);
  assert.equal(server.isStream('logs-app-acme'), false, 'nobody knows yet whether the server understands it');
  server.isSetUp({ requireDataStream: true });
  assert.deepEqual(
    ['logs-app-acme', 'platform-agent-acme', 'orders', 'orders-app-acme', 'logs-app'].map((name) => server.isStream(name)),
    [true, true, false, false, false],
  );
  await server.post(body, true, signal);
  await server.post(body, false, signal);
  assert.deepEqual(
    requests.map(({ query }) => query?.['require_data_stream']),
    [true, undefined],
  );
  server.isSetUp({ requireDataStream: false });
  assert.equal(server.isStream('logs-app-acme'), false);
});
