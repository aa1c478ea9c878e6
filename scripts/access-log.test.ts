import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessLog } from './access-log.ts';

const combined = /^[\d.]+ - \S+ \[21\/Nov\/2026:12:40:01 \+0000\] "(GET|POST) \S+ HTTP\/1\.1" \d{3} \d+ "[^"]+" "[^"]+"\n$/;

test('lines have the combined format, and the same seed gives the same lines', () => {
  const time = new Date('2026-11-21T12:40:01Z');
  const [one, two, other] = [new AccessLog(7), new AccessLog(7), new AccessLog(8)];
  let same = 0;
  for (let count = 0; count < 1000; count += 1) {
    const line = one.line(time);
    assert.match(line, combined);
    assert.equal(line, two.line(time));
    if (line === other.line(time)) same += 1;
  }
  assert.ok(same < 10, `${same} of 1000 lines of another seed are the same`);
});
