import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { collapseRange, fallocate, punchHole } from './file-space.ts';

const run = promisify(execFile);
const skip = process.platform !== 'linux';

suite('space of a file', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-space-'));
  const path = join(folder, 'file');
  const blockBytes = 4096;
  after(() => rmSync(folder, { recursive: true }));

  function withBlocks(work: (fd: number) => void): string {
    writeFileSync(path, 'a'.repeat(blockBytes * 16) + 'b'.repeat(blockBytes) + 'end');
    const fd = openSync(path, 'r+');
    try {
      work(fd);
    } finally {
      closeSync(fd);
    }
    return readFileSync(path, 'latin1');
  }

  /** Not every file system can do it; what it says then is the second half of the contract. */
  function unlessUnsupported(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      assert.match(String(error), /EOPNOTSUPP|ENOTSUP/);
      return false;
    }
  }

  test('blocks at the beginning are taken out', () => {
    let done = false;
    const text = withBlocks((fd) => {
      done = unlessUnsupported(() => collapseRange(fd, { offset: 0, length: blockBytes * 16 }));
    });
    assert.equal(text, `${done ? '' : 'a'.repeat(blockBytes * 16)}${'b'.repeat(blockBytes)}end`);
  });

  test('a hole reads as zeros and takes no space', () => {
    let blocks = { before: 0, after: 0 };
    let done = false;
    const text = withBlocks((fd) => {
      fallocate(fd, 0, { offset: 0, length: blockBytes });
      blocks = { ...blocks, before: fstatSync(fd).blocks };
      done = unlessUnsupported(() => punchHole(fd, { offset: 0, length: blockBytes * 16 }));
      blocks = { ...blocks, after: fstatSync(fd).blocks };
    });
    assert.equal(text.slice(blockBytes * 16), `${'b'.repeat(blockBytes)}end`);
    assert.equal(text.slice(0, blockBytes * 16), (done ? '\0' : 'a').repeat(blockBytes * 16));
    if (done) assert.ok(blocks.after < blocks.before);
  });

  test('an error has the name of its number', () => {
    assert.throws(() => fallocate(-1, 0, { offset: 0, length: 1 }), { code: 'EBADF', syscall: 'fallocate' });
    withBlocks((fd) => {
      assert.throws(() => fallocate(fd, 0, { offset: 0, length: -1 }), { code: 'EINVAL' });
      writeSync(fd, 'x');
    });
  });

  test('nothing is said about an experimental feature, and other warnings still are', async () => {
    const module = new URL('./file-space.ts', import.meta.url).href;
    const script = `
      import { fallocate } from '${module}';
      try { fallocate(-1, 0, { offset: 0, length: 1 }); } catch (error) { console.log(error.code); }
      process.emitWarning('something else');
    `;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(stdout, 'EBADF\n');
    assert.match(stderr, /^\(node:\d+\) Warning: something else\n\(Use [^\n]*\n$/);
  });
});
