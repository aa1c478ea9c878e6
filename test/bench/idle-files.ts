/**
 * An agent with 20,000 files in which nothing happens: what it takes, and how soon it notices when something does.
 *
 * Against nothing: the tools at hand either watch no folder or hold every file open, and their figures at rest are about nought.
 */
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Random } from '../harness/random.ts';
import { Scratch } from '../harness/scratch.ts';
import { sumOf } from '../harness/status-fields.ts';
import { until } from '../harness/until.ts';
import { plainFigure, type Bench, type Figure, type Measurement } from './figure.ts';
import { median, smaps } from './measure.ts';

const files = 20_000;
const folders = 100;
const settleSeconds = 25;
const observedSeconds = 60;
const lines = 200;
const newFiles = 20;

interface Running {
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly logs: string;
}

export const idleFiles: Measurement = {
  figures: ['idle-files', 'idle-files-memory', 'idle-files-handles', 'idle-files-line', 'find-file'],
  measure: async (bench) => {
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs: bench.programs, scratch });
    await hub.start();
    const logs = await scratch.folder('logs');
    for (let folder = 0; folder < folders; folder += 1) mkdirSync(`${logs}/${folder}`);
    for (let at = 0; at < files; at += 1) writeFileSync(pathOf(logs, at), `the first line of file ${at}\n`);
    await using agent = new AgentHost({
      programs: bench.programs,
      scratch,
      hubs: () => [hub.url],
      inputs: [{ kind: 'file', paths: [`${logs}/*/*.log`], type: 'app' }],
    });
    const running = { hub, agent, logs };
    const startMs = performance.now();
    await agent.start();
    await until('all files are read', async () => (await received(running)) >= files, {
      deadlineMs: 300_000,
      everyMs: 100,
      detail: () => agent.program.tail(),
    });
    bench.note(
      `${files} files in ${folders} folders; all were read ${((performance.now() - startMs) / 1000).toFixed(1)} s after the start`,
    );
    return [...(await atRest(running, bench)), await lineToHub(running, bench), await fileToHub(running, bench)];
  },
};

function pathOf(logs: string, at: number): string {
  return `${logs}/${at % folders}/service-${at}.log`;
}

async function received({ hub }: Running): Promise<number> {
  const status = await hub.status();
  return status === undefined ? 0 : sumOf(status, 'received');
}

async function atRest({ agent }: Running, bench: Bench): Promise<readonly Figure[]> {
  await sleep(settleSeconds * 1000);
  const before = await agent.program.cpuSeconds();
  const startMs = performance.now();
  await sleep(observedSeconds * 1000);
  const cpu = (await agent.program.cpuSeconds()) - before;
  const share = (cpu * 100_000) / (performance.now() - startMs);
  const { rss, privateDirty, pss } = await smaps(agent.program.pid);
  const handles = readdirSync(`/proc/${agent.program.pid}/fd`).length;
  bench.note(
    `at rest over ${observedSeconds} s: ${cpu.toFixed(2)} s of CPU; Private_Dirty ${privateDirty.toFixed(1)}, Pss ${pss.toFixed(1)} MB`,
  );
  return [
    plainFigure('idle-files', '%', share, { atMost: 1 }),
    plainFigure('idle-files-memory', 'MB', rss, { atMost: 150 }),
    plainFigure('idle-files-handles', 'handles', handles, { atMost: 64 }),
  ];
}

/** From the write of a line to one of the files until the hub has it durably, as its status tells. */
async function lineToHub(running: Running, bench: Bench): Promise<Figure> {
  const random = new Random(20_000);
  const times: number[] = [];
  for (let line = 0; line < lines; line += 1) {
    times.push(await timeToHub(running, pathOf(running.logs, random.below(files)), `a line ${line}\n`));
    // Not in step with what the agent does now and then.
    await sleep(20 + random.below(200));
  }
  const sorted = times.toSorted((left, right) => left - right);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  bench.note(
    `a line in one of them is at the hub after ${median(times).toFixed(0)} ms (median), ${sorted.at(-1)?.toFixed(0)} ms (worst of ${lines})`,
  );
  return plainFigure('idle-files-line', 'ms', p99, { atMost: 500 });
}

async function fileToHub(running: Running, bench: Bench): Promise<Figure> {
  const times: number[] = [];
  for (let at = 0; at < newFiles; at += 1) {
    const folder = at % 2 === 0 ? `${running.logs}/${at}` : `${running.logs}/new-${at}`;
    mkdirSync(folder, { recursive: true });
    times.push(await timeToHub(running, `${folder}/new-${at}.log`, 'its first line\n'));
    await sleep(150);
  }
  bench.note(`a new file, in a folder that was there or is new, is at the hub after ${median(times).toFixed(0)} ms (median)`);
  return plainFigure('find-file', 'ms', Math.max(...times), { atMost: 1000 });
}

async function timeToHub(running: Running, path: string, text: string): Promise<number> {
  const before = await received(running);
  const startMs = performance.now();
  appendFileSync(path, text);
  await until(`a line of ${path} is at the hub`, async () => (await received(running)) > before, {
    deadlineMs: 30_000,
    everyMs: 4,
  });
  return performance.now() - startMs;
}
