import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';

const files = 1000;

test('a thousand files: few handles, little memory, and each line once', async () => {
  await using unit = await InputUnderTest.make();
  await mkdir(unit.path('x'));
  const name = (at: number): string => unit.path(`x/${at}.log`);
  for (let at = 0; at < files; at += 1) await writeFile(name(at), `first of ${at}\n`);
  const memory = process.memoryUsage().arrayBuffers;
  unit.start({ paths: [unit.path('x/*.log')], open_files_max: 50, scan_interval: 3_600_000, max_line_bytes: 1024 * 1024 });
  let handlesMax = 0;
  let memoryMax = 0;
  await eventually('all are read', () => {
    handlesMax = Math.max(handlesMax, readdirSync('/proc/self/fd').length);
    memoryMax = Math.max(memoryMax, process.memoryUsage().arrayBuffers - memory);
    return unit.sink.pushes === files;
  });
  for (let at = 0; at < files; at += 97) await appendFile(name(at), 'second\n');
  await eventually('what was appended is read', () => unit.sink.pushes === files + Math.ceil(files / 97));
  for (let at = 0; at < files; at += 1) {
    assert.equal(unit.sink.text(name(at)), at % 97 === 0 ? `first of ${at}\nsecond\n` : `first of ${at}\n`);
  }
  // Besides its own: the runner's, and those that are identified just now.
  assert(handlesMax < 50 + 32 + 40, `${handlesMax} handles`);
  assert(memoryMax < 16 * 1024 * 1024, `${memoryMax} bytes of buffers`);
});
