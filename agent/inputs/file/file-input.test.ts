import assert from 'node:assert/strict';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { InputUnderTest } from '../testing/input-under-test.ts';

test('reads what is there and what is appended', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\ntwo\n');
  unit.start();
  await unit.expect('a.log', 'one\ntwo\n');
  await appendFile(unit.path('a.log'), 'three\nhalf a li');
  await unit.expect('a.log', 'one\ntwo\nthree\n');
  await appendFile(unit.path('a.log'), 'ne\n');
  await unit.expect('a.log', 'one\ntwo\nthree\nhalf a line\n');
  const [stream] = unit.sink.of(unit.path('a.log'));
  assert.equal(stream?.records, 4);
  assert.deepEqual(stream.attributes, {
    tenant: 'acme',
    type: 'app',
    host: 'here',
    encoding: 'utf-8',
    counted: false,
    labels: { site: 'one' },
  });
});

test('rotation by rename under writing loses nothing', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\n');
  unit.start();
  await unit.expect('a.log', 'one\n');
  await rename(unit.path('a.log'), unit.path('a.log.1'));
  await appendFile(unit.path('a.log.1'), 'two, by a writer that kept the file open\n');
  await writeFile(unit.path('a.log'), 'three\n');
  await unit.expect('a.log', 'one\ntwo, by a writer that kept the file open\nthree\n');
  await unit.expectEvent('fileRotated');
  assert.equal(unit.sink.of(unit.path('a.log')).length, 2);
});
