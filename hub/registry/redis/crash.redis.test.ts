/** Hubs under `kill -9` around the moment in which the site takes a change: what was answered is there, and all of it fits each other. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireTool } from '../../../test/harness/require.ts';
import { actionsOf, testBy, testId, testToken } from '../fixture.ts';
import type { SharedOptions } from '../sqlite/registry-calls.ts';
import { RedisSite } from '../../../test/harness/redis/registry-site.ts';

const writer = fileURLToPath(new URL('../sqlite/crash-writer.ts', import.meta.url));
const reason = await requireTool('redis');

suite('a hub of several that is killed', { skip: reason }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());

  test('has counted whom it enrolled, and nobody else, while another hub enrols as well', { timeout: 120_000 }, async () => {
    const shared = site.shared();
    const folder = await site.folder();
    await using hub = await site.hub(shared);
    await hub.registry.addEnrolmentToken(testToken('tokena000', { usesMax: 1000, expiresMs: 2 ** 50 }), testBy);
    const running = enrol(await site.folder(), 'other', '', shared);
    const granted: string[] = [];
    for (const [index, point] of ['before-append:1', 'after-append:1', 'before-append:6', 'after-append:5'].entries()) {
      const run = await enrol(folder, `run${index}`, `hub.registry.${point}`, shared);
      assert.equal(run.signal, 'SIGKILL', point);
      granted.push(...run.granted);
    }
    const other = await running;
    assert.deepEqual([other.signal, other.granted.length], [null, 60]);
    granted.push(...other.granted);
    await using back = await site.hub(shared, { folder });
    await hub.registry.setMeta({});
    for (const { registry } of [hub, back]) {
      for (const machine of granted) assert.notEqual(registry.agent(testId(`agent ${machine}`)), undefined, machine);
      const told = (await actionsOf(registry)).filter((action) => action === 'agent-enrolled').length;
      const uses = (await registry.enrolmentTokens())[0]?.uses;
      assert.deepEqual([uses, told], [registry.agents().length, registry.agents().length]);
    }
    assert.ok(back.registry.agents().length > granted.length, 'what the site had and nobody was told is there');
  });
});

interface Run {
  readonly granted: readonly string[];
  readonly signal: unknown;
}

async function enrol(folder: string, name: string, point: string, shared: SharedOptions): Promise<Run> {
  const args = [writer, folder, name, 'thread', point, JSON.stringify(shared)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return {
    granted: output.split('\n').flatMap((line) => (line.startsWith('granted ') ? [line.slice('granted '.length)] : [])),
    signal,
  };
}
