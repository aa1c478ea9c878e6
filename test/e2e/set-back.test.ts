/**
 * Stores that went back in time. Files are written in phases: A, a copy is taken, B, the copy is put back or the store removed, C.
 * The files live on, so nothing may be missing; positions belong to the site, so nothing may be doubled. Where both are gone, what
 * is missing must be a recorded gap.
 */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { sumOf } from '../harness/status-fields.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const options = { skip, timeout: 600_000 };
const linesPerPhase = 2000;

function writePhase(stack: Stack, phase: string): void {
  for (const name of ['one.log', 'two.log']) {
    const lines = Array.from({ length: linesPerPhase }, (_, line) => `${name} phase ${phase} line ${line}\n`);
    appendFileSync(stack.log(name), lines.join(''));
  }
}

function writtenBytes(stack: Stack): number {
  return ['one.log', 'two.log'].reduce((sum, name) => sum + readFileSync(stack.log(name)).length, 0);
}

async function archived(stack: Stack, bytes = writtenBytes(stack)): Promise<void> {
  await until(`${bytes} bytes are archived`, async () => (await archivedRawBytes(stack.hub.archive)) >= bytes, {
    detail: () => stack.tail(),
  });
}

async function assertOnce(stack: Stack): Promise<void> {
  const streams = await readArchive(stack.hub.archive);
  for (const name of ['one.log', 'two.log']) {
    const mine = streams.filter((stream) => stream.source === stack.log(name));
    const coverage = coverageOf(readFileSync(stack.log(name)), mine);
    assert.deepEqual(coverage, { missing: 0, doubled: 0, different: 0 }, `${name}\n${stack.tail()}`);
  }
  assert.equal(sumOf(await stack.hub.status(), 'lost'), 0, 'no gap is recorded');
}

/** Phases A and B are archived, the agent is stopped, `spoil` does something to its data, phase C is written, the agent starts. */
async function agentSetBack(spoil: (stack: Stack, copy: string) => void): Promise<void> {
  await using stack = await Stack.make();
  const copy = stack.scratch.file('copy');
  writePhase(stack, 'A');
  await stack.agent.start();
  await archived(stack);
  await stack.agent.program.stop();
  cpSync(stack.agent.dataDir, copy, { recursive: true });
  writePhase(stack, 'B');
  await stack.agent.start();
  await archived(stack);
  await stack.agent.program.stop();
  spoil(stack, copy);
  writePhase(stack, 'C');
  await stack.agent.start();
  await archived(stack);
  await stack.agent.program.stop();
  await assertOnce(stack);
}

function removeBuffer(stack: Stack): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(`${stack.agent.dataDir}/buffer.db${ending}`, { force: true });
}

test("an agent's buffer that is an older copy", options, async () => {
  await agentSetBack((stack, copy) => {
    removeBuffer(stack);
    for (const name of readdirSync(copy).filter((file) => file.startsWith('buffer.db'))) {
      cpSync(`${copy}/${name}`, `${stack.agent.dataDir}/${name}`);
    }
  });
});

test("an agent's buffer that is gone", options, async () => {
  await agentSetBack(removeBuffer);
});

test("an agent's whole data folder that is gone", options, async () => {
  await agentSetBack((stack) => rmSync(stack.agent.dataDir, { recursive: true }));
});

test("an agent's whole data folder that is an older copy", options, async () => {
  await agentSetBack((stack, copy) => {
    rmSync(stack.agent.dataDir, { recursive: true });
    renameSync(copy, stack.agent.dataDir);
  });
});

test("an agent's buffer that is damaged is set aside", options, async () => {
  await agentSetBack((stack) => {
    removeBuffer(stack);
    appendFileSync(`${stack.agent.dataDir}/buffer.db`, Buffer.alloc(100_000, 'not a database '));
  });
});

/** The hub's whole data folder goes back to a copy taken after phase A, while the agent holds what was acked for `replayWindow`. */
async function hubSetBack(replayWindow: string, afterB: (stack: Stack) => Promise<void>): Promise<Stack> {
  // Positions that are lost are compared with bytes of files: events would be among them.
  const stack = await Stack.make({ agent: { buffer: { replay_window: replayWindow }, events: { enabled: false } } });
  const copy = stack.scratch.file('copy');
  writePhase(stack, 'A');
  await stack.agent.start();
  await archived(stack);
  await stack.hub.program.stop();
  cpSync(stack.hub.dataDir, copy, { recursive: true });
  await stack.hub.start();
  writePhase(stack, 'B');
  await archived(stack);
  await afterB(stack);
  await stack.hub.program.stop();
  rmSync(stack.hub.dataDir, { recursive: true });
  renameSync(copy, stack.hub.dataDir);
  await stack.hub.start();
  writePhase(stack, 'C');
  return stack;
}

test("a hub's store that is an older copy gets again what the agent still holds", options, async () => {
  await using stack = await hubSetBack('5m', async () => undefined);
  await archived(stack);
  await stack.agent.program.stop();
  await assertOnce(stack);
});

test("what a hub's store lost beyond the replay window is a recorded gap", options, async () => {
  await using stack = await hubSetBack('1s', async ({ agent }) => {
    await until('the agent holds nothing any more', async () => sumOf(await agent.status(), 'batches') === 0, {
      detail: () => agent.program.tail(),
    });
  });
  // Phase B is gone from both stores; A was in the copy, and C comes.
  const gone = Math.floor(writtenBytes(stack) / 3);
  await archived(stack, writtenBytes(stack) - gone);
  const status = await stack.hub.status();
  const streams = await readArchive(stack.hub.archive);
  let missing = 0;
  for (const name of ['one.log', 'two.log']) {
    const coverage = coverageOf(
      readFileSync(stack.log(name)),
      streams.filter((stream) => stream.source === stack.log(name)),
    );
    assert.deepEqual({ ...coverage, missing: 0 }, { missing: 0, doubled: 0, different: 0 });
    missing += coverage.missing;
  }
  assert.equal(sumOf(status, 'lost'), missing, 'what is missing is what the gaps say');
  // An agent may read the file again instead of declaring a gap; then nothing is missing.
  if (missing > 0) assert.ok(sumOf(status, 'gaps') >= 1);
  assert.ok(missing === 0 || missing === gone, `${missing} bytes are missing, phase B has ${gone}`);
  await stack.agent.program.stop();
});
