/** The archive's engine over real objects and a pretended queue: pages, what waits for the archive, counts, context. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { objectName } from '../../outputs/archive/object-name.ts';
import { ObjectWriter } from '../../outputs/archive/object-writer.ts';
import { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { folderArchive } from '../../outputs/archive/store/archive-spec.ts';
import { FolderStore } from '../../outputs/archive/store/folder-store.ts';
import { decodeBlock } from '../../processing/block.ts';
import { type ArchiveObject, backTopic, channelOf, type Entry } from '../../queue/queue.ts';
import { blockEntry } from '../../testing/line-block.ts';
import { streamInfo } from '../../testing/records.ts';
import { type AskedFor, wantedOf } from '../wanted.ts';
import type { Page, SearchEnd } from '../search-store.ts';
import { ArchiveSearch, type ArchiveSearchParts } from './archive-search.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const storeId = 'f'.repeat(32);
const folder = mkdtempSync(join(tmpdir(), 'tributary-archive-search-'));
after(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;
const threads = new SearchThreads({ size: 1 });
after(() => threads[Symbol.asyncDispose]());

interface Batch {
  readonly channel: string;
  /** After noon. */
  readonly atMs: number;
  readonly lines: readonly string[];
}

/** Batches of channels, of which the first are in the archive and the others still in the queue. */
class Site {
  readonly #entries = new Map<string, Entry[]>();
  readonly #objects: ArchiveObject[] = [];
  readonly #positions = new Map<string, number>();
  readonly search: ArchiveSearch;

