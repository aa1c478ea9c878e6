/** The archive in a bucket of a real S3 server: written, searched, found again, and put right after crashes and mishaps. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ConnectProxy } from '@tributary/protocol/uplink/testing/connect-proxy.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { S3Server } from '../../../test/harness/s3/s3-server.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import { TestAuthority } from '../../../test/harness/test-authority.ts';
import { eventually } from '../../testing/eventually.ts';
import { ProcessingLine } from '../../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../../testing/records.ts';
import type { ArchiveObject } from '../../queue/queue.ts';
import { parseManifest } from './manifest.ts';
import { manifestName } from './object-name.ts';
import { searchArchive } from './search/search.ts';
import type { ArchiveSpec } from './store/archive-spec.ts';
import { S3Store } from './store/s3-store.ts';
import type { S3Spec } from './store/store-spec.ts';

const skip = await requireTool('s3');
const channel = 'acme/app';
const bucket = 'archive';

suite('the archive in a bucket', { skip }, () => {
  let scratch: Scratch;
  let server: S3Server;
  before(async () => {
    scratch = await Scratch.make();
    server = await S3Server.start({ folder: scratch.file('s3'), buckets: [bucket] });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  function spec(prefix: string, changes: Partial<S3Spec> = {}): S3Spec {
    const { endpoint, region, accessKey, secretKey } = server;
    return {
      kind: 's3',
      bucket,
      prefix: `${prefix}/`,
      endpoint,
      region,
      pathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      sse: 'none',
      kmsKey: undefined,
      storageClass: undefined,
      checksums: 'required',
      ca: undefined,
      proxy: undefined,
      partBytes: 5 << 20,
      spoolFolder: scratch.file(`${prefix}-spool`),
      cacheFolder: scratch.file(`${prefix}-cache`),
      cacheBytes: 64 << 20,
      ...changes,
    };
  }

  test('what was archived is found, from the bucket and from the cache, and nothing is left on the disk', async () => {
    const archive: ArchiveSpec = { store: spec('search'), encryption: undefined };
    await using line = await ProcessingLine.open({ archive: { archive } });
    const [object, text] = await archivedText(line, 60_000);
    assert.ok(object.frames.length > 2);
    for (const round of ['fetched', 'cached']) {
      assert.equal(await found(archive, object), text, round);
      if (round === 'fetched') await server.stop();
    }
    await server.restart();
    await using store = new S3Store(spec('search'));
    assert.equal(await store.checksum(object.name), object.sha256);
    const manifest = parseManifest(String(await store.read(manifestName(object.name))));
    assert.deepEqual(manifest?.object, object);
    assert.equal(manifest?.chain?.link, manifest?.chain?.expected);
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    assert.deepEqual(names.toSorted(), [`${channel}/.chain-0.json`, manifestName(object.name), object.name].toSorted());
  });

  test('what an interrupted program left is removed: files here, and uploads there', async () => {
    const place = spec('leftovers');
    await using store = new S3Store(place);
    const draft = store.draft(`${channel}/2026/01/02/03/ab-0-1-2.csv.zst`);
    writeFileSync(draft.path, randomBytes(place.partBytes + 10));
    draft.grown(place.partBytes + 10);
    await draft.seal(place.partBytes + 10);
    assert.equal((await uploads('leftovers')).length, 1);
    assert.equal(await store.removeLeftovers(Date.now() - 3_600_000), 0, 'both are under way');
    assert.equal(await store.removeLeftovers(Date.now() + 3_600_000), 2);
    assert.deepEqual([await uploads('leftovers'), existsSync(draft.path)], [[], false]);
    await assert.rejects(draft.publish({ sha256: 'x', manifest: '{}' }), /cannot write .*NoSuchUpload/);
    await draft.discard();
    assert.deepEqual(await store.names(''), { folders: [], files: [] });
  });

  test('the same object again replaces itself, in parts as well; another one under its name is kept', async () => {
    const place = spec('again');
    const name = `${channel}/2026/01/02/03/ab-0-1-2.csv.zst`;
    await using store = new S3Store(place);
    const publish = async (bytes: Buffer, manifest: string): Promise<void> => {
      const draft = store.draft(name);
      writeFileSync(draft.path, bytes);
      draft.grown(bytes.length);
      await draft.seal(bytes.length);
      await draft.publish({ sha256: createHash('sha256').update(bytes).digest('hex'), manifest });
    };
    const large = randomBytes(place.partBytes * 2 + 1);
    await publish(large, 'large');
    await publish(large, 'large');
    const { files } = await store.names(`${channel}/2026/01/02/03`);
    assert.deepEqual(files.toSorted(), ['ab-0-1-2.csv.zst', 'ab-0-1-2.json']);
    await publish(Buffer.from('after the store went back'), 'small');
    const kept = (await store.names(`${channel}/2026/01/02/03`)).files.filter((file) => file.includes('-kept-'));
    assert.equal(kept.length, 2);
    assert.deepEqual(String(await store.read(name)), 'after the store went back');
    for (const file of kept) {
      const bytes = await store.read(`${channel}/2026/01/02/03/${file}`);
      assert.ok(bytes !== undefined && bytes.equals(file.endsWith('.json') ? Buffer.from('large') : large));
    }
  });

  test('a small file that several hubs write first has one writer', async () => {
    await using store = new S3Store(spec('marker'));
    const written = await Promise.all(['one', 'two', 'three'].map((text) => store.writeNew('.marker', text)));
    assert.ok(written.includes(true));
    const text = String(await store.read('.marker'));
    assert.equal(await store.writeNew('.marker', 'late'), false);
    assert.equal(String(await store.read('.marker')), text);
  });

  test('who stops waits for no server that does not answer, and the plan runs again', async () => {
    const archive: ArchiveSpec = { store: spec('stopped'), encryption: undefined };
    const folder = scratch.file('stopped');
    {
      await using line = await ProcessingLine.open({ folder, archive: { archive, rollIntervalMs: 100 } });
      line.startPipelines();
      const running = line.startArchive();
      await line.archive.store.read('nothing');
      server.pause();
      await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\n'));
      const waiting = join(folder, '..', 'stopped-spool');
      await eventually('an object is on its way', () => existsSync(waiting) && readdirSync(waiting).length > 0);
      await running[Symbol.asyncDispose]();
      await line.archive[Symbol.asyncDispose]();
    }
    server.resume();
    await using line = await ProcessingLine.open({ folder, archive: { archive, rollIntervalMs: 100 } });
    line.startArchive();
    await eventually('it is archived', () => line.archive.sums.records === 1);
  });

  test('a server with a certificate is believed when its authority is named', async () => {
    const authority = await TestAuthority.make();
    const issued = await authority.issue({ hosts: ['127.0.0.1'], usage: 'server' });
    const tls = { ...issued, authority: authority.cert };
    await using other = await S3Server.start({ folder: scratch.file('s3-tls'), buckets: [bucket], tls });
    const credentials = { accessKeyId: other.accessKey, secretAccessKey: other.secretKey };
    const place = { ...spec('tls'), endpoint: other.endpoint, region: other.region, credentials };
    await using unbelieved = new S3Store(place);
    await assert.rejects(unbelieved.read('x'), /: name its authority as ca_file/);
    await using believed = new S3Store({ ...place, ca: authority.cert, checksums: 'supported' });
    await believed.write('x', 'y');
    assert.equal(String(await believed.read('x')), 'y');
    await using proxy = await ConnectProxy.start();
    await using tunnelled = new S3Store({ ...place, ca: authority.cert, proxy: `http://name:secret@${proxy.address}` });
    assert.equal(String(await tunnelled.read('x')), 'y');
    assert.equal(proxy.requests.length, 1, 'connections are used again');
    assert.match(proxy.requests[0] ?? '', /^CONNECT 127\.0\.0\.1:\d+ HTTP.*Proxy-Authorization: Basic bmFtZTpzZWNyZXQ=/s);
  });

  test('a proxy is asked for a tunnel, and told of when it refuses', async () => {
    await using proxy = await ConnectProxy.start();
    await using store = new S3Store(spec('proxied', { proxy: `http://${proxy.address}` }));
    await store.write('x', 'y');
    assert.equal(String(await store.read('x')), 'y');
    assert.match(proxy.requests[0] ?? '', /^CONNECT /);
    await using refusing = await ConnectProxy.start('HTTP/1.1 403 Forbidden\r\n\r\n');
    await using refused = new S3Store(spec('proxied', { proxy: `http://name:secret@${refusing.address}` }));
    const told = await refused.read('x').then(String, String);
    assert.match(told, /the proxy refused .* 403 Forbidden.*: see to the proxy/);
    assert.ok(!told.includes('secret'));
  });

  test('what is wrong is told with what to do, and without a key', async () => {
    const { secretKey } = server;
    const told = async (changes: Partial<S3Spec>): Promise<string> => {
      await using store = new S3Store(spec('wrong', changes));
      const message = await store.read('x').then(
        () => '',
        (error: unknown) => String(error),
      );
      assert.ok(!message.includes(secretKey));
      return message;
    };
    assert.match(await told({ bucket: 'no-such-bucket' }), /NoSuchBucket 404.*: make the bucket/);
    const wrong = { accessKeyId: server.accessKey, secretAccessKey: 'wrong' };
    assert.match(await told({ credentials: wrong }), /SignatureDoesNotMatch 403.*: correct secret_key/);
    assert.match(await told({ credentials: { ...wrong, accessKeyId: 'nobody' } }), /40\d.*: correct access_key/);
    assert.match(await told({ endpoint: 'http://127.0.0.1:9' }), /at 127.0.0.1:9 \(ECONNREFUSED.*: nothing answers/);
  });

  async function uploads(prefix: string): Promise<readonly string[]> {
    const listed = await server.request({ method: 'GET', path: `/${bucket}`, query: { uploads: '', prefix } });
    return [...listed.body.toString().matchAll(/<UploadId>([^<]+)</g)].map(([, id = '']) => id);
  }

  async function archivedText(line: ProcessingLine, records: number): Promise<readonly [ArchiveObject, string]> {
    const text = Array.from(
      { length: records },
      (_, index) => `${index} ${createHash('md5').update(`${index}`).digest('hex').repeat(3)}\n`,
    ).join('');
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from(text));
    line.startPipelines();
    line.startArchive();
    await eventually('all is archived', () => {
      line.queue.requestArchive(channel);
      return line.archive.sums.records === records;
    });
    const [object] = await line.queue.archiveObjects();
    assert.ok(object !== undefined);
    return [object, text];
  }
});

async function found(archive: ArchiveSpec, object: ArchiveObject): Promise<string> {
  const results = searchArchive({ archive, objects: [object], query: {}, format: 'raw' });
  const parts: Uint8Array[] = [];
  for (;;) {
    const next = await results.next();
    if (next.done === true) {
      assert.deepEqual(next.value.problems, []);
      return Buffer.concat(parts).toString();
    }
    parts.push(next.value);
  }
}
