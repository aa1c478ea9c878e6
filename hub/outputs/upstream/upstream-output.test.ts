/** The upstream over a real queue, towards a site that speaks the protocol's receiving half over a real socket. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import { eventually } from '../../testing/eventually.ts';
import { batchEntry, compress, countedSegment, streamInfo } from '../../testing/records.ts';
import { LowerSite, pathOf, write } from './testing/lower-site.ts';
import { upstreamGroup } from './upstream-output.ts';

suite('an upstream', () => {
  test('has every batch as it came, in order, with origin, path and health', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const [one, two] = [lower.writer(1), lower.writer(2, { type: 'other' })];
    await write(one, 'first\n');
    const output = await lower.start(site);
    for (let line = 0; line < 200; line += 1) await write(line % 2 === 0 ? one : two, `line ${line}\n`);
    await lower.passedOn();
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line}\n`);
    assert.equal(site.text(pathOf(1)), `first\n${lines.filter((_, line) => line % 2 === 0).join('')}`);
    assert.equal(site.text(pathOf(2)), lines.filter((_, line) => line % 2 === 1).join(''));
    assert.equal(site.duplicates, 0);
    const [stream] = site.streams.values();
    assert.deepEqual(stream?.open.origin, { siteId: one.info.key.siteId, agentId: one.info.key.agentId });
    assert.partialDeepStrictEqual(site.hellos, [{ sender: 'hub', agentId: lower.queue.hubId }]);
    assert.deepEqual(
      site.hops.at(-1)?.map(({ siteId, hubId }) => [siteId, hubId]),
      [[lower.queue.siteId, lower.queue.hubId]],
    );
    await eventually('it is told the health', () => site.snapshots.includes('{"hubs":1}'));
    assert.deepEqual(output.status().state, 'running');
    assert.deepEqual(lower.findings, []);
  });

  test('gets the very bytes that the edge made, whatever is in them', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await lower.start(site);
    const sent = [await write(writer, 'some\n'.repeat(5000)), await write(writer, 'more\n')];
    // Whoever inflated this on the way and compressed it again would make other bytes of it.
    const text = Buffer.from('stored as it is\n');
    const frames = Buffer.concat([
      compress(text.subarray(0, 7)),
      Buffer.from('502a4d1800000000', 'hex'),
      compress(text.subarray(7)),
    ]);
    await writer.append(text, { body: new Uint8Array(frames), checksum: checksumOf(frames) });
    await lower.passedOn();
    assert.deepEqual(site.bodies, [...sent, frames]);
    assert.equal(site.text(pathOf(1)), `${'some\n'.repeat(5000)}more\nstored as it is\n`);
  });

  test('is told the machine of each batch of a listener, whose stream has many', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const text = Buffer.from('one line');
    for (const host of ['printer-1', 'printer-2', 'printer-1']) {
      const stream = streamInfo(1, { counted: true, host });
      const segments = [{ ...countedSegment([text]), stream }];
      const { body } = batchEntry(segments, text);
      const about = { records: 1, inflatedBytes: text.length, trims: [], hops: [], createdMs: 1 };
      const checksum = checksumOf(body);
      await lower.queue.publish('front/acme/app', 0, { format: 'batch', ...about, segments, checksum, body });
    }
    await write(lower.writer(2), 'of an agent\n');
    await lower.start(site);
    await lower.passedOn();
    assert.deepEqual(site.hosts, [
      ['printer-1', 'printer-1'],
      ['printer-2', 'printer-1'],
      ['printer-1', 'printer-1'],
      [undefined, 'web1'],
    ]);
  });

  test('that is away gets all of it in order when it comes back, once, also after a restart of the hub', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await lower.start(site);
    let text = '';
    for (let line = 0; line < 300; line += 1) {
      text += `line ${line}\n`;
      await write(writer, `line ${line}\n`);
      if (line % 60 === 20) site.cut();
      if (line % 100 === 50) {
        await lower.stop();
        await lower.start(site);
      }
    }
    await lower.passedOn();
    assert.equal(site.text(pathOf(1)), text);
    assert.deepEqual(site.gaps, []);
  });

  test('whose store went back gets what is retained again, and a gap where nothing is', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await lower.start(site);
    await write(writer, 'first\n');
    await lower.passedOn();
    const goBack = site.backup();
    await write(writer, 'second\n');
    await lower.passedOn();
    goBack();
    await eventually('what was lost came again', () => site.text(pathOf(1)) === 'first\nsecond\n');
    await write(writer, 'third\n');
    await lower.passedOn();
    assert.equal(site.text(pathOf(1)), 'first\nsecond\nthird\n');
    assert.deepEqual(site.gaps, []);
  });

  test('is told of a gap with its cause, of a lost end, and of the end of a stream', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    const { key } = writer.info;
    await lower.start(site);
    await write(writer, 'first\n');
    await lower.queue.recordGap(key, { from: 6, to: 26, toMark: '', cause: 'source-lost' });
    await lower.queue.closeStream(key, 26);
    await eventually('it was told', () => site.streams.get(key.streamId)?.closed === true);
    assert.deepEqual(site.gapsOf(key.streamId), [{ from: 6, to: 26, cause: 'source-lost' }]);
  });

  test('gets only what is chosen', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writers = [
      lower.writer(1, { labels: { zone: 'a' } }),
      lower.writer(2, { labels: { zone: 'b' } }),
      lower.writer(3, { labels: { zone: 'a' }, type: 'debug' }),
      lower.writer(4, { labels: { zone: 'a' }, tenant: 'blue' }),
    ];
    await lower.start(site, { labels: { zone: 'a' }, types: ['app'], tenants: ['acme'] });
    for (const [index, writer] of writers.entries()) await write(writer, `of ${index + 1}\n`);
    await eventually('it came', () => site.text(pathOf(1)) !== '');
    await write(writers[1] ?? lower.writer(2), 'more\n');
    await write(writers[0] ?? lower.writer(1), 'more\n');
    await eventually('it came', () => site.text(pathOf(1)) === 'of 1\nmore\n');
    assert.deepEqual(
      [...site.streams.values()].map(({ open }) => open.identity.path),
      [pathOf(1)],
    );
  });

  test('that never takes a batch leaves it among the dead letters, and gets the rest', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await lower.start(site);
    await write(writer, 'first\n');
    // What is stored does not fit its checksum any more.
    await writer.append(Buffer.from('damaged\n'), { checksum: 1 });
    await write(writer, 'third\n');
    await lower.passedOn();
    assert.equal(site.text(pathOf(1)), 'first\nthird\n');
    assert.equal((await lower.queue.status()).deadLetters, 1);
    assert.deepEqual(
      lower.findings.map(({ kind }) => kind),
      ['upstream-rejects'],
    );
    assert.partialDeepStrictEqual(lower.events, [{ action: 'batch-not-forwarded' }]);
    assert.partialDeepStrictEqual(site.gapsOf(writer.info.key.streamId), [{ from: 6, to: 14 }]);
  });

  test('from now: what was there before is neither sent nor lost', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await write(writer, 'before\n');
    const topic = 'front/acme/app';
    await lower.queue.ensureGroup({ topic, group: upstreamGroup('upstream'), policy: { kind: 'blocking' }, from: 'end' });
    await lower.start(site);
    await write(writer, 'after\n');
    await lower.passedOn();
    assert.equal(site.text(pathOf(1)), 'after\n');
    assert.deepEqual(site.gaps, []);
    assert.equal(site.streams.get(writer.info.key.streamId)?.open.start, 7);
  });

  test('gets all of it once while the work goes from one hub of the site to another and back', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    const hubs = [lower.queue.hubId, 'ef'.repeat(16)].map((hubId) => ({ hubId, cluster: lower.cluster(hubId) }));
    const working = (index: number): void => hubs.forEach(({ cluster }, hub) => cluster.tell({ works: hub === index }));
    working(0);
    for (const hub of hubs) await lower.start(site, {}, hub);
    let text = '';
    for (let line = 0; line < 240; line += 1) {
      text += `line ${line}\n`;
      await write(writer, `line ${line}\n`);
      if (line % 40 === 20) working(Math.floor(line / 40) % 2);
    }
    await lower.passedOn();
    assert.equal(site.text(pathOf(1)), text);
    assert.deepEqual(site.gaps, []);
    assert.deepEqual(lower.events, []);
    assert.deepEqual(new Set(site.hellos.map(({ agentId }) => agentId)).size, 2);
  });

  test('several of them have progress of their own', async () => {
    await using owned = new AsyncDisposableStack();
    const [near, far] = [owned.use(await TestSite.start()), owned.use(await TestSite.start())];
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    await lower.start(near, { name: 'near' });
    far.pause();
    await lower.start(far, { name: 'far' });
    await write(writer, 'one\n');
    await lower.passedOn('near');
    assert.equal(near.text(pathOf(1)), 'one\n');
    assert.equal(far.text(pathOf(1)), '');
    far.resume();
    await lower.passedOn('far');
    assert.equal(far.text(pathOf(1)), 'one\n');
  });
});
