import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFramer } from './create-framing.ts';
import { multilineOption } from './framing-options.ts';
import { frameAll } from './testing/frame-all.ts';

/** Between the records of a file of traces/: they are what these languages printed, and some that were seen elsewhere. */
const separator = '=====\n';

for (const preset of ['java', 'python', 'go', 'node'] as const) {
  const records = readFileSync(new URL(`testing/traces/${preset}.txt`, import.meta.url), 'latin1').split(separator);
  const framer = createFramer({ encoding: 'utf-8', multiline: multilineOption.parse({ preset }) });

  test(`${preset}: each trace is one record with the message before it`, () => {
    assert(records.length > 5, 'there are traces');
    const found = frameAll(framer, Buffer.from(records.join(''), 'latin1'), { recordBytesMax: 100_000 });
    assert.deepEqual(
      found.map(([text]) => text),
      records,
    );
  });

  test(`${preset}: lines that end with a carriage return too are joined alike`, () => {
    const windows = records.map((record) => record.replaceAll('\n', '\r\n'));
    const found = frameAll(framer, Buffer.from(windows.join(''), 'latin1'), { recordBytesMax: 100_000 });
    assert.deepEqual(
      found.map(([text]) => text),
      windows,
    );
  });

  test(`${preset}: plain messages stay apart`, () => {
    const plain = ['INFO fine\n', 'WARN: odd (really)\n', '\n', 'Error: x\n', '[x] y\n', 'a.b.c: d\n', '{"a":1}\n'];
    assert.equal(frameAll(framer, Buffer.from(plain.join(''))).length, plain.length);
  });
}
