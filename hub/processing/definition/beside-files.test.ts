import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BesideFiles, besideFileBytesMax } from './beside-files.ts';

test('a file is read once, and given along with its pipeline from then on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-beside-'));
  try {
    const place = { pipeline: 'app', step: 'script', folder };
    const file = join(folder, 'a.ts');
    writeFileSync(file, 'one');
    const first = new BesideFiles([]);
    assert.equal(first.read('a.ts', ['file'], place).toString(), 'one');
    assert.deepEqual(Object.keys(first.files), [file]);
    writeFileSync(file, 'two');
    const source = { name: 'app', file: join(folder, 'app.yaml'), text: '', files: first.files };
    assert.equal(new BesideFiles([source]).read('a.ts', ['file'], place).toString(), 'one');
    assert.equal(new BesideFiles([source]).read('a.ts', ['file'], { ...place, pipeline: 'other' }).toString(), 'two');
    writeFileSync(join(folder, 'large'), Buffer.alloc(besideFileBytesMax + 1));
    for (const [path, message] of [
      ['nosuch', /nosuch, which cannot be read \(ENOENT\)/],
      ['.', /which is no file/],
      ['large', /which is larger than/],
    ] as const) {
      const files = new BesideFiles([]);
      assert.throws(() => files.read(path, ['file'], place), { name: 'StepOptionError', path: ['file'], message });
      assert.equal(files.missing.length, 1);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
