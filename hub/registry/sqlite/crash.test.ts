/**
 * A registry under `kill -9`, and with two processes that write: what was answered is there, and the count of a token, the agents and
 * the trail always fit each other.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../testing/eventually.ts';
import { actionsOf, testBy, testId, testToken } from '../fixture.ts';
import { openRegistryFixture } from './registry-fixture.ts';

const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
const folders: string[] = [];
let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-registry-'));
  folders.push(folder);
  await using fixture = await openRegistryFixture({ folder });
  await fixture.registry.addEnrolmentToken(testToken('tokena000', { usesMax: 1000, expiresMs: 2 ** 50 }), testBy);
});
after(() => folders.forEach((path) => rmSync(path, { recursive: true })));

test('a hub that is killed while it enrols has counted whom it enrolled, and nobody else', { timeout: 120_000 }, async () => {
  const points = ['before-commit:1', 'after-commit:1', 'before-commit:5', 'after-commit:9'];
  for (const [index, point] of points.entries()) {
    const { granted, signal } = await enrol(`run${index}`, 'thread', `hub.registry.${point}`);
    assert.equal(signal, 'SIGKILL', point);
    const agents = await checkBooks(granted);
    if (point === 'after-commit:1') assert.ok(agents > granted.length, 'what was committed and not answered is there');
  }
});

test('a command and a hub write at the same time, and neither loses anything', { timeout: 120_000 }, async () => {
  await using watching = await openRegistryFixture({ folder });
  let heard = 0;
  watching.registry.onChanged(() => void (heard += 1));
  const runs = await Promise.all([enrol('hub', 'thread'), enrol('command', 'here')]);
  for (const { signal, granted } of runs) assert.deepEqual([signal, granted.length], [null, 60]);
  await watching.advance(1000);
  await eventually('memory has what two other processes wrote', () => watching.registry.agents().length === 120);
  assert.ok(heard > 0);
  assert.equal(await checkBooks(runs.flatMap(({ granted }) => granted)), 120);
});

interface Run {
  /** Machines that were told so. */
  readonly granted: readonly string[];
  readonly signal: unknown;
}

async function enrol(name: string, thread: 'thread' | 'here', ...point: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [writer, folder, name, thread, ...point], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const lines = output.split('\n').filter((line) => line !== '');
  assert.ok(lines.every((line) => line.startsWith('granted ')));
  return { granted: lines.map((line) => line.slice('granted '.length)), signal };
}

/** Returns how many agents there are. */
async function checkBooks(granted: readonly string[]): Promise<number> {
  await using fixture = await openRegistryFixture({ folder });
  const { registry } = fixture;
  for (const machine of granted) assert.notEqual(registry.agent(testId(`agent ${machine}`)), undefined, machine);
  const [token] = await registry.enrolmentTokens();
  const told = (await actionsOf(registry)).filter((action) => action === 'agent-enrolled').length;
  assert.deepEqual([token?.uses, told], [registry.agents().length, registry.agents().length]);
  return registry.agents().length;
}
