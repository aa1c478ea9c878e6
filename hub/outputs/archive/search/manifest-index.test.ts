import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { manifestText } from '../manifest.ts';
import { FolderStore } from '../store/folder-store.ts';
import { manifestIndex } from './manifest-index.ts';
import type { ArchiveQuery } from './query.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-manifests-'));
const store = new FolderStore(folder);
after(() => rmSync(folder, { recursive: true }));

function put(channel: string, hour: string, file = 'ab-0-1-2'): string {
  const name = `${channel}/${hour}/${file}.csv.zst`;
  const [receivedMsMin, receivedMsMax] = [0, 1];
  const range = { receivedMsMin, receivedMsMax, eventMsMin: undefined, eventMsMax: undefined };
  const figures = { records: 1, rawBytes: 1, objectBytes: 1, sha256: 'x', hosts: ['web1'], frames: [] };
  const basis = { channel, storeId: 'ab', topic: `back/${channel}`, partition: 0, first: 1, last: 2, segments: [] };
  const path = join(folder, `${channel}/${hour}/${file}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, manifestText({ ...basis, ...range, ...figures, name }).text);
  return name;
}

async function names(query: ArchiveQuery): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of manifestIndex(store, query)) found.push(name);
  return found.toSorted();
}

test('only hours that can hold an answer are looked into, and what is no manifest is passed over', async () => {
  const early = put('acme/app', '2026/11/21/10');
  const late = put('acme/app', '2026/11/21/11');
  const next = put('acme/web', '2027/01/01/00');
  writeFileSync(join(folder, 'acme/app/2026/11/21/10/other.json'), '{"version":9}');
  writeFileSync(join(folder, 'acme/app/2026/11/21/10/half.json'), '{"vers');
  mkdirSync(join(folder, 'acme/app/lost+found'), { recursive: true });
  assert.deepEqual(await names({}), [early, late, next]);
  assert.deepEqual(await names({ type: 'web' }), [next]);
  assert.deepEqual(await names({ tenant: 'other' }), []);
  const eleven = Date.UTC(2026, 10, 21, 11);
  assert.deepEqual(await names({ sinceMs: eleven }), [late, next]);
  // What was received before may have waited for its pipeline.
  assert.deepEqual(await names({ sinceMs: eleven, untilMs: eleven + 1 }), [late, next]);
});
