/**
 * Three inputs of one channel, one for each way of overflowing, while no hub takes anything and the agent is killed at the points where
 * its buffer changes. Who blocks loses nothing. Of the others each byte arrives once or is lost once: what is missing in the archive is
 * what the agent says it dropped, and what the hub was told of as gaps.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { coverageOf } from '../harness/coverage.ts';
import { at, listAt, numberAt } from '../harness/json.ts';
import { Random } from '../harness/random.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const deadlineMs = 120_000;
const ways = ['block', 'drop_newest', 'drop_oldest'] as const;
const crashPoints = ['agent.buffer.before-insert:3', 'agent.buffer.before-commit:5', 'agent.buffer.after-commit:7', undefined];

/** Lines that hardly compress. */
function lines(random: Random, bytes: number): string {
  const pieces: string[] = [];
  for (let sum = 0; sum < bytes;) {
    const line = `${Array.from({ length: 12 }, () => random.next().toString(36)).join('')}\n`;
    pieces.push(line);
    sum += line.length;
  }
  return pieces.join('');
}

test('a full buffer with every way of overflowing, and kills: the books balance', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({
    agent: { events: { enabled: false }, buffer: { max_bytes: '4MiB', replay_window: '0s' }, batch: { max_bytes: '64KiB' } },
    inputs: (logs) => ways.map((overflow) => ({ kind: 'file', type: 'app', paths: [`${logs}/${overflow}.log`], overflow })),
  });
  const { agent, hub } = stack;
  const random = new Random(11);
  for (const way of ways) appendFileSync(stack.log(`${way}.log`), lines(random, 100_000));
  await agent.start();
  await until('the first lines are acknowledged', async () => Number(at(await agent.status(), 'counters', 'batchesAcked')) >= 3, {
    deadlineMs,
    detail: () => stack.tail(),
  });
  await agent.program.kill();
  await hub.program.kill();
  for (const crashPoint of crashPoints) {
    await agent.start({ crashPoint });
    for (const way of ways) appendFileSync(stack.log(`${way}.log`), lines(random, 3_000_000));
    const over = async (): Promise<boolean> => {
      // Once it is full, drops are written together: more must come for the next.
      for (const way of ways) appendFileSync(stack.log(`${way}.log`), lines(random, 20_000));
      if (crashPoint !== undefined) return !agent.running;
      return at(await agent.status().catch(() => undefined), 'buffer', 'state') === 'full';
    };
    const what = `it is killed at ${crashPoint ?? 'no point, and is full'}`;
    await until(what, over, { deadlineMs, everyMs: 100, detail: () => stack.tail() });
  }
  for (const way of ways) appendFileSync(stack.log(`${way}.log`), lines(random, 1_000_000));
  const behind = async (): Promise<number> =>
    listAt(await agent.status(), 'sources')
      .filter((source) => !String(at(source, 'path')).includes('/block'))
      .reduce<number>((sum, source) => sum + numberAt(source, 'lag'), 0);
  await until('who drops has read everything', async () => (await behind()) === 0, { deadlineMs, detail: () => stack.tail() });
  await hub.start();
  const isSent = async (): Promise<boolean> => {
    const status = await agent.status();
    const lag = listAt(status, 'sources').reduce<number>((sum, source) => sum + numberAt(source, 'lag'), 0);
    return lag === 0 && numberAt(status, 'buffer', 'unackedBatches') === 0;
  };
  await until('all is sent', isSent, { deadlineMs, detail: () => stack.tail() });
  const dropped = async (): Promise<number> =>
    Number(at(await agent.status(), 'buffer', 'lostByCause', 'dropped', 'positions') ?? 0);
  const told = async (): Promise<number> => {
    const channel = listAt(await hub.status(), 'queue', 'channels').find((one) => at(one, 'channel') === 'default/app');
    return Number(at(channel, 'lost') ?? 0);
  };
  await until('the hub was told of what was dropped', async () => (await told()) === (await dropped()), {
    deadlineMs,
    detail: () => stack.tail(),
  });
  const contents = new Map(ways.map((way) => [way, readFileSync(stack.log(`${way}.log`))]));
  const size = contents.values().reduce((sum, { length }) => sum + length, 0);
  const archived = await until(
    'all is archived',
    async () => {
      const streams = await readArchive(hub.archive);
      const bytes = streams.reduce((sum, { raw }) => sum + raw.length, 0);
      return bytes + (await dropped()) >= size ? streams : undefined;
    },
    { deadlineMs, everyMs: 500, detail: () => stack.tail() },
  );
  let missing = 0;
  for (const [way, content] of contents) {
    const covered = coverageOf(
      content,
      archived.filter(({ source }) => source.endsWith(`/${way}.log`)),
    );
    assert.deepEqual([covered.doubled, covered.different], [0, 0], way);
    if (way === 'block') assert.equal(covered.missing, 0);
    else assert.ok(covered.missing > 0, `${way} dropped something`);
    missing += covered.missing;
  }
  assert.equal(missing, await dropped());
});
