import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from './make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-folder-'));
after(() => rmSync(folder, { recursive: true }));

test('what is missing is made, and a folder that is there is good', () => {
  const path = join(folder, 'a', 'b', 'c');
  makeFolder(path, { mode: 0o700 });
  assert.equal(statSync(path).mode & 0o777, 0o700);
  makeFolder(path, { mode: 0o700 });
});

test('a file in the way is named', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'x', 'y')]) {
    assert.throws(() => makeFolder(path, { mode: 0o700 }), { code: 'FOLDER', message: `${file} is not a folder` });
  }
});

test('a link that leads nowhere is told', () => {
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'nowhere'), link);
  assert.throws(() => makeFolder(join(link, 'x'), { mode: 0o700 }), { code: 'FOLDER', message: /link cannot be made: EEXIST/ });
});

const skip = existsSync('/proc/self') ? false : 'this machine has no /proc';

test('a file system that takes no folders is told, not tried for ever', { skip }, () => {
  for (const path of ['/proc/x', '/proc/x/y/z']) {
    assert.throws(() => makeFolder(path, { mode: 0o700 }), { code: 'FOLDER', message: 'no folder can be made in /proc' });
  }
});
