/** What stays how long, and what a full topic or store does: invariant 7. */
import assert from 'node:assert/strict';
import { testAgentId, testBatch, testChannel, testEntry, testStream } from '../fixture.ts';
import type { ContractTest } from './contract-test.ts';
import { back, contents, fill, front, lease, owned } from './steps.ts';

export const limitContract: readonly ContractTest[] = [
  [
    `an entry goes when every group has passed it and the replay window is over`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 30_000 });
      const { queue } = fixture;
      await queue.ensureGroup({ topic: 'platform', group: 'slow', policy: { kind: 'blocking' }, from: 'beginning' });
      await fill(queue, 3);
      const fast = await owned(queue, 'platform', 'fast');
      const slow = await owned(queue, 'platform', 'slow');
      await queue.commit({ lease: fast, to: 3 });
      await queue.commit({ lease: slow, to: 2 });
      await queue.trim();
      assert.equal((await contents(queue, 'platform')).length, 3, 'the window is not over');
      fixture.advance(30_000);
      await queue.trim();
      assert.deepEqual(await contents(queue, 'platform'), ['entry2']);
      await fixture.reopen();
      assert.partialDeepStrictEqual((await fixture.queue.status()).topics[0], {
        firstSequence: 3,
        lastSequence: 3,
        entries: 1,
        bytes: 6,
      });
      assert.equal(await fixture.queue.publish('platform', 0, testEntry('next')), 'stored');
      const { entries } = await fixture.queue.measure({ topic: 'platform', partition: 0, afterSequence: 0 });
      assert.deepEqual(
        entries.map((entry) => entry.sequence),
        [3, 4],
      );
    },
  ],

  [
    `passed entries beyond the replay bytes go before their window is over`,
    async (open) => {
      await using fixture = await open({ replayBytesMax: 12 });
      const { queue } = fixture;
      await fill(queue, 5);
      const own = await owned(queue, 'platform', 'g');
      await queue.commit({ lease: own, to: 4 });
      await queue.trim();
      assert.deepEqual(await contents(queue, 'platform'), ['entry2', 'entry3', 'entry4']);
    },
  ],

  [
    `lines that nobody reads yet stay`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
      fixture.advance(1e9);
      await queue.trim();
      assert.equal((await contents(queue, front)).length, 1);
    },
  ],

  [
    `what is left in a back topic when its last reader is removed goes, as nothing is made for one without readers`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0, replayBytesMax: 0 });
      const { queue } = fixture;
      await queue.ensureGroup({ topic: back, group: 'archive', policy: { kind: 'blocking' }, from: 'beginning' });
      await queue.publish(back, 0, testEntry('left'));
      await queue.trim();
      assert.equal((await contents(queue, back)).length, 1);
      await queue.removeGroup(back, 'archive');
      await queue.trim();
      assert.deepEqual(await contents(queue, back), []);
    },
  ],

  [
    `an expiring group is moved over what is too old or too much, and it is counted`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0 });
      const { queue } = fixture;
      const policy = { kind: 'expiring', ageMsMax: 1000, bytesMax: 13 } as const;
      await queue.ensureGroup({ topic: 'platform', group: 'live', policy, from: 'beginning' });
      const own = lease(await queue.acquire({ topic: 'platform', group: 'live', partition: 0 }, 'owner', 1e9));
      await fill(queue, 5);
      await queue.trim();
      assert.partialDeepStrictEqual((await queue.status()).groups[0], { cursor: 3, dropped: 3, entries: 2 });
      assert.deepEqual(await contents(queue, 'platform'), ['entry3', 'entry4']);
      assert.equal(await queue.commit({ lease: own, to: 2 }), 'done', 'what was skipped meanwhile moves nothing back');
      assert.equal((await queue.status()).groups[0]?.cursor, 3);
      fixture.advance(1001);
      await queue.trim();
      assert.partialDeepStrictEqual((await queue.status()).groups[0], { cursor: 5, dropped: 5 });
    },
  ],
  [
    `a full topic gives no credit, refuses as busy, and takes on after its reader moved`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 400_000, creditBytesMax: 100_000 });
      const { queue } = fixture;
      await queue.openStream(testStream(1));
      const own = await owned(queue, front, 'pipeline');
      const whole = queue.creditOf(testChannel);
      assert.ok(whole > 0);
      const body = new Uint8Array(100_000);
      const credits: number[] = [];
      for (let from = 0; from < 4; from += 1) {
        assert.deepEqual(await queue.append(testBatch([{ stream: 1, from, to: from + 1 }], { body })), { kind: 'stored' });
        credits.push(queue.creditOf(testChannel));
      }
      assert.ok(credits.every((credit, index) => credit <= (credits[index - 1] ?? whole)));
      assert.equal(credits.at(-1), 0);
      const refused = await queue.append(testBatch([{ stream: 1, from: 4, to: 5 }], { body }));
      assert.partialDeepStrictEqual(refused, { kind: 'refused', reason: 'busy' });
      assert.ok(refused.kind === 'refused' && (refused.retryAfterMs ?? 0) > 0);
      const again = await queue.append(testBatch([{ stream: 1, from: 0, to: 1 }], { body }));
      assert.deepEqual(again, { kind: 'duplicate' }, 'a duplicate needs no room');
      await queue.commit({ lease: own, to: 4 });
      assert.equal(queue.creditOf(testChannel), whole);
      assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 4, to: 5 }], { body })), { kind: 'stored' });
    },
  ],

  [
    `a commit into a full topic changes nothing and can be tried again with the same entry`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 10 });
      const { queue } = fixture;
      const archive = await owned(queue, back, 'archive');
      await queue.publish(back, 0, testEntry('0123456789'));
      await queue.publish('platform', 0, testEntry('event'));
      const own = await owned(queue, 'platform', 'g');
      const publish = [{ topic: back, entry: testEntry('later') }];
      assert.equal(await queue.commit({ lease: own, to: 1, publish }), 'full');
      assert.equal((await queue.status()).groups.find((group) => group.group === 'g')?.cursor, 0);
      await queue.commit({ lease: archive, to: 1 });
      assert.equal(await queue.commit({ lease: own, to: 1, publish }), 'done');
      assert.deepEqual(await contents(queue, back), ['0123456789', 'later']);
    },
  ],

  [
    `a channel may have a limit of its own, and limits change while the queue is open`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 10, topics: [{ tenant: 'acme', type: undefined, bytesMax: 30 }] });
      const { queue } = fixture;
      const put = (topic: string): Promise<string> => queue.publish(topic, 0, testEntry('0123456789'));
      for (const topic of ['front/acme/a', 'front/other/a']) {
        await queue.ensureGroup({ topic, group: 'g', policy: { kind: 'blocking' }, from: 'beginning' });
      }
      assert.deepEqual([await put('front/other/a'), await put('front/other/a')], ['stored', 'full']);
      const stored = [await put('front/acme/a'), await put('front/acme/a'), await put('front/acme/a'), await put('front/acme/a')];
      assert.deepEqual(stored, ['stored', 'stored', 'stored', 'full']);
      await queue.changeLimits({ topicBytesMax: 20, topics: [] });
      assert.deepEqual([await put('front/other/a'), await put('front/other/a')], ['stored', 'full']);
      assert.equal(await put('front/acme/a'), 'full');
    },
  ],

  [
    `an expiring group never blocks`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 10 });
      const { queue } = fixture;
      const policy = { kind: 'expiring', ageMsMax: 1000, bytesMax: 5 } as const;
      await queue.ensureGroup({ topic: back, group: 'live', policy, from: 'beginning' });
      for (let count = 0; count < 5; count += 1) {
        assert.equal(await queue.publish(back, 0, testEntry('0123456789')), 'stored');
      }
    },
  ],

  [
    `a full store refuses intake and still lets entries move on`,
    async (open) => {
      await using fixture = await open({ topicBytesMax: 20, storeBytesMax: 20, replayBytesMax: 0 });
      const { queue } = fixture;
      await queue.publish('platform', 0, testEntry('01234567890123456789'));
      assert.equal((await queue.status()).state, 'full');
      assert.equal(await queue.publish('other', 0, testEntry('a')), 'full');
      const own = await owned(queue, 'platform', 'g');
      assert.equal(await queue.commit({ lease: own, to: 1, publish: [{ topic: back, entry: testEntry('moved') }] }), 'done');
      await queue.trim();
      assert.equal((await queue.status()).state, 'open');
      assert.equal(await queue.publish('other', 0, testEntry('a')), 'stored');
    },
  ],

  [
    `a tenant with all the types that it may have waits with another one, and nothing else of it does, nor another tenant`,
    async (open) => {
      await using fixture = await open({ typesPerTenantMax: 2 });
      const { queue } = fixture;
      for (const [index, type] of ['a', 'b', 'c', 'platform'].entries()) {
        const channel = `acme/${type}`;
        assert.partialDeepStrictEqual(await queue.openStream(testStream(index + 1, 5, channel)), { held: 5 });
        const result = await queue.append(testBatch([{ stream: index + 1, from: 5, to: 6, fromMark: '' }], { channel }));
        if (type !== 'c') assert.deepEqual(result, { kind: 'stored' });
        else
          assert.ok(result.kind === 'refused' && result.reason === 'busy' && result.hint.includes('tenant acme has 2 log types'));
      }
      assert.equal(await queue.publish('front/acme/d', 0, testEntry('pushed')), 'full');
      assert.equal(await queue.publish('front/acme/b', 0, testEntry('pushed')), 'stored');
      // A tenant whose name begins alike is another one.
      await queue.openStream(testStream(9, 0, 'acme2/a'));
      assert.deepEqual(await queue.append(testBatch([{ stream: 9, from: 0, to: 1 }], { channel: 'acme2/a' })), {
        kind: 'stored',
      });
      assert.partialDeepStrictEqual(queue.heldBack(), [{ cause: 'types', subject: 'acme' }]);
      fixture.advance(600_000);
      assert.deepEqual(queue.heldBack(), []);
      await fixture.reopen();
      await fixture.queue.openStream(testStream(3, 5, 'acme/c'));
      const again = await fixture.queue.append(testBatch([{ stream: 3, from: 5, to: 6 }], { channel: 'acme/c' }));
      assert.partialDeepStrictEqual(again, { kind: 'refused', reason: 'busy' });
      assert.equal((await fixture.queue.status()).channels.length, 4);
    },
  ],

  [
    `an agent that opens new streams all the time waits with them until time has passed, and what it has goes on`,
    async (open) => {
      const day = 86_400_000;
      await using fixture = await open({ streamsAtOnceBytes: 5000, streamsBytesPerDay: 5000 });
      const { queue } = fixture;
      for (let stream = 1; stream <= 50; stream += 1) await queue.openStream(testStream(stream));
      const opened = async (): Promise<number> => (await queue.status()).channels[0]?.streams ?? 0;
      const first = await opened();
      assert.ok(first >= 4 && first <= 20, `${first} streams`);
      const last = testBatch([{ stream: 50, from: 0, to: 1 }]);
      assert.partialDeepStrictEqual(await queue.append(last), { kind: 'refused', reason: 'busy' });
      assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 0, to: 1 }])), { kind: 'stored' });
      assert.partialDeepStrictEqual(queue.heldBack(), [{ cause: 'streams', subject: testAgentId }]);
      fixture.advance(day / 2);
      assert.partialDeepStrictEqual(await queue.append(last), { kind: 'refused', reason: 'position', held: 0 });
      await queue.openStream(testStream(50));
      assert.deepEqual(await queue.append(last), { kind: 'stored' });
      for (let stream = 51; stream <= 100; stream += 1) await queue.openStream(testStream(stream));
      const later = await opened();
      assert.ok(later > first && later < 2 * first, `${later} streams after half a day, ${first} before`);
    },
  ],
];
