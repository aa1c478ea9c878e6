/** What operators do with dead letters, over either queue. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText } from '@tributary/shared/prometheus/exposition.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { OperationError } from '../channels/operation-error.ts';
import { MetricBook } from '../metrics/metric-book.ts';
import { bookMetrics } from '../metrics/book-metrics.ts';
import { testBatch, testStream } from '../queue/fixture.ts';
import type { ContractTest, OpenQueueFixture } from '../queue/contract/contract-test.ts';
import { frontTopic, type Queue } from '../queue/queue.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { eventually } from '../testing/eventually.ts';
import { type DeadLetter, deadLetterEntry, deadLetterGroup, deadLetterTopic, keepDeadLetters } from './dead-letter.ts';
import { DeadLetterOperations } from './dead-letter-operations.ts';
import { countLetters, measureLetters } from './dead-letter-metrics.ts';
import type { DeadLetterSender } from './dead-letter-sender.ts';
import { testLetter } from './fixture.ts';
import type { LetterFilter } from './letter-filter.ts';

const by = { actor: 'console:anna', address: '' };
const [web, app] = ['shop/web', 'shop/app'];

/** A destination that takes what `refuses` does not, and remembers the ids. */
class TestSender implements DeadLetterSender {
  readonly taken: string[] = [];
  refuses: (letter: DeadLetter) => boolean = () => false;
  isAway = false;

  async send(letters: readonly DeadLetter[], signal: AbortSignal): Promise<readonly ('done' | DeadLetter)[]> {
    if (this.isAway) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    return letters.map((letter) => {
      if (this.refuses(letter)) return { ...letter, status: 400, type: 'still_wrong', reason: 'it is as wrong as before' };
      this.taken.push(letter.id);
      return 'done';
    });
  }
}

interface Site {
  readonly operations: DeadLetterOperations;
  readonly sender: TestSender;
  readonly audit: AuditEvent[];
  readonly metrics: MetricBook;
}

function siteOf(queue: Queue): Site {
  const sender = new TestSender();
  const audit: AuditEvent[] = [];
  const metrics = new MetricBook({ refused: () => assert.fail('every metric is counted') });
  const operations = new DeadLetterOperations({
    queue,
    registry: { record: async (event) => void audit.push(event) },
    clock: systemClock,
    logger: createLogger({ level: 'error', sink: () => undefined }),
    hubId: 'aa'.repeat(16),
    senderOf: (output) => (output === 'elasticsearch' ? sender : undefined),
    onGone: (verb, channel, letters) => countLetters(metrics, verb, { channel, letters }),
    onChanged: () => undefined,
  });
  return { operations, sender, audit, metrics };
}

async function putLetters(queue: Queue, channel: string, ...entries: readonly (readonly DeadLetter[])[]): Promise<void> {
  await keepDeadLetters(queue, channel);
  for (const letters of entries) await queue.publish(deadLetterTopic(channel), 0, deadLetterEntry(letters, 1));
}

async function idsLeft(operations: DeadLetterOperations, filter: LetterFilter = {}): Promise<string[]> {
  return (await operations.show({ ...filter, limit: 100 }, by)).map(({ id }) => id);
}

async function ended({ operations }: Site): Promise<NonNullable<DeadLetterOperations['job']>> {
  await eventually('it has ended', () => operations.job?.state !== 'running');
  assert.ok(operations.job !== undefined);
  return operations.job;
}

