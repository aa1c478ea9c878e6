import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStrace } from './strace.ts';

const recorded = String.raw`100 pwrite64(20</tmp/x/hub.db-wal>, "\x61\x62", 2, 0) = 2
101 fdatasync(20</tmp/x/hub.db-wal> <unfinished ...>
100 writev(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{iov_base="\x82\x01", iov_len=2}, {iov_base="\x63", iov_len=1}], 2) = 3
101 <... fdatasync resumed>)             = 0
101 +++ exited with 0 +++
`;

test('calls have the bytes they wrote, and the places where they began and ended', () => {
  const calls = parseStrace(recorded);
  assert.deepEqual(
    calls.map(({ name, target, begin, end, result }) => ({ name, target, begin, end, result })),
    [
      { name: 'pwrite64', target: '/tmp/x/hub.db-wal', begin: 0, end: 0, result: 2 },
      { name: 'writev', target: 'TCP:[127.0.0.1:1->127.0.0.1:2]', begin: 2, end: 2, result: 3 },
      { name: 'fdatasync', target: '/tmp/x/hub.db-wal', begin: 1, end: 3, result: 0 },
    ],
  );
  assert.deepEqual([...(calls[1]?.data ?? [])], [0x82, 1, 0x63]);
});
