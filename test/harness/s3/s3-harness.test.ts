import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireTool } from '../require.ts';
import { Scratch } from '../scratch.ts';
import { TestAuthority } from '../test-authority.ts';
import { requestS3 } from './raw-s3.ts';
import { S3Server } from './s3-server.ts';

const skip = await requireTool('s3');
const partBytes = 5 << 20;

test('objects, also of several parts, are there after kill -9, as files of their keys', { skip }, async () => {
  await using scratch = await Scratch.make();
  await using server = await S3Server.start({ folder: scratch.file('s3'), buckets: ['archive'] });
  const put = await server.request({ method: 'PUT', path: '/archive/a b/one', body: 'first' });
  assert.equal(put.status, 200, put.body.toString());
  const parts = [randomBytes(partBytes), randomBytes(10)];
  const { upload, complete } = await uploadParts(server, '/archive/big', parts);
  await server.kill();
  await server.restart();
  // What was begun before is gone on with.
  assert.equal(
    (await server.request({ method: 'POST', path: '/archive/big', query: { uploadId: upload }, body: complete })).status,
    200,
  );
  const listed = await server.request({ method: 'GET', path: '/archive', query: { 'list-type': '2' } });
  assert.deepEqual(textsOf('Key', listed.body), ['a b/one', 'big']);
  assert.equal((await server.request({ method: 'GET', path: '/archive/a b/one' })).body.toString(), 'first');
  assert.deepEqual(await readFile(join(server.bucketFolder('archive'), 'big')), Buffer.concat(parts));
});

test('who has not the keys, and who does not know the authority, gets nothing', { skip }, async () => {
  await using scratch = await Scratch.make();
  const authority = await TestAuthority.make();
  const issued = await authority.issue({ hosts: ['127.0.0.1'], usage: 'server' });
  const tls = { ...issued, authority: authority.cert };
  await using server = await S3Server.start({ folder: scratch.file('s3'), buckets: ['archive'], tls });
  assert.equal((await server.request({ method: 'PUT', path: '/archive/one', body: 'first' })).status, 200);
  const stranger = { ...server.access, secretKey: 'guessed' };
  assert.equal((await requestS3(stranger, { method: 'GET', path: '/archive/one' })).status, 403);
  const unknowing = { ...server.access, authority: undefined };
  await assert.rejects(requestS3(unknowing, { method: 'GET', path: '/archive/one' }), /certificate/);
});

interface Upload {
  readonly upload: string;
  readonly complete: string;
}

async function uploadParts(server: S3Server, path: string, parts: readonly Buffer[]): Promise<Upload> {
  const created = await server.request({ method: 'POST', path, query: { uploads: '' } });
  const [upload = ''] = textsOf('UploadId', created.body);
  let complete = '';
  for (const [index, body] of parts.entries()) {
    const partNumber = String(index + 1);
    const { status, headers } = await server.request({ method: 'PUT', path, query: { uploadId: upload, partNumber }, body });
    assert.equal(status, 200);
    complete += `<Part><PartNumber>${partNumber}</PartNumber><ETag>${headers.etag ?? ''}</ETag></Part>`;
  }
  return { upload, complete: `<CompleteMultipartUpload>${complete}</CompleteMultipartUpload>` };
}

function textsOf(name: string, xml: Buffer): string[] {
  return [...xml.toString().matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);
}