const contract: readonly ContractTest[] = [
  [
    `dead letters are listed by channel, output and error, and shown by what is asked for`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const { operations, audit } = siteOf(queue);
      const other = testLetter(3, {
        type: 'strict_dynamic_mapping_exception',
        output: 'external',
        tries: 4,
        atMs: 1_800_000_000_000,
      });
      await putLetters(queue, web, [testLetter(1), testLetter(2)], [other]);
      await putLetters(queue, app, [testLetter(4)]);
      const { letters, isPartial, entries } = await operations.list({});
      assert.deepEqual(
        letters.map(({ channel, output, error, count, tries }) => [channel, output, error, count, tries]),
        [
          [app, 'elasticsearch', 'document_parsing_exception', 1, 1],
          [web, 'elasticsearch', 'document_parsing_exception', 2, 1],
          [web, 'external', 'strict_dynamic_mapping_exception', 1, 4],
        ],
      );
      assert.deepEqual([isPartial, entries], [false, []]);
      assert.deepEqual(await idsLeft(operations, { type: 'web' }), ['id1', 'id2', 'id3']);
      assert.deepEqual(await idsLeft(operations, { tenant: 'other' }), []);
      assert.deepEqual(await idsLeft(operations, { output: 'external' }), ['id3']);
      assert.deepEqual(await idsLeft(operations, { error: 'STATUS] of document 2' }), ['id2']);
      assert.deepEqual(await idsLeft(operations, { since: '2026-12-01' }), ['id3']);
      assert.deepEqual(await idsLeft(operations, { id: 'id4' }), ['id4']);
      await assert.rejects(operations.list({ since: 'soon' }), OperationError);
      assert.partialDeepStrictEqual(audit[0], { action: 'dead-letters-shown', actor: 'console:anna', details: { type: 'web' } });
    },
  ],

  [
    `what is replayed is gone when it was taken, and what is refused again or not meant stays`,
    async (open) => {
      await using fixture = await open({ replayWindowMs: 0 });
      const { queue } = fixture;
      const site = siteOf(queue);
      const { operations, sender, audit, metrics } = site;
      await putLetters(queue, web, [testLetter(1), testLetter(2, { type: 'other' })], [testLetter(3), testLetter(4)]);
      sender.refuses = ({ id }) => id === 'id3';
      await operations.replay({ error: 'document_parsing_exception' }, by);
      assert.partialDeepStrictEqual(await ended(site), { state: 'done', counts: { gone: 2, stayed: 1, unreadable: 0 } });
      assert.deepEqual(sender.taken, ['id1', 'id4']);
      assert.deepEqual(await idsLeft(operations), ['id2', 'id3']);
      const [again] = await operations.show({ id: 'id3' }, by);
      assert.partialDeepStrictEqual(again, { tries: 2, type: 'still_wrong', atMs: testLetter(3).atMs });
      const [untouched] = await operations.show({ id: 'id2' }, by);
      assert.equal(untouched?.tries, 1);
      assert.partialDeepStrictEqual(audit[0], { action: 'dead-letters-replayed', outcome: 'success' });
      const text = expositionText(bookMetrics(metrics.families));
      assert.match(text, /tributary_hub_dead_letters_replayed_total\{tenant="shop",type="web",output="elasticsearch"\} 2/);
      measureLetters(metrics, await queue.status());
      assert.match(
        expositionText(bookMetrics(metrics.families)),
        /# TYPE tributary_dead_letters gauge\ntributary_dead_letters\{[^}]+\} 2\n/,
      );
      await queue.trim();
      assert.equal(
        (await queue.read({ topic: deadLetterTopic(web), partition: 0, afterSequence: 0 }, { entries: 9, bytes: 1e9 })).length,
        1,
      );
    },
  ],

  [
    `what has no output here stays, and one that is named and not there is refused`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const site = siteOf(queue);
      await putLetters(queue, web, [testLetter(1, { output: 'gone' }), testLetter(2)]);
      await assert.rejects(site.operations.replay({ output: 'gone' }, by), { code: 'unknown', message: /no output gone/ });
      await site.operations.replay({}, by);
      assert.partialDeepStrictEqual(await ended(site), { counts: { gone: 1, stayed: 1 } });
      const [kept] = await site.operations.show({}, by);
      assert.partialDeepStrictEqual(kept, { id: 'id1', tries: 1 });
    },
  ],

  [
    `nothing is dropped unless it is said that it may be lost, and then only what is meant`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const site = siteOf(queue);
      const { operations } = site;
      await putLetters(queue, web, [testLetter(1), testLetter(2, { type: 'other' })]);
      await putLetters(queue, app, [testLetter(3)]);
      await assert.rejects(operations.drop({}, by), { code: 'unconfirmed', message: /^3 documents, all there are, are dropped/ });
      await assert.rejects(operations.drop({ error: 'other' }, by), { code: 'unconfirmed', message: /^1 documents are/ });
      assert.equal(operations.job, undefined);
      await operations.drop({ error: 'other', yes: true }, by);
      assert.partialDeepStrictEqual(await ended(site), { verb: 'drop', state: 'done', counts: { gone: 1, stayed: 0 } });
      assert.deepEqual(await idsLeft(operations), ['id3', 'id1']);
      assert.deepEqual(site.sender.taken, []);
    },
  ],

  [
    `an entry that cannot be read is kept by every walk, and goes with a drop of all`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const site = siteOf(queue);
      const { operations } = site;
      await putLetters(queue, web, [testLetter(1)], [testLetter(2)]);
      const broken = { ...deadLetterEntry([testLetter(9)], 1), body: new Uint8Array([1, 2, 3]) };
      await queue.publish(deadLetterTopic(web), 0, broken);
      await putLetters(queue, web, [testLetter(3)]);
      assert.equal((await operations.list({})).unreadable, 1);
      await operations.replay({}, by);
      assert.partialDeepStrictEqual(await ended(site), { counts: { gone: 3, stayed: 0, unreadable: 1 } });
      assert.equal((await operations.list({})).unreadable, 1);
      await operations.drop({ yes: true }, by);
      await ended(site);
      assert.equal((await operations.list({})).unreadable, 0);
    },
  ],

  [
    `a replay to a destination that is away is stopped by hand, and nothing is lost`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const site = siteOf(queue);
      const { operations, sender } = site;
      await putLetters(queue, web, [testLetter(1)]);
      sender.isAway = true;
      await operations.replay({}, by);
      await assert.rejects(operations.drop({ yes: true }, by), { code: 'refused', message: /not done yet/ });
      assert.partialDeepStrictEqual(await operations.stop(by), { state: 'stopped', counts: { gone: 0 } });
      assert.equal(await operations.stop(by), undefined);
      sender.isAway = false;
      await operations.replay({}, by);
      assert.partialDeepStrictEqual(await ended(site), { state: 'done', counts: { gone: 1 } });
    },
  ],

  [
    `a replay that lost its lease passes nothing, and what it had sent is sent again under its id`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const site = siteOf(queue);
      const { operations, sender, audit } = site;
      await putLetters(queue, web, [testLetter(1)]);
      const place = { topic: deadLetterTopic(web), group: deadLetterGroup, partition: 0 };
      const send = sender.send.bind(sender);
      sender.send = async (letters, signal) => {
        const sent = await send(letters, signal);
        await queue.seekGroup(place, { kind: 'beginning' });
        return sent;
      };
      await operations.replay({}, by);
      assert.partialDeepStrictEqual(await ended(site), { state: 'failed', counts: { gone: 0 } });
      await eventually('the trail tells', () => audit.some(({ outcome }) => outcome === 'failure'));
      assert.deepEqual(await idsLeft(operations), ['id1']);
      sender.send = send;
      await operations.replay({}, by);
      await ended(site);
      assert.deepEqual([sender.taken, await idsLeft(operations)], [['id1', 'id1'], []]);
    },
  ],

  [
    `entries that were set aside come again for who leads into the archive, and not behind its back`,
    async (open) => {
      await using fixture = await open();
      const { queue } = fixture;
      const { operations, audit } = siteOf(queue);
      const front = frontTopic('acme/nginx');
      await queue.openStream(testStream(1));
      for (const from of [0, 10]) await queue.append(testBatch([{ stream: 1, from, to: from + 10 }]));
      const partition = queue.partitionOf(testStream(1).key.agentId);
      for (const group of ['pipeline', 'upstream:centre']) {
        await queue.ensureGroup({ topic: front, group, policy: { kind: 'blocking' }, from: 'beginning' });
        await queue.skipEntries({ topic: front, group, partition }, 1, `breaks ${group}`);
      }
      const { entries } = await operations.list({ tenant: 'acme' });
      assert.deepEqual(
        entries.map(({ group, reason, records, stays }) => [group, reason, records, stays]),
        [
          ['pipeline', 'breaks pipeline', 10, ''],
          [
            'upstream:centre',
            'breaks upstream:centre',
            10,
            'group pipeline had it: what it leads to would be in the archive twice',
          ],
        ],
      );
      assert.deepEqual((await operations.list({ tenant: 'shop' })).entries, []);
      const [first, second] = entries;
      assert.deepEqual(await operations.replayEntries({}, by), { done: 1, stayed: [{ id: second?.id, why: second?.stays }] });
      assert.deepEqual(await operations.replayEntries({ ids: [first?.id ?? ''] }, by), { done: 0, stayed: [] });
      await assert.rejects(operations.dropEntries({ error: 'breaks' }, by), {
        code: 'unconfirmed',
        message: /1 entries with 10 records/,
      });
      assert.deepEqual(await operations.dropEntries({ error: 'breaks', yes: true }, by), { done: 1, stayed: [] });
      assert.equal((await queue.status()).deadLetters, 0);
      assert.deepEqual(
        audit.map(({ action }) => action),
        ['dead-entries-replayed', 'dead-entries-replayed', 'dead-entries-dropped'],
      );
    },
  ],
];

export function deadLettersContract(implementation: string, open: OpenQueueFixture): void {
  for (const [name, body] of contract) test(`${implementation}: ${name}`, () => body(open));
}
