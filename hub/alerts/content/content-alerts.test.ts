import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { contentAlert } from '../../config/content-alert-options.ts';
import { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { backTopic, type Entry } from '../../queue/queue.ts';
import { blockEntry } from '../../testing/line-block.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { Counting } from './content-alerts.ts';

const threads = new SearchThreads({ size: 1 });
after(() => threads[Symbol.asyncDispose]());
const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 22, 12);

/** The back topic of shop/web, of two partitions, and what is counted of it. */
class Site implements Disposable {
  readonly clock = new ManualClock(startMs);
  readonly findings = new RecordingFindings();
  readonly counting: Counting;
  readonly #entries: [Entry[], Entry[]] = [[], []];

  constructor(options: Readonly<Record<string, unknown>>) {
    const parsed = contentAlert.parse({ name: 'rule', tenant: 'shop', type: 'web', within: '5m', ...options });
    const entriesOf = (partition: number): Entry[] => this.#entries[partition === 0 ? 0 : 1];
    const queue = {
      partitions: 2,
      topics: () => [backTopic('shop/web')],
      measure: async () => ({ entries: [] }),
      read: async ({ partition, afterSequence }: { partition: number; afterSequence: number }, limits: { entries: number }) =>
        entriesOf(partition)
          .filter(({ sequence }) => sequence > afterSequence)
          .slice(0, limits.entries),
    };
    const { clock, findings } = this;
    this.counting = new Counting({ queue, findings, clock }, { options: [parsed], threads });
  }

  publish(partition: 0 | 1, lines: readonly string[]): void {
    const entries = this.#entries[partition];
    const block = { receivedMs: this.clock.now(), lines: lines.map((line) => Buffer.from(`${line}\n`)) };
    entries.push(blockEntry(block, { topic: backTopic('shop/web'), partition, sequence: entries.length + 1 }));
  }

  async reasons(): Promise<string[]> {
    await this.counting.look();
    return this.findings.all().map(({ subject, level, reason }) => `${level} ${subject} | ${reason}`);
  }

  [Symbol.dispose](): void {
    this.counting[Symbol.dispose]();
  }
}

test('so many records that fit within so long, in all partitions, are a finding while they are within it', async () => {
  using site = new Site({ kind: 'matches', text: 'refused', ignore_case: true, count: 3, level: 'red' });
  site.publish(0, ['connection REFUSED', 'all is well']);
  site.publish(1, ['refused', 'refuse']);
  assert.deepEqual(await site.reasons(), []);
  site.clock.advance(4 * minuteMs);
  site.publish(0, ['refused again']);
  const [reason = '', ...others] = await site.reasons();
  assert.match(reason, /^red shop\/web: rule \| shop\/web: 3 records that fit came within 5m: .* \(rule\)$/);
  assert.deepEqual(others, []);
  assert.equal((await site.reasons()).length, 1, 'nothing is counted twice');
  site.clock.advance(minuteMs + 20_000);
  assert.deepEqual(await site.reasons(), []);
});

test('patterns and queries on fields are those of the search', async () => {
  using regex = new Site({ kind: 'matches', regex: 'status=5\\d\\d' });
  regex.publish(0, ['status=404']);
  assert.deepEqual(await regex.reasons(), []);
  regex.publish(0, ['status=503']);
  assert.equal((await regex.reasons()).length, 1);
  using query = new Site({ kind: 'matches', query: 'host:nowhere' });
  query.publish(0, ['status=503']);
  assert.deepEqual(await query.reasons(), []);
  for (const wrong of [{ regex: '(' }, { query: 'a:[' }, {}, { text: 'a', regex: 'b' }])
    assert.ok(!contentAlert.safeParse({ kind: 'matches', name: 'x', tenant: 'shop', type: 'web', ...wrong }).success);
});

test('a jump and a fall against what is usual, once that is known', async () => {
  using site = new Site({ kind: 'rate', usual: '30m', above: 3, below: 0.2, least: 50 });
  const minute = async (count: number): Promise<readonly string[]> => {
    site.publish(
      0,
      Array.from({ length: count }, () => 'x'),
    );
    const reasons = await site.reasons();
    site.clock.advance(minuteMs);
    return reasons;
  };
  const said: string[] = [];
  for (let index = 0; index < 36; index += 1) said.push(...(await minute(20)));
  assert.equal(said.join('; '), '', 'it learns, and nothing is unusual');
  for (let index = 0; index < 4; index += 1) said.push(...(await minute(90)));
  assert.match(
    said.at(-1) ?? '',
    /yellow shop\/web: rule \| shop\/web: 400 records came within 5m, and usually 100 do: see what writes so many/,
  );
  said.length = 0;
  for (let index = 0; index < 40; index += 1) await minute(20);
  assert.deepEqual(await site.reasons(), []);
  for (let index = 0; index < 6; index += 1) said.push(...(await minute(0)));
  assert.match(said.at(-1) ?? '', /: 0 records came within 5m, and usually (?:97|100) do: see whether its source still writes/);
});
