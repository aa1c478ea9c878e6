/** The page as the hub serves it: what browsers keep, what they may do with it, and what programs get instead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { fastify, type FastifyInstance } from 'fastify';
import { unpackPage } from './page-file.ts';
import { pagePolicy, pageRoutes } from './page-routes.ts';

const html = '<!doctype html><title>the page</title>';
const script = 'export const page = 1;';

function packed(path: string, type: string, content: string): object {
  const [brotli, gzip] = [brotliCompressSync(content), gzipSync(content)].map((bytes) => bytes.toString('base64'));
  return { path, type, hash: `hash-of-${path}`, brotli, gzip };
}

const text = JSON.stringify({
  files: [
    packed('index.html', 'text/html; charset=utf-8', html),
    packed('assets/main-x.js', 'text/javascript; charset=utf-8', script),
  ],
});

async function app(read = (): ReturnType<typeof unpackPage> | undefined => unpackPage(text)): Promise<FastifyInstance> {
  const made = fastify();
  await made.register(async (scope) => pageRoutes({ guide: 'the guide', read })(scope));
  return made;
}

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-encoding': 'gzip' };

test('every page is the same document, with a policy that allows nothing from elsewhere', async () => {
  const server = await app();
  for (const url of ['/', '/agents', '/agents/0123?x=1', '/search', '/admin/enrolment']) {
    const answer = await server.inject({ url, headers: browser });
    assert.equal(answer.statusCode, 200, url);
    assert.equal(answer.headers['content-security-policy'], pagePolicy);
    assert.equal(answer.headers['cache-control'], 'no-cache');
    assert.equal(gunzipSync(answer.rawPayload).toString(), html);
  }
  assert.doesNotMatch(pagePolicy, /unsafe|http|\*/);
});

test('the document is sent again only when it is another one', async () => {
  const server = await app();
  const etag = String((await server.inject({ url: '/', headers: browser })).headers.etag);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const answer = await server.inject({ url: '/', headers: { ...browser, 'if-none-match': known } });
    assert.deepEqual([answer.statusCode, answer.body], [304, '']);
  }
  assert.equal((await server.inject({ url: '/', headers: { ...browser, 'if-none-match': '"other"' } })).statusCode, 200);
});

test('assets are kept for ever, and sent as the browser takes them', async () => {
  const server = await app();
  const ask = async (encoding: string): Promise<string> => {
    const { headers, statusCode, rawPayload } = await server.inject({
      url: '/assets/main-x.js',
      headers: { 'accept-encoding': encoding },
    });
    assert.equal(statusCode, 200);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['vary'], 'accept-encoding');
    return `${headers['content-encoding'] ?? 'plain'} ${rawPayload.toString('base64')}`;
  };
  assert.equal(await ask('gzip, deflate, br'), `br ${brotliCompressSync(script).toString('base64')}`);
  assert.equal(await ask('gzip'), `gzip ${gzipSync(script).toString('base64')}`);
  assert.equal(await ask('identity'), `plain ${Buffer.from(script).toString('base64')}`);
  assert.equal((await server.inject({ url: '/assets/index.html' })).statusCode, 404);
  assert.equal((await server.inject({ url: '/assets/..%2findex.html' })).statusCode, 404);
});

test('who asks for no page gets the guide, and a copy without page says how it is built', async () => {
  const server = await app(() => undefined);
  assert.equal((await server.inject({ url: '/' })).body, 'the guide');
  const answer = await server.inject({ url: '/agents', headers: browser });
  assert.equal(answer.statusCode, 503);
  assert.match(answer.body, /packaging\/build\/page\.ts/);
});
