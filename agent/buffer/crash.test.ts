/**
 * Invariant 2 under kills: whatever the moment, a batch or a drop, the position it moves and
 * its token are all there, or none of them is.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { bufferFile } from './open-store.ts';
import { openTestBuffer } from './testing/test-buffer.ts';

const child = fileURLToPath(new URL('testing/crash-child.ts', import.meta.url));
const points = [
  'agent.buffer.before-insert:1',
  'agent.buffer.before-insert:7',
  'agent.buffer.before-commit:4',
  'agent.buffer.before-commit:9',
  'agent.buffer.after-commit:5',
  'agent.buffer.after-commit:12',
  'agent.buffer.before-delete:1',
  'agent.buffer.before-delete:5',
];

for (const point of points) {
  test(`killed at ${point}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-crash-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const killed = spawn(process.execPath, [child, folder, point], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [, signal] = await once(killed, 'exit');
    assert.equal(signal, 'SIGKILL');

    const own = await openTestBuffer({ folder });
    try {
      const [stream] = own.buffer.streams();
      const { outbox } = own.buffer;
      const ranges: [number, number][] = [];
      for (let batch = outbox.next('default/app', 0); batch !== undefined; batch = outbox.next('default/app', batch.id)) {
        const [segment] = batch.segments;
        assert.ok(segment !== undefined && batch.segments.length === 1);
        assert.equal(zstdDecompressSync(own.body(batch)).length, segment.to - segment.from);
        ranges.push([segment.from, segment.to]);
      }
      const first = ranges[0]?.[0] ?? Number.POSITIVE_INFINITY;
      ranges.push(...lossesIn(folder).filter(([from]) => from >= first));
      ranges.sort(([left], [right]) => left - right);
      for (const [index, [, to]] of ranges.entries()) {
        assert.equal(to, ranges[index + 1]?.[0] ?? stream?.position, 'batches and losses follow each other up to the position');
      }
      const position = stream?.position ?? 0;
      assert.equal(stream?.identity.token ?? '', position === 0 ? '' : `to ${position}`, 'the token is that of the position');
      assert.ok(!own.log.some(({ level }) => level === 'error'), 'nothing was set aside');
    } finally {
      await own.close();
    }
  });
}

function lossesIn(folder: string): [number, number][] {
  const db = openDatabase(bufferFile(folder), { readOnly: true });
  try {
    const rows = db.prepare("SELECT from_position, to_position FROM losses WHERE cause = 'dropped'").all();
    return rows.map((row) => [Number(row['from_position']), Number(row['to_position'])]);
  } finally {
    db.close();
  }
}
