/** Searching by HTTP what an agent sent: in the archive, on its way there, and as it comes. */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import { SearchApi, tailedRecords } from '../harness/search-api.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

test(
  'what an agent sent is found on its way, in the archive and as it comes, by who may see it',
  { timeout: 120_000 },
  async () => {
    const http = { listeners: { http: { address: '127.0.0.1:0' } }, outputs: [{ kind: 'archive', roll_interval: '30m' }] };
    await using stack = await Stack.make({ hub: http });
    const own = await SearchApi.of(stack.hub, 'default');
    const other = await SearchApi.of(stack.hub, 'bank');

    await writeFile(stack.log('old.txt'), Array.from({ length: 30 }, (_, index) => `old line ${index}\n`).join(''));
    const shipped = await stack.ship('--until', 'archived', stack.log('old.txt'));
    assert.equal(shipped.code, 0, shipped.stderr);
    assert.deepEqual(await own.lines('text=old&limit=3'), ['old line 29', 'old line 28', 'old line 27']);

    const cut = new AbortController();
    const tail = await own.fetch('/api/v1/tail?text=new', cut.signal);
    assert.equal(tail.status, 200);
    assert.match(String(tail.headers.get('content-type')), /^text\/event-stream/);
    await stack.agent.start();
    await appendFile(stack.log('app.log'), 'new line 1\nanother one\nnew line 2\n');
    const seen = await tailedRecords(tail, 2);
    assert.deepEqual(
      seen.map((record) => at(record, 'line')),
      ['new line 1', 'new line 2'],
    );
    cut.abort();

    // The archive writes nothing of it for half an hour.
    const newest = await until('the new lines are found', async () => {
      const lines = await own.lines('regex=line%20%5B0-9%5D%2B&limit=3');
      return lines.includes('new line 2') && lines;
    });
    assert.deepEqual(newest.slice(0, 2), ['new line 2', 'new line 1']);

    const first = await own.get('/api/v1/search?query=old%20OR%20new&limit=20');
    const second = await own.lines(`query=old%20OR%20new&limit=20&after=${textAt(first, 'next')}`);
    const all = [...listAt(first, 'records').map((record) => at(record, 'line')), ...second];
    assert.equal(new Set(all).size, all.length);
    assert.equal(all.length, 32);

    const exported = await own.fetch('/api/v1/search/export?format=raw&order=oldest&text=old');
    assert.equal(await exported.text(), await readFile(stack.log('old.txt'), 'utf8'));
    const streamed = await own.fetch('/api/v1/search?text=old&limit=2', undefined, 'application/x-ndjson');
    const told = (await streamed.text()).trimEnd().split('\n').map(parseJson);
    assert.deepEqual(
      told.map((line) => at(line, 'record', 'line') ?? at(line, 'end', 'store')),
      ['old line 29', 'old line 28', 'archive'],
    );
    const histogram = await own.get('/api/v1/search/histogram?from=now-1h&text=old%20line');
    assert.equal(
      listAt(histogram, 'counts').reduce<number>((sum, count) => sum + Number(count), 0),
      30,
    );

    const record = seen[0];
    const place = ['agent', 'stream', 'position', 'ordinal'].map((name) => `${name}=${String(at(record, 'at', name))}`).join('&');
    const around = `/api/v1/search/context?tenant=default&type=app&received=${String(at(record, 'receivedMs'))}&${place}`;
    const context = await own.get(around);
    assert.equal(at(context, 'record', 'line'), 'new line 1');
    assert.deepEqual(
      listAt(context, 'after').map((found) => at(found, 'line')),
      ['another one', 'new line 2'],
    );

    assert.deepEqual(await other.lines('text=old'), []);
    assert.deepEqual(await other.lines('tenant=default&text=old'), []);
    assert.deepEqual(listAt(await other.get(around), 'after'), []);
  },
);
