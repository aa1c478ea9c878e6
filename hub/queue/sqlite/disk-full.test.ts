/**
 * Invariant 7 on a real full disk: a small tmpfs in a mount namespace of the child process, which goes with it. SQLite cannot even
 * delete there without the reserve.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];

test('the queue lives on a full disk and gets out of it by itself', { skip: whyNoDisk(), timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-full-'));
  const scenario = fileURLToPath(new URL('./disk-full-scenario.ts', import.meta.url));
  const mount = 'mount -t tmpfs -o size=24m tmpfs "$1" && exec "$0" "$2" "$1"';
  const args = [...namespace, 'sh', '-c', mount, process.execPath, folder, scenario];
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8', timeout: 120_000 });
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
});

/** Undefined where a small disk can be made; with TRIBUTARY_REQUIRE=all its absence is a failure. */
function whyNoDisk(): string | undefined {
  const { status, stderr } = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  const reason = `a small tmpfs needs root or user namespaces: ${stderr ?? 'no unshare here'}`;
  if (process.env['TRIBUTARY_REQUIRE'] === 'all') throw new Error(reason);
  return reason;
}
