/**
 * Disks that are full, on real small ones (a tmpfs in the process's own mount namespace). Nothing is lost, no process ends or turns
 * in a busy loop, and each gets out by itself when acks come or space returns.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { comesToRest } from '../harness/cpu-share.ts';
import { readArchive, readPlatformDocuments } from '../harness/read-archive.ts';
import { Random } from '../harness/random.ts';
import { requireTool } from '../harness/require.ts';
import { SmallDisk, smallDiskCommand } from '../harness/small-disk.ts';
import { Stack } from '../harness/stack.ts';
import { at, listAt } from '../harness/json.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('tmpfs')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));
const wordsPerLine = 30;
const options = { skip, timeout: 600_000 };

/** Long lines, as it is the bytes that fill a disk, which compress to about two thirds. */
function writeLog(path: string, bytes: number): void {
  const random = new Random(bytes);
  const pieces: string[] = [];
  for (let sum = 0; sum < bytes;) {
    const line = `${Array.from({ length: wordsPerLine }, () => random.next().toString(36)).join(' ')}\n`;
    pieces.push(line);
    sum += line.length;
  }
  writeFileSync(path, pieces.join(''));
}

async function assertArchivedOnce(stack: Stack, name: string): Promise<void> {
  const content = readFileSync(stack.log(name));
  const enough = async (): Promise<boolean> => (await archivedRawBytes(stack.hub.archive)) >= content.length;
  await until('all is archived', enough, { deadlineMs: 120_000, everyMs: 200, detail: () => stack.tail() });
  assert.deepEqual(coverageOf(content, await readArchive(stack.hub.archive)), { missing: 0, doubled: 0, different: 0 });
}

function stateOf(status: unknown, part: 'buffer' | 'queue'): unknown {
  return at(status, part, 'state');
}

test("the disk of the agent's buffer is full until the hub takes what is in it", options, async () => {
  await using stack = await Stack.make({ agent: { buffer: { reserve_bytes: '2MiB' } } });
  const { hub, agent } = stack;
  await hub.program.stop();
  await mkdir(agent.dataDir, { recursive: true });
  await agent.start({ wrap: smallDiskCommand(agent.dataDir, 12) });
  // A new agent reads nothing before the site was asked for its streams.
  await hub.start();
  await until('the site has told its streams', async () => at(await agent.status(), 'state') === 'running', {
    detail: () => stack.tail(),
  });
  await hub.program.kill();
  // Not before: on a slow machine the hub would have taken most of it by the time it is known to be connected.
  writeLog(stack.log('app.log'), 30_000_000);
  await until('the buffer has no room', async () => stateOf(await agent.status(), 'buffer') === 'no-space', {
    deadlineMs: 120_000,
    detail: () => stack.tail(),
  });
  await comesToRest(agent.program);
  assert.ok(agent.running, stack.tail());
  await hub.start();
  await assertArchivedOnce(stack, 'app.log');
  assert.equal((await agent.program.stop()).code, 0);
  const told = async (): Promise<ReadonlySet<unknown>> =>
    new Set((await readPlatformDocuments(hub.archive)).map((one) => at(one, 'event', 'action')));
  await until('it is told', async () => (await told()).isSupersetOf(new Set(['disk-full', 'disk-has-room'])), {
    everyMs: 500,
    detail: () => stack.tail(),
  });
});

test(
  "on a full disk of the agent's buffer an input that drops does not wait, and each byte is archived or counted",
  options,
  async () => {
    await using stack = await Stack.make({
      agent: { events: { enabled: false }, buffer: { reserve_bytes: '2MiB', replay_window: '0s' } },
      inputs: (logs) => [{ kind: 'file', type: 'app', paths: [`${logs}/*.log`], overflow: 'drop_newest' }],
    });
    const { hub, agent } = stack;
    await mkdir(agent.dataDir, { recursive: true });
    writeLog(stack.log('first.log'), 1000);
    await agent.start({ wrap: smallDiskCommand(agent.dataDir, 12) });
    const acked = async (): Promise<number> =>
      Number(at(await agent.status().catch(() => undefined), 'counters', 'batchesAcked') ?? 0);
    await until('it reads', async () => (await acked()) > 0, { detail: () => stack.tail() });
    await hub.program.kill();
    writeLog(stack.log('app.log'), 30_000_000);
    const size = readFileSync(stack.log('app.log')).length;
    const isRead = async (): Promise<boolean> =>
      listAt(await agent.status(), 'sources').some((source) => at(source, 'position') === size);
    await until('all is read', isRead, { deadlineMs: 120_000, detail: () => stack.tail() });
    assert.equal(stateOf(await agent.status(), 'buffer'), 'no-space', 'and nobody waits for room');
    await comesToRest(agent.program);
    await hub.start();
    const dropped = async (): Promise<number> =>
      Number(at(await agent.status(), 'buffer', 'lostByCause', 'dropped', 'positions') ?? 0);
    const enough = async (): Promise<boolean> => (await archivedRawBytes(hub.archive)) + (await dropped()) >= size;
    await until('all is archived or counted', enough, { deadlineMs: 120_000, everyMs: 200, detail: () => stack.tail() });
    const streams = (await readArchive(hub.archive)).filter(({ source }) => source === stack.log('app.log'));
    const covered = coverageOf(readFileSync(stack.log('app.log')), streams);
    assert.deepEqual(covered, { missing: await dropped(), doubled: 0, different: 0 });
    assert.ok(covered.missing > 0);
    assert.equal((await agent.program.stop()).code, 0);
  },
);

test("the disk of the hub's queue is full until there is room", options, async () => {
  await using stack = await Stack.make();
  const { hub, agent } = stack;
  await hub.program.stop();
  const folder = await stack.scratch.folder('archive');
  await hub.configure({ outputs: [{ kind: 'archive', roll_interval: '1s', folder }] });
  await hub.start({ wrap: smallDiskCommand(hub.dataDir, 160) });
  const disk = new SmallDisk(hub.program, hub.dataDir);
  disk.fillUp(8_000_000);
  writeLog(stack.log('app.log'), 40_000_000);
  await agent.start();
  await until('the queue has no room', async () => stateOf(await hub.status(), 'queue') === 'no-space', {
    deadlineMs: 120_000,
    detail: () => stack.tail(),
  });
  await comesToRest(hub.program);
  await comesToRest(agent.program);
  assert.ok(hub.running && agent.running, stack.tail());
  disk.makeRoom();
  await assertArchivedOnce(stack, 'app.log');
  assert.equal((await agent.program.stop()).code, 0);
  assert.equal((await hub.program.stop()).code, 0);
});
