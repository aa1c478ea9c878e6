import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { decodeBlock } from '../../../processing/block.ts';
import { lineBlock } from '../../../testing/line-block.ts';
import { eventually } from '../../../testing/eventually.ts';
import { streamInfo } from '../../../testing/records.ts';
import { ObjectWriter } from '../object-writer.ts';
import { canMatch, type ArchiveQuery, type Pattern } from './query.ts';
import { folderArchive } from '../store/archive-spec.ts';
import { FolderStore } from '../store/folder-store.ts';
import { SearchRun, type SearchRequest, type SearchSummary } from './search-run.ts';
import { SearchThreads } from './search-threads.ts';
import { searchArchive } from './search.ts';
import { parseSearchTime } from './search-time.ts';

const noon = Date.UTC(2026, 10, 21, 12);
const folder = mkdtempSync(join(tmpdir(), 'tributary-search-'));
after(() => rmSync(folder, { recursive: true }));

interface TestObject {
  readonly name: string;
  readonly channel?: string;
  readonly host?: string;
  readonly encoding?: string;
  /** Blocks: receive time after noon, and their lines or records. */
  readonly blocks: readonly (readonly [offsetMs: number, records: string | readonly Buffer[]])[];
}

async function makeObject(made: TestObject): Promise<ArchiveObject> {
  const { channel = 'acme/app', host = 'web1', encoding = 'utf-8' } = made;
  const name = `${made.name}.csv.zst`;
  const writer = new ObjectWriter(new FolderStore(folder), name);
  for (const [offsetMs, records] of made.blocks) {
    const lines = typeof records === 'string' ? records.split(/(?<=\n)/).map((line) => Buffer.from(line)) : records;
    const stream = streamInfo(1, { host, encoding });
    const { body, inflatedBytes } = lineBlock({ receivedMs: noon + offsetMs, lines, stream });
    writer.addBlock(decodeBlock(body, inflatedBytes));
  }
  const place = { channel, partition: 0, first: 1, last: 2 };
  const figures = await writer.finish({ ...place, storeId: 'store', topic: `back/${channel}`, segments: [] });
  assert.ok(figures !== undefined, 'an object has records');
  return { name, ...place, ...figures };
}

async function found(
  request: Omit<SearchRequest, 'archive' | 'format'> & Partial<SearchRequest>,
): Promise<{ text: string; summary: SearchSummary }> {
  const results = searchArchive({ archive: folderArchive(folder), format: 'raw', ...request });
  const parts: Uint8Array[] = [];
  for (;;) {
    const next = await results.next();
    if (next.done === true) return { text: Buffer.concat(parts).toString(), summary: next.value };
    parts.push(next.value);
  }
}

