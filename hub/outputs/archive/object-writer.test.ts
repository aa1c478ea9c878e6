import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { decodeBlock, encodeBlock, rawFrame } from '../../processing/block.ts';
import { streamInfo } from '../../testing/records.ts';
import { ObjectWriter } from './object-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-object-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** An object of one line. */
function write(name: string, line: string): void {
  const { key, attributes, identity } = streamInfo(1);
  const { body, inflatedBytes } = encodeBlock({
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
  const writer = new ObjectWriter(folder, name);
  writer.addBlock(decodeBlock(body, inflatedBytes));
  writer.finish({ channel: 'acme/app', storeId: 's', topic: 'back/acme/app', partition: 0, first: 1, last: 1, segments: [] });
}

function text(name: string): string {
  return zstdDecompressSync(readFileSync(join(folder, name))).toString();
}

test('the same plan again writes the same over it; another content under the name is kept', () => {
  const name = 'acme/app/store-0-1-1.csv.zst';
  write(name, 'first\n');
  write(name, 'first\n');
  assert.deepEqual(readdirSync(join(folder, 'acme/app')).toSorted(), ['store-0-1-1.csv.zst', 'store-0-1-1.json']);
  write(name, 'after the store went back\n');
  assert.match(text(name), /after the store went back/);
  const kept = readdirSync(join(folder, 'acme/app')).filter((file) => file.includes('-kept-'));
  assert.equal(kept.length, 2);
  const object = kept.find((file) => file.endsWith('.csv.zst')) ?? '';
  assert.match(text(`acme/app/${object}`), /first/);
  assert.ok(existsSync(join(folder, 'acme/app', object.replace('.csv.zst', '.json'))));
});