  constructor() {
    const queue: ArchiveSearchParts['queue'] = {
      storeId,
      partitions: 1,
      generationOf: () => 0,
      topics: () => [...this.#entries.keys()].map((channel) => backTopic(channel)),
      measure: async ({ topic, afterSequence }) => ({ entries: this.#of(topic, afterSequence) }),
      read: async ({ topic, afterSequence }, { entries }) => this.#of(topic, afterSequence).slice(0, entries),
    };
    const archive = { name: 'archive', spec: folderArchive(folder), state: 'running' };
    this.search = new ArchiveSearch({ archive, queue, index: async () => [...this.#objects], threads });
  }

  publish({ channel, atMs, lines }: Batch): void {
    const entries = this.#entries.getOrInsertComputed(channel, () => []);
    const from = this.#positions.get(channel) ?? 0;
    const stream = streamInfo(1, { host: channel === 'shop/web' ? 'web1' : 'app1' });
    const raw = lines.map((line) => Buffer.from(`${line}\n`));
    this.#positions.set(channel, from + raw.reduce((sum, line) => sum + line.length, 0));
    const block = { receivedMs: noon + atMs, lines: raw, stream, from };
    entries.push(blockEntry(block, { topic: backTopic(channel), partition: 0, sequence: entries.length + 1 }));
  }

  /** All that came of a channel since, as one object. */
  async archive(channel: string): Promise<void> {
    const done = Math.max(0, ...this.#objects.filter((object) => object.channel === channel).map(({ last }) => last));
    const entries = this.#of(backTopic(channel), done);
    const [first, last] = [entries[0]?.sequence ?? 0, entries.at(-1)?.sequence ?? 0];
    const place = { channel, partition: 0, first, last };
    const name = objectName({ ...place, storeId, receivedMs: noon, compression: 'zstd', encrypted: false });
    const writer = new ObjectWriter(new FolderStore(folder), name);
    for (const { body, inflatedBytes } of entries) writer.addBlock(decodeBlock(body, inflatedBytes));
    const figures = await writer.finish({ ...place, storeId, topic: backTopic(channel), segments: [] });
    assert.ok(figures !== undefined);
    this.#objects.push({ name, ...place, ...figures });
  }

  async page(asked: AskedFor, page: Partial<Page> = {}): Promise<{ readonly found: FoundRecord[]; readonly end: SearchEnd }> {
    const steps = this.search.records(wanted(asked), { limit: 1000, ...page }, never);
    const found: FoundRecord[] = [];
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return { found, end: step.value };
      if ('records' in step.value) found.push(...step.value.records);
    }
  }

  async lines(asked: AskedFor): Promise<string[]> {
    return (await this.page(asked)).found.map(({ line }) => line);
  }

  #of(topic: string, afterSequence: number): Entry[] {
    return (this.#entries.get(channelOf(topic)) ?? []).filter(({ sequence }) => sequence > afterSequence);
  }
}

function wanted(asked: AskedFor): ReturnType<typeof wantedOf> {
  return wantedOf(asked, { visible: undefined, nowMs: noon });
}

/** Two channels, batches that overlap in time and share milliseconds; the last of each wait for the archive. */
async function filled(): Promise<Site> {
  const site = new Site();
  for (let batch = 0; batch < 6; batch += 1) {
    for (const channel of ['shop/web', 'bank/app']) {
      const lines = Array.from({ length: 5 }, (_, line) => `${channel} batch ${batch} line ${line}`);
      site.publish({ channel, atMs: Math.floor(batch / 2) * 10, lines });
    }
    if (batch === 1) await site.archive('shop/web');
    if (batch === 3) await site.archive('shop/web');
    if (batch === 3) await site.archive('bank/app');
  }
  return site;
}

suite('search of an archive and what waits for it', () => {
  test('all of it is found, from either end, whatever is archived already', async () => {
    const site = await filled();
    const oldest = await site.lines({ order: 'oldest' });
    assert.equal(oldest.length, 60);
    assert.deepEqual(oldest.slice(0, 2), ['bank/app batch 0 line 0', 'bank/app batch 0 line 1']);
    const newest = await site.lines({});
    assert.deepEqual(newest.slice(0, 2), ['bank/app batch 5 line 4', 'bank/app batch 5 line 3']);
    assert.deepEqual(newest.toSorted(), oldest.toSorted());
    const web = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('shop'));
    assert.deepEqual(web(newest), web(oldest).toReversed());
    assert.deepEqual(await site.lines({ tenant: 'shop', text: 'BATCH 5 line 0', ignore_case: true }), [
      'shop/web batch 5 line 0',
    ]);
    assert.deepEqual(await site.lines({ query: 'host:app1 "line 4"', from: String(noon + 20) }), [
      'bank/app batch 5 line 4',
      'bank/app batch 4 line 4',
    ]);
    assert.deepEqual(await site.lines({ host: 'nobody' }), []);
    site.publish({ channel: 'shop/platform', atMs: 5, lines: ['{"cpu":1}'] });
    assert.equal((await site.lines({})).length, 60);
    assert.deepEqual(await site.lines({ type: 'platform' }), ['{"cpu":1}']);
    site.publish({ channel: 'shop/platform', atMs: 6, lines: ['{"system":{"cpu":{"pct":0.5}}}', 'no json'] });
    await site.archive('shop/platform');
    const { found } = await site.page({ type: 'platform', query: 'system.cpu.pct:>0.4' });
    assert.deepEqual(
      found.map(({ fields }) => fields),
      [{ system: { cpu: { pct: 0.5 } } }],
    );
  });

  for (const order of ['newest', 'oldest'] as const) {
    test(`pages of any size are together what one page is, ${order} first`, async () => {
      const site = await filled();
      const whole = await site.lines({ order });
      for (const limit of [7, 25]) {
        const lines: string[] = [];
        let next: string | undefined;
        do {
          const { found, end } = await site.page({ order }, { limit, after: next });
          lines.push(...found.map(({ line }) => line));
          next = end.next;
        } while (next !== undefined && lines.length < 100);
        assert.deepEqual(lines, whole, `${limit} at a time`);
      }
    });
  }

  test('a page goes on where the one before it ended, though its lines were archived meanwhile and more came', async () => {
    const site = await filled();
    const first = await site.page({}, { limit: 7 });
    for (const channel of ['shop/web', 'bank/app']) await site.archive(channel);
    site.publish({ channel: 'shop/web', atMs: 99, lines: ['quite new'] });
    const second = await site.page({}, { after: first.end.next });
    const all = [...first.found, ...second.found].map(({ line }) => line);
    assert.equal(all.length, 60);
    assert.equal(new Set(all).size, 60);
    await assert.rejects(site.page({ text: 'other' }, { after: first.end.next }), { code: 'stale-page' });
    await assert.rejects(site.page({}, { after: 'nonsense' }), { code: 'stale-page' });
  });

  test('where rows are not in the order of time none is lost between pages', async () => {
    const site = new Site();
    for (const [index, atMs] of [50, 10, 40, 5, 30, 60, 20].entries())
      site.publish({ channel: 'shop/web', atMs, lines: [`a${index}`, `b${index}`] });
    site.publish({ channel: 'bank/app', atMs: 35, lines: ['other 1', 'other 2'] });
    await site.archive('shop/web');
    for (const order of ['newest', 'oldest'] as const) {
      const lines: string[] = [];
      let next: string | undefined;
      do {
        const { found, end } = await site.page({ order }, { limit: 3, after: next });
        lines.push(...found.map(({ line }) => line));
        next = end.next;
      } while (next !== undefined && lines.length < 50);
      assert.equal(lines.length, 16, order);
      assert.equal(new Set(lines).size, 16, order);
    }
  });

  test('a record is told with its place, and what stands around it', async () => {
    const site = await filled();
    const { found } = await site.page({ tenant: 'shop', text: 'batch 2 line 0' });
    const [record] = found;
    assert.deepEqual(record && [record.type, record.host, record.receivedMs - noon, record.cut], ['web', 'web1', 10, false]);
    assert.ok(record !== undefined);
    const { tenant, type, at, receivedMs } = record;
    const around = await site.search.context({ tenant, type, ...at, receivedMs, before: 2, after: 6 }, never);
    assert.deepEqual(around.record, record);
    assert.deepEqual(
      [around.before, around.after].map((lines) => lines.map(({ line }) => line.replace('shop/web batch ', ''))),
      [
        ['1 line 3', '1 line 4'],
        ['2 line 1', '2 line 2', '2 line 3', '2 line 4', '3 line 0', '3 line 1'],
      ],
    );
  });

  test('counts by time, tenant, log type and host are those of what is found', async () => {
    const site = await filled();
    const buckets = { fromMs: noon, stepMs: 10, count: 4 };
    assert.deepEqual(await site.search.histogram(wanted({}), buckets, never), {
      fromMs: noon,
      stepMs: 10,
      counts: [20, 20, 20, 0],
      approximate: false,
    });
    assert.deepEqual(
      (await site.search.histogram(wanted({ text: 'line 1', tenant: 'shop' }), buckets, never)).counts,
      [2, 2, 2, 0],
    );
    const { facets } = await site.search.facets(wanted({ query: '"line 1" OR (tenant:shop "line 2")' }), 10, never);
    assert.deepEqual(facets, [
      {
        name: 'tenant',
        values: [
          { value: 'shop', count: 12 },
          { value: 'bank', count: 6 },
        ],
      },
      {
        name: 'type',
        values: [
          { value: 'web', count: 12 },
          { value: 'app', count: 6 },
        ],
      },
      {
        name: 'host',
        values: [
          { value: 'web1', count: 12 },
          { value: 'app1', count: 6 },
        ],
      },
    ]);
  });

  test('a search that is broken off ends, and so does one of nothing', async () => {
    const site = await filled();
    const cut = new AbortController();
    cut.abort();
    const steps = site.search.records(wanted({}), { limit: 10 }, cut.signal);
    const { done, value } = await steps.next();
    assert.equal(done, true);
    assert.match(value.problems.join(' '), /broken off/, 'nobody takes it for all there is');
    const buckets = { fromMs: noon, stepMs: 10, count: 4 };
    await assert.rejects(site.search.histogram(wanted({}), buckets, cut.signal), { code: 'store-away' });
    await assert.rejects(site.search.facets(wanted({}), 10, cut.signal), { code: 'store-away' });
    assert.deepEqual((await new Site().page({})).found, []);
    assert.deepEqual((await site.page({})).end.problems, []);
  });

  test('who may look at one tenant gets nothing of another one, whatever is asked for', async () => {
    const site = await filled();
    site.publish({ channel: 'bank/platform', atMs: 5, lines: ['{"cpu":1}'] });
    const asked: readonly AskedFor[] = [
      {},
      { tenant: 'bank' },
      { tenant: 'shop,bank' },
      { type: 'app' },
      { type: 'platform,web' },
      { host: 'app1' },
      { host: 'app1,web1', order: 'oldest' },
      { text: 'bank' },
      { regex: 'bank|shop' },
      { query: 'tenant:bank OR host:app1' },
      { query: 'NOT tenant:shop' },
      { query: 'line:*' },
    ];
    const buckets = { fromMs: noon, stepMs: 10, count: 4 };
    for (const one of asked) {
      const own = wantedOf(one, { visible: ['shop'], nowMs: noon });
      const lines: string[] = [];
      for await (const step of site.search.records(own, { limit: 1000 }, never))
        if ('records' in step) lines.push(...step.records.map(({ tenant, line }) => `${tenant} ${line}`));
      const name = JSON.stringify(one);
      assert.ok(
        lines.every((line) => line.startsWith('shop shop/web')),
        name,
      );
      const { counts } = await site.search.histogram(own, buckets, never);
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        lines.length,
        name,
      );
      const { facets } = await site.search.facets(own, 10, never);
      assert.doesNotMatch(JSON.stringify(facets), /bank|app/, name);
    }
  });
});