suite('archive search', () => {
  test('a frame that comes while whoever asks does something else is not waited for', async () => {
    await using threads = new SearchThreads({ size: 1 });
    const object = await makeObject({ name: 'meanwhile', blocks: [[0, 'one\n']] });
    const run = new SearchRun({ archive: folderArchive(folder), objects: [object], query: {}, format: 'raw', threads });
    assert.equal(run.next(10), undefined);
    await eventually('the frame has come', () => run.summary().frames === 1, 120_000);
    await run.wait();
    assert.equal(run.next(10)?.rows, 1);
    await run.end();
  });

  test('results come in the order of receiving, over objects that overlap in any way', async () => {
    // Lines tell their time; every third object begins before the one before it ends.
    const objects: ArchiveObject[] = [];
    const expected: number[] = [];
    for (let index = 0; index < 12; index += 1) {
      const start = Math.floor(index / 3) * 500 + (index % 3) * 7;
      const times = Array.from({ length: 40 }, (_, step) => start + step * 13);
      expected.push(...times);
      objects.push(await makeObject({ name: `order-${index}`, blocks: times.map((time) => [time, `${time}\n`] as const) }));
    }
    for (const size of [1, 3]) {
      await using threads = new SearchThreads({ size });
      const { text, summary } = await found({ objects: objects.toReversed(), query: {}, threads });
      assert.equal(
        text,
        expected
          .toSorted((a, b) => a - b)
          .map((time) => `${time}\n`)
          .join(''),
      );
      assert.deepEqual([summary.matched, summary.records, summary.objectsRead, summary.problems], [480, 480, 12, []]);
    }
  });

  test('records of other encodings are found and shown as text', async () => {
    const texts = ['Grüße aus Köln\r\n', 'say "hi", ∀ quotes\n', 'preis 5 €\n'];
    const utf16le = texts.map((text) => Buffer.from(text, 'utf16le'));
    const utf16be = utf16le.map((bytes) => Buffer.from(bytes).swap16());
    const marked = [Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le[0] ?? Buffer.alloc(0)]), ...utf16le.slice(1)];
    const latin1 = texts.slice(0, 1).map((text) => Buffer.from(text, 'latin1'));
    const objects = [
      await makeObject({ name: 'le', encoding: 'utf-16le', blocks: [[0, marked]] }),
      await makeObject({ name: 'be', encoding: 'utf-16be', blocks: [[1, utf16be]] }),
      await makeObject({ name: 'latin1', encoding: 'ISO-8859-1', blocks: [[2, latin1]] }),
      await makeObject({ name: 'plain', blocks: [[3, `${texts[0]}Content-Encoding:gzip\n`]] }),
      await makeObject({
        name: 'unknown',
        encoding: 'x-nobody-knows',
        blocks: [[4, [Buffer.from('Köln as UTF-8 all the same\n')]]],
      }),
    ];
    const textOf = async (pattern: Pattern): Promise<string> => (await found({ objects, query: { pattern } })).text;
    const [first = '', second = '', third = ''] = texts;
    const unknown = 'Köln as UTF-8 all the same\n';
    assert.equal(
      (await found({ objects, query: {} })).text,
      `${texts.join('').repeat(2)}${first}${first}Content-Encoding:gzip\n${unknown}`,
    );
    assert.equal(await textOf({ kind: 'literal', text: 'Köln', ignoreCase: false }), `${first.repeat(4)}${unknown}`);
    assert.equal(await textOf({ kind: 'literal', text: 'KÖLN', ignoreCase: true }), `${first.repeat(4)}${unknown}`);
    assert.equal(await textOf({ kind: 'literal', text: '"hi", ∀', ignoreCase: false }), second.repeat(2));
    assert.equal(await textOf({ kind: 'literal', text: 'PREIS', ignoreCase: true }), third.repeat(2));
    assert.equal(await textOf({ kind: 'regex', text: '^Gr..e aus Köln$', ignoreCase: false }), first.repeat(4));
    assert.equal((await found({ objects, query: {}, format: 'count' })).summary.matched, 10);
    const json = (await found({ objects, query: { pattern: { kind: 'literal', text: '€', ignoreCase: false } }, format: 'json' }))
      .text;
    const [shown] = json.split('\n', 1).map((line): Record<string, unknown> => JSON.parse(line));
    assert.deepEqual([shown?.['raw'], shown?.['flags']], [third, ['encoding:utf-16le']]);
  });

  test('bytes that are no text of their encoding are shown as far as they are, and whole in JSON', async () => {
    const cutInHalf = Buffer.from('ab\n', 'utf16le').subarray(0, 5);
    const objects = [await makeObject({ name: 'half', encoding: 'utf-16le', blocks: [[0, [cutInHalf]]] })];
    assert.equal((await found({ objects, query: {} })).text, 'ab\ufffd');
    const json: Record<string, unknown> = JSON.parse((await found({ objects, query: {}, format: 'json' })).text);
    assert.equal(json['raw_base64'], cutInHalf.toString('base64'));
  });

  test('an object of many frames comes out whole', async () => {
    const line = `${'long '.repeat(40)}\n`;
    const text = Array.from({ length: 30_000 }, (_, index) => `${index} ${line}`).join('');
    const object = await makeObject({ name: 'many', blocks: [[0, text]] });
    assert.ok(object.frames.length > 3);
    const early = await makeObject({ name: 'early', blocks: [[-5, 'first\n']] });
    const late = await makeObject({ name: 'late', blocks: [[5, 'last\n']] });
    const { text: all } = await found({ objects: [late, object, early], query: {} });
    assert.ok(all === `first\n${text}last\n`);
    const { summary } = await found({
      objects: [object],
      query: { pattern: { kind: 'literal', text: '7 long', ignoreCase: false } },
      format: 'count',
    });
    assert.deepEqual([summary.matched, summary.records, summary.rawBytes], [3000, 30_000, text.length]);
  });

  test('only objects that can match are read', async () => {
    const objects = [
      await makeObject({ name: 'a', channel: 'acme/app', host: 'web1', blocks: [[0, 'a\n']] }),
      await makeObject({ name: 'b', channel: 'acme/nginx', host: 'web2', blocks: [[10, 'b\n']] }),
      await makeObject({ name: 'c', channel: 'other/app', host: 'web2', blocks: [[20, 'c\n']] }),
    ];
    const read = async (query: ArchiveQuery): Promise<readonly [string, number, number]> => {
      const { text, summary } = await found({ objects, query });
      return [text.replaceAll('\n', ''), summary.objectsRead, summary.objectsSkipped];
    };
    assert.deepEqual(await read({ tenant: 'acme' }), ['ab', 2, 1]);
    assert.deepEqual(await read({ type: 'app' }), ['ac', 2, 1]);
    assert.deepEqual(await read({ host: 'web2' }), ['bc', 2, 1]);
    assert.deepEqual(await read({ sinceMs: noon + 10 }), ['bc', 2, 1]);
    assert.deepEqual(await read({ untilMs: noon + 10 }), ['a', 1, 2]);
    assert.deepEqual(await read({ tenant: 'nobody' }), ['', 0, 3]);
    assert.ok(objects.every((object) => canMatch(object, {})));
  });

  test('a limit ends the search with the earliest records', async () => {
    const objects = await Promise.all(
      [0, 1, 2, 3].map((index) => makeObject({ name: `limit-${index}`, blocks: [[index * 10, `${index}a\n${index}b\n`]] })),
    );
    const { text, summary } = await found({ objects: objects.toReversed(), query: {}, limit: 3 });
    assert.deepEqual([text, summary.matched], ['0a\n0b\n1a\n', 3]);
  });

  test('an object that is missing, damaged or cut is told, and the others are searched', async () => {
    const good = await makeObject({ name: 'good', blocks: [[0, 'good\n']] });
    const missing = { ...good, name: 'missing.csv.zst' };
    const damaged = await makeObject({ name: 'damaged', blocks: [[1, 'damaged, by one byte\n']] });
    const bytes = readFileSync(join(folder, damaged.name));
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(join(folder, damaged.name), bytes);
    const cut = await makeObject({ name: 'cut', blocks: [[2, 'cut\n']] });
    truncateSync(join(folder, cut.name), cut.objectBytes - 1);
    const { text, summary } = await found({ objects: [good, missing, damaged, cut], query: {} });
    assert.equal(text, 'good\n');
    assert.deepEqual([summary.objectsRead, summary.objectsUnread, summary.objectsSkipped], [1, 3, 0]);
    assert.deepEqual(summary.problems.map((problem) => problem.slice(0, problem.indexOf(':'))).toSorted(), [
      'cut.csv.zst',
      'damaged.csv.zst',
      'missing.csv.zst',
    ]);
  });

  test('an object of many frames that is missing or cut is one problem', async () => {
    const line = `${'long '.repeat(40)}\n`;
    const object = await makeObject({ name: 'cut-many', blocks: [[0, line.repeat(30_000)]] });
    const { frames } = object;
    assert.ok(frames.length > 3);
    const missing = { ...object, name: 'missing-many.csv.zst' };
    truncateSync(join(folder, object.name), frames[2]?.offset ?? 0);
    const { summary } = await found({ objects: [object, missing], query: {}, format: 'count' });
    assert.equal(summary.problems.length, 2);
    const [cut = '', gone = ''] = summary.problems;
    assert.match(
      cut,
      new RegExp(`^cut-many\\.csv\\.zst: frame 3: the file ends .* \\(${frames.length - 2} of its ${frames.length} frames`),
    );
    assert.match(gone, /^missing-many\.csv\.zst: ENOENT[^(]*$/);
    assert.equal(summary.matched, (frames[0]?.records ?? 0) + (frames[1]?.records ?? 0));
    assert.deepEqual([summary.objectsRead, summary.objectsUnread], [0, 2]);
  });

  test('a search that nobody reads to its end gives its threads back', async () => {
    const objects = [await makeObject({ name: 'left', blocks: [[0, 'a\n']] })];
    for await (const part of searchArchive({ archive: folderArchive(folder), objects, query: {}, format: 'raw' })) {
      assert.equal(Buffer.from(part).toString(), 'a\n');
      break;
    }
  });
});

test('a moment may be a date, a time with or without zone, or how long ago', () => {
  assert.equal(parseSearchTime('2026-11-21', 0), Date.UTC(2026, 10, 21));
  assert.equal(parseSearchTime('2026-11-21T10:11', 0), Date.UTC(2026, 10, 21, 10, 11));
  assert.equal(parseSearchTime('2026-11-21 10:11:12.5Z', 0), Date.UTC(2026, 10, 21, 10, 11, 12, 500));
  assert.equal(parseSearchTime('2026-11-21T10:11:12+02:00', 0), Date.UTC(2026, 10, 21, 8, 11, 12));
  assert.equal(parseSearchTime('15m', noon), noon - 900_000);
  for (const text of ['', 'yesterday', '2026-13-01', '10:00', '2026-11-21T10', '15'])
    assert.equal(parseSearchTime(text, 0), undefined, text);
});
