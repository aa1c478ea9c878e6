import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FilePatterns } from '../inputs/file/file-patterns.ts';
import { fileInputOptions } from '../inputs/file/options.ts';
import { rotatedPath } from './naming.ts';
import { withoutCopies } from './without-copies.ts';

test('what a group makes of a file is read by no input, whichever way leads to its folder', (t) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tributary-copies-')));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'srv'));
  symlinkSync('srv', join(root, 'link'));
  for (const own of ['srv', 'link']) {
    for (const inputs of ['srv', 'link']) {
      const input = fileInputOptions.parse({ kind: 'file', paths: [join(root, inputs, 'app.log*')], type: 'app' });
      const group = { paths: [join(root, own, '*.log')], mode: 'copytruncate' as const };
      const [wanted] = withoutCopies([input], [group]);
      assert(wanted?.kind === 'file');
      const patterns = new FilePatterns(wanted);
      const copy = rotatedPath(join(root, inputs, 'app.log'), 0);
      assert.equal(patterns.matches(copy), false, `group in ${own}, input in ${inputs}`);
      assert.equal(patterns.matches(`${copy}.zst`), false);
      assert.equal(patterns.matches(join(root, inputs, 'app.log.1')), true);
      const [renaming] = withoutCopies([input], [{ ...group, mode: 'rename' }]);
      assert(renaming?.kind === 'file');
      assert.equal(new FilePatterns(renaming).matches(copy), true, 'a renamed file is read on');
    }
  }
});
