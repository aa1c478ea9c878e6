import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { type Block, type BlockRestored, decodeBlock, encodeBlock, rawFrame } from '../../processing/block.ts';
import { streamInfo } from '../../testing/records.ts';
import { HeldRanges } from './held-ranges.ts';
import { parseManifest } from './manifest.ts';
import { ObjectWriter } from './object-writer.ts';
import { FolderStore } from './store/folder-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-object-'));
const store = new FolderStore(folder);
after(() => rmSync(folder, { recursive: true, force: true }));

/** An object of one line. */
async function write(name: string, line: string): Promise<void> {
  const writer = new ObjectWriter(store, name);
  writer.addBlock(blockOf(line));
  await writer.finish(basis);
}

const basis = { channel: 'acme/app', storeId: 's', topic: 'back/acme/app', partition: 0, first: 1, last: 1, segments: [] };

function blockOf(line: string, restored?: BlockRestored): Block {
  const { key, attributes, identity } = streamInfo(1);
  const { body, inflatedBytes } = encodeBlock({
    restored,
    receivedMs: Date.UTC(2026, 10, 21),
    streams: [{ key, attributes, path: identity.path, from: 0 }],
    columns: {
      stream: new Uint32Array(1),
      skipped: new Float64Array(1),
      ordinal: new Uint32Array(1),
      flags: new Uint8Array(1),
      length: Uint32Array.of(Buffer.byteLength(line)),
      event: undefined,
    },
    raw: rawFrame([Buffer.from(line)]),
  });
  return decodeBlock(body, inflatedBytes);
}

function text(name: string): string {
  return zstdDecompressSync(readFileSync(join(folder, name))).toString();
}

test('the same plan again writes the same over it; another content under the name is kept', async () => {
  const name = 'acme/app/store-0-1-1.csv.zst';
  await write(name, 'first\n');
  await write(name, 'first\n');
  assert.deepEqual(readdirSync(join(folder, 'acme/app')).toSorted(), ['store-0-1-1.csv.zst', 'store-0-1-1.json']);
  await write(name, 'after the store went back\n');
  assert.match(text(name), /after the store went back/);
  const kept = readdirSync(join(folder, 'acme/app')).filter((file) => file.includes('-kept-'));
  assert.equal(kept.length, 2);
  const object = kept.find((file) => file.endsWith('.csv.zst')) ?? '';
  assert.match(text(`acme/app/${object}`), /first/);
  assert.ok(existsSync(join(folder, 'acme/app', object.replace('.csv.zst', '.json'))));
});

test('what is restored into its own log type is passed over, and what is new to one is kept, whatever is held of its stream', async () => {
  const name = 'acme/app/store-0-2-2.csv.zst';
  const { key } = streamInfo(1);
  const held = new HeldRanges();
  held.add({ key, from: 0, to: 100 });
  const writer = new ObjectWriter(store, name, { held });
  writer.addBlock(blockOf('came again\n'));
  writer.addBlock(blockOf('is there\n', { isArchived: true }));
  assert.equal(await writer.finish(basis), undefined, 'nothing is left');
  const other = new ObjectWriter(store, name, { held });
  other.addBlock(blockOf('is there\n', { isArchived: true }));
  other.addBlock(blockOf('is new here\n', { isArchived: false }));
  assert.equal((await other.finish(basis))?.records, 1);
  assert.match(text(name), /is new here/);
  const manifest = parseManifest(readFileSync(join(folder, name.replace('.csv.zst', '.json')), 'utf8'));
  assert.deepEqual(manifest?.segments, [{ key, from: 0, to: 0 }], 'its site is known, and no position is claimed');
});
