/** What the requests say, at a fake of a server that takes everything: what a real one makes of them is in archive.s3.test.ts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { S3Client } from './s3-client.ts';
import type { S3Spec } from './store-spec.ts';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

async function seenBy(changes: Partial<S3Spec>, call: (client: S3Client) => Promise<unknown>): Promise<Seen[]> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method, path: request.url, headers: request.headers });
    request.resume().on('end', () => response.writeHead(200, { etag: '"e"' }).end(answerTo(request)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  try {
    await using client = new S3Client({
      kind: 's3',
      bucket: 'logs',
      prefix: '',
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'eu-test-1',
      pathStyle: true,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      sse: 'none',
      kmsKey: undefined,
      storageClass: undefined,
      checksums: 'required',
      ca: undefined,
      proxy: undefined,
      partBytes: 5 << 20,
      spoolFolder: '',
      cacheFolder: '',
      cacheBytes: 0,
      ...changes,
    });
    await call(client);
    return seen;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function answerTo({ url = '', method, headers }: IncomingMessage): string {
  if (url.includes('list-type')) return '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>';
  if (url.includes('uploads') && method === 'GET')
    return '<ListMultipartUploadsResult><Upload><Key>x</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>';
  if (url.includes('uploads')) return '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
  return headers['x-amz-copy-source'] === undefined ? '' : '<CopyObjectResult><ETag>e</ETag></CopyObjectResult>';
}

const body = Buffer.from('an object');
const bodyHash = createHash('sha256').update(body).digest('hex');

test('a body is signed with its checksum, the bucket is in the path, and nothing is asked for that was not chosen', async () => {
  const [put] = await seenBy({}, (client) => client.put('shop/app/x y.csv.zst', body, { sha256: bodyHash }));
  assert.equal(put?.path?.split('?')[0], '/logs/shop/app/x%20y.csv.zst');
  assert.equal(put?.headers['x-amz-content-sha256'], bodyHash);
  assert.equal(put?.headers['x-amz-meta-tributary-sha256'], bodyHash);
  assert.match(String(put?.headers.authorization), /Credential=key\/\d{8}\/eu-test-1\/s3\/aws4_request/);
  const others = Object.keys(put?.headers ?? {}).filter((name) => /encryption|storage-class|checksum|if-/.test(name));
  assert.deepEqual(others, []);
});

test('encryption by the server and the storage class are asked for with every object, in parts and in copies as well', async () => {
  const chosen: Partial<S3Spec> = { sse: 'kms', kmsKey: 'alias/logs', storageClass: 'STANDARD_IA' };
  const seen = await seenBy(chosen, async (client) => {
    await client.put('x', body, {});
    await client.beginUpload('x');
    await client.copy('x', 'y');
  });
  for (const { headers } of seen) {
    assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
    assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/logs');
    assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA');
  }
  assert.equal(seen.length, 3);
  const [put] = await seenBy({ sse: 's3' }, (client) => client.put('x', body, {}));
  assert.equal(put?.headers['x-amz-server-side-encryption'], 'AES256');
});

test('what a server keeps a checksum of has one, where that is chosen', async () => {
  const [put] = await seenBy({ checksums: 'supported' }, (client) => client.put('x', body, {}));
  assert.ok(put?.headers['x-amz-checksum-crc32'] !== undefined);
});

test('a list that a server does not tell the rest of is none, and an upload of which it does not say when it began is not old', async () => {
  await seenBy({}, async (client) => {
    await assert.rejects(client.list('', { folders: false, from: undefined }), /does not tell the rest of its list/);
    const uploads = await Array.fromAsync(client.openUploads(''));
    assert.deepEqual(uploads, [{ key: 'x', id: 'u', startedMs: Infinity }]);
  });
});
