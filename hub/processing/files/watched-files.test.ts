import assert from 'node:assert/strict';
import { mkdtempDisposableSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepOptionError, type WatchedFile } from '../steps/step.ts';
import { WatchedFiles } from './watched-files.ts';

class Fixture implements Disposable {
  readonly #folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-watched-'));
  #nowMs = 0;
  readonly told: (string | undefined)[] = [];
  readonly files = new WatchedFiles({ monotonic: () => this.#nowMs });
  reads = 0;

  write(text: string): void {
    const place = join(this.#folder.path, 'new');
    writeFileSync(place, text);
    renameSync(place, join(this.#folder.path, 'table'));
  }

  remove(): void {
    rmSync(join(this.#folder.path, 'table'));
  }

  watch(path = 'table'): WatchedFile<string> {
    const read = (bytes: Buffer): string => {
      this.reads += 1;
      const text = bytes.toString();
      if (text.startsWith('bad')) throw new Error('line 1: is bad');
      return text;
    };
    return this.files.watch(
      { path, option: ['file'], read },
      { folder: this.#folder.path, tell: (problem) => this.told.push(problem) },
    );
  }

  look(): void {
    this.#nowMs += 3000;
    this.files.look();
  }

  [Symbol.dispose](): void {
    this.#folder.remove();
  }
}

test('it is read again when it changed, and not before', () => {
  using fixture = new Fixture();
  fixture.write('one');
  const file = fixture.watch();
  fixture.look();
  fixture.look();
  assert.deepEqual([file.content, fixture.reads], ['one', 1]);
  fixture.write('two');
  fixture.files.look();
  assert.equal(file.content, 'one', 'it was looked a moment ago');
  fixture.look();
  assert.equal(file.content, 'two');
});

test('while it is gone or bad, what it held before is used, and that is told', () => {
  using fixture = new Fixture();
  fixture.write('one');
  const file = fixture.watch();
  fixture.remove();
  fixture.look();
  fixture.write('bad');
  fixture.look();
  fixture.look();
  assert.equal(file.content, 'one');
  assert.equal(fixture.told.length, 2);
  assert.match(String(fixture.told[0]), /table is not there: what it held before is used/);
  assert.match(String(fixture.told[1]), /table line 1: is bad/);
  fixture.write('two');
  fixture.look();
  assert.equal(file.content, 'two');
  assert.equal(fixture.told.at(-1), undefined);
});

test('what cannot be read at first is told with the option', () => {
  using fixture = new Fixture();
  assert.throws(() => fixture.watch('none'), StepOptionError);
  assert.throws(() => fixture.watch('.'), { message: /is no file/ });
  fixture.write('bad');
  assert.throws(() => fixture.watch(), { message: /line 1: is bad/, path: ['file'] });
});
