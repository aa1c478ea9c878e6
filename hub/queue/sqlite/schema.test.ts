import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { testAttributes, testBatch, testIdentity, testKey, testMark, testStream } from '../fixture.ts';
import { databaseFile } from './database-file.ts';
import { schemaSteps } from './schema.ts';
import { openSqliteFixture } from './sqlite-fixture.ts';

/** A store as the first version of the schema left it: a batch that was trimmed, and a gap behind it. */
function storeOfVersion1(folder: string): void {
  const file = databaseFile(folder);
  const db = openDatabase(file, { logBytesMax: 1 << 20 });
  migrate(db, file, schemaSteps.slice(0, 1));
  const { siteId, agentId, streamId } = testKey(1);
  db.prepare(`
    INSERT INTO stream (id, site_id, agent_id, stream_id, channel, attributes, identity, origin, start, held, held_mark, archived)
    VALUES (1, ?, ?, ?, 'acme/nginx', ?, ?, '{"siteId":"","agentId":""}', 0, 30, ?, 0)`).run(
    siteId,
    agentId,
    streamId,
    JSON.stringify(testAttributes()),
    JSON.stringify(testIdentity('/var/log/1.log')),
    testMark(30),
  );
  db.exec(`
    INSERT INTO gap (stream, first, until, cause, at_ms) VALUES (1, 20, 30, 'dropped', 1);
    INSERT INTO topic (id, name, partition, last_sequence, received_records, received_bytes) VALUES (1, 'front/acme/nginx', 0, 1, 20, 4);
    INSERT INTO reader_group (topic, name, policy, cursor, passed_records, passed_bytes) VALUES (1, 'g', 'blocking', 0, 0, 0);
    INSERT INTO topic (id, name, partition) VALUES (2, 'back/acme/nginx', 0);
    INSERT INTO dead_letter (topic, group_name, sequence, reason, at_ms, received_ms, created_ms, format, records, inflated_bytes,
      segments, trims, body)
    VALUES (2, 'archive', 1, 'no block', 1, 1, 1, 'block', 7, 1, '[]', '[]', x'01'), (1, 'pipeline', 1, 'no batch', 1, 1, 1, 'batch', 9, 1,
      '[]', '[]', x'01');
    INSERT INTO entry (topic, sequence, received_ms, created_ms, format, records, inflated_bytes, body_bytes,
      records_through, bytes_through, segments, trims, body)
    VALUES (1, 1, 5, 4, 'batch', 20, 20, 4, 20, 4, '[[1,0,20,"","${testMark(20)}",20,20,[],[],[]]]', '[[0,5]]', x'01020304')`);
  db.close();
}

test('a store of the version before is brought up to date and goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-schema-'));
  try {
    storeOfVersion1(folder);
    await using fixture = await openSqliteFixture({}, folder);
    const { queue } = fixture;
    const entries = await queue.read({ topic: 'front/acme/nginx', partition: 0, afterSequence: 0 }, { entries: 9, bytes: 1e9 });
    assert.equal(entries.length, 1);
    assert.partialDeepStrictEqual(entries[0], {
      trims: [{ segment: 0, from: 5, to: 0 }],
      hops: [],
      checksum: checksumOf(Uint8Array.of(1, 2, 3, 4)),
      bodyBytes: 4,
    });
    assert.partialDeepStrictEqual((await queue.status()).groups, [{ group: 'g', paused: false, entries: 1 }]);
    assert.partialDeepStrictEqual((await queue.status()).archived, [{ channel: 'acme/nginx', objects: 0, rejected: 7 }]);
    assert.equal((await queue.openStream(testStream(1))).held, 30);
    assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 20, to: 40 }])), { kind: 'stored' });
    assert.partialDeepStrictEqual((await queue.status()).channels, [{ lost: 0, late: 10, positions: 40 }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
