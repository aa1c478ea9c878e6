import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReserveFile } from './reserve-file.ts';

test('the reserve holds real blocks, survives a restart, and is given up and taken again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-reserve-'));
  const path = join(folder, 'reserve');
  const bytes = 2_500_000;
  const reserve = new ReserveFile(path, bytes);
  assert.equal(reserve.held, false);
  assert.equal(reserve.take(), true);
  assert.equal(statSync(path).size, bytes);
  assert.ok(statSync(path).blocks * 512 >= bytes, 'the blocks are allocated, not a hole');
  assert.equal(new ReserveFile(path, bytes).held, true);
  reserve.giveUp();
  assert.equal(existsSync(path), false);
  assert.equal(reserve.held, false);
  reserve.giveUp();
  assert.equal(reserve.take(), true);
  rmSync(folder, { recursive: true });
});

test('a half-made reserve of an earlier run is not taken for a whole one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-reserve-'));
  const path = join(folder, 'reserve');
  new ReserveFile(path, 1000).take();
  const reserve = new ReserveFile(path, 5000);
  assert.equal(reserve.held, false);
  assert.equal(reserve.take(), true);
  assert.equal(statSync(path).size, 5000);
  rmSync(folder, { recursive: true });
});

test('without a place to write nothing is held and nothing stays behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-reserve-'));
  const reserve = new ReserveFile(join(folder, 'missing', 'reserve'), 1000);
  assert.equal(reserve.take(), false);
  assert.equal(reserve.held, false);
  rmSync(folder, { recursive: true });
});
