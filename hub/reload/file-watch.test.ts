import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FileWatch } from './file-watch.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each sleep is over at once; before it `during` happens, by the number of the sleep. */
async function changesOf(names: readonly string[], during: readonly (() => void)[]): Promise<number> {
  const stop = new AbortController();
  const next = during.values();
  let changes = 0;
  const watch = new FileWatch({
    paths: () => names.map((name) => join(folder, name)),
    changed: async () => void (changes += 1),
    clock: {
      now: () => Date.now() + 10_000,
      monotonic: () => 0,
      sleep: async () => {
        const { value, done } = next.next();
        if (done === true) stop.abort(new Error('over'));
        stop.signal.throwIfAborted();
        value?.();
      },
    },
  });
  await watch.run(stop.signal);
  return changes;
}

const nothing = (): void => undefined;

test('what is written, comes, goes or is put in place by a link is told once it stays the same', async () => {
  const file = join(folder, 'a');
  assert.equal(await changesOf(['a'], [nothing, nothing]), 0);
  assert.equal(await changesOf(['a'], [() => writeFileSync(file, 'one'), nothing, nothing, nothing]), 1);
  const writing = ['two', 'two an', 'two and'].map((text) => () => writeFileSync(file, text));
  assert.equal(await changesOf(['a'], [...writing, nothing, nothing, nothing]), 1);
  writeFileSync(join(folder, 'new'), 'three');
  assert.equal(await changesOf(['a'], [() => renameSync(join(folder, 'new'), file), nothing, nothing]), 1);
  assert.equal(await changesOf(['a'], [() => rmSync(file), nothing, nothing]), 1);
  writeFileSync(join(folder, 'b'), 'four');
  assert.equal(await changesOf(['a'], [() => symlinkSync('b', file), nothing, nothing]), 1);
  assert.equal(await changesOf(['a'], [() => writeFileSync(join(folder, 'b'), 'five'), nothing, nothing]), 1);
});

test('another time of the same content, or content that comes back at once, is no change', async () => {
  const file = join(folder, 'a');
  writeFileSync(file, 'one');
  assert.equal(await changesOf(['a'], [() => utimesSync(file, 7, 7), nothing, nothing]), 0);
});
