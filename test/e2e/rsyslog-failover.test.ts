/**
 * rsyslog with two targets: its second action gets what the first could not be given. The targets are two agents that listen for syslog, each
 * with folders of its own, before one hub. The first is killed while lines come one by one: plain TCP has no acknowledgement, so a few lines
 * may be gone, which are counted and printed; what comes after that arrives by the second, and nothing twice.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { startRsyslog } from '../harness/rsyslog.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('rsyslog')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));
const lines = 300;
const killAt = 100;
const pauseMs = 5;
/** Far above what was seen; the test is about what follows. */
const lostMax = 100;

test('rsyslog goes on with its second target when the first is killed', { skip, timeout: 600_000 }, async (t: TestContext) => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const [first, second] = [0, 1].map((index) => {
    const inputs = [{ kind: 'syslog', listen: [`tcp://127.0.0.1:${ports[index] ?? 0}`] }];
    return new AgentHost({ programs, scratch, name: `agent${index}`, hubs: () => [hub.url], inputs });
  });
  assert.ok(first !== undefined && second !== undefined);
  await using stack = new AsyncDisposableStack();
  for (const agent of [first, second]) {
    stack.use(agent);
    await agent.start();
    await until(
      'it is connected',
      async () => at(await agent.status().catch(() => undefined), 'uplink', 'state') === 'connected',
    );
  }
  const target = (index: 0 | 1): string => `type="omfwd" target="127.0.0.1" port="${ports[index]}" protocol="tcp"`;
  const config = [
    'module(load="imtcp")',
    `input(type="imtcp" address="127.0.0.1" port="${ports[2]}")`,
    `action(${target(0)} action.resumeInterval="5")`,
    `action(${target(1)} action.execOnlyWhenPreviousIsSuspended="on")`,
  ].join('\n');
  await using rsyslog = await startRsyslog(scratch, 'failover', `${config}\n`);
  const source = await until(
    'rsyslog listens',
    async () => {
      const socket = connect(ports[2], '127.0.0.1');
      return await once(socket, 'connect').then(
        () => socket,
        () => undefined,
      );
    },
    { detail: () => rsyslog.tail() },
  );
  for (let line = 0; line < lines; line += 1) {
    if (line === killAt) await first.program.kill();
    source.write(`<13>Nov 22 01:00:00 host app: line ${line} end\n`);
    await sleep(pauseMs);
  }
  source.end();
  const arrived = async (): Promise<readonly number[]> => {
    const text = (await readArchive(hub.archive)).map(({ raw }) => raw.toString()).join('\n');
    return [...text.matchAll(/ line (\d+) end/g)].map(([, number = '']) => Number(number));
  };
  const last = lines - 1;
  // What the first had taken and not sent yet is in its buffer.
  await first.start();
  await until('the last line is archived', async () => (await arrived()).includes(last), {
    deadlineMs: 120_000,
    everyMs: 500,
    detail: () => `${rsyslog.tail()}\n${second.program.tail(10)}`,
  });
  await until(
    'the first has nothing left',
    async () => at(await first.status().catch(() => undefined), 'buffer', 'unackedBatches') === 0,
  );
  const numbers = await until('the archive stands still', async () => {
    const before = await arrived();
    await sleep(1500);
    const now = await arrived();
    return now.length === before.length ? now : undefined;
  });
  const lost = Array.from({ length: lines }, (_, line) => line).filter((line) => !numbers.includes(line));
  t.diagnostic(`${lost.length} of ${lines} lines are lost: ${lost.join(' ')}`);
  assert.equal(new Set(numbers).size, numbers.length, 'none came twice');
  assert.ok(lost.length <= lostMax, `lost: ${lost.join(' ')}`);
  assert.ok(
    lost.every((line) => line > killAt - lostMax && line < killAt + lostMax),
    'only around the death of the first',
  );
});
