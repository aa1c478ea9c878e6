import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundRecord } from '../dashboard/api/search-shapes.ts';
import { exportHead, exportLine } from './export-text.ts';

const record: FoundRecord = {
  at: { agent: 'a1', stream: 'b2', position: 10, ordinal: 0 },
  tenant: 'shop',
  type: 'web',
  receivedMs: Date.UTC(2026, 10, 22, 12),
  eventMs: Date.UTC(2026, 10, 22, 11),
  host: 'web1',
  source: '/var/log/a, b.log',
  labels: { env: 'prod' },
  fields: { status: 500 },
  line: 'said "no", and\nwent',
  cut: false,
};

test('a record is a line of JSON, a row of CSV, or the line that it was', () => {
  assert.deepEqual(JSON.parse(exportHead('ndjson') + exportLine(record, 'ndjson')), record);
  assert.equal(exportHead('raw') + exportLine(record, 'raw'), 'said "no", and\nwent\n');
  const columns = exportHead('csv').trimEnd().split(',');
  const row = exportLine(record, 'csv');
  assert.equal(
    row,
    '2026-11-22T12:00:00.000Z,2026-11-22T11:00:00.000Z,shop,web,web1,"/var/log/a, b.log",a1,b2,10,0,"{""env"":""prod""}","{""status"":500}","said ""no"", and\nwent"\r\n',
  );
  const { eventMs: _, fields: __, ...plain } = record;
  const bare = exportLine({ ...plain, source: '', labels: {}, line: 'x' }, 'csv');
  assert.equal(bare.split(',').length, columns.length);
});
