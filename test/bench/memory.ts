import { openSync, readSync, closeSync, readFileSync, writeFileSync, writeSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../harness/agent-host.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Scratch } from '../harness/scratch.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { until } from '../harness/until.ts';
import { plainFigure, type Bench, type Measurement } from './figure.ts';
import { smaps, statusMb } from './measure.ts';

const peakMbMax = 175;
const idleSeconds = 10;
const settledDeadlineMs = 600_000;

interface Running {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly agent: AgentHost;
}

/** A hub and a running agent that reads what is under `logs/` in the scratch folder. */
async function withAgent<T>(
  bench: Bench,
  via: ((hub: HubHost) => Promise<FaultyProxy>) | undefined,
  work: (running: Running) => Promise<T>,
): Promise<T> {
  const { programs } = bench;
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  await using proxy = via === undefined ? undefined : await via(hub);
  const logs = await scratch.folder('logs');
  await using agent = new AgentHost({
    programs,
    scratch,
    hubs: () => [proxy?.url ?? hub.url],
    inputs: [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
  });
  return await work({ scratch, hub, agent });
}

async function archived(running: Running, bytes: number): Promise<void> {
  const { hub, agent } = running;
  await until(`${bytes} bytes are archived`, async () => (await archivedRawBytes(hub.archive)) >= bytes, {
    deadlineMs: settledDeadlineMs,
    everyMs: 200,
    detail: () => `${agent.program.tail()}\n${hub.program.tail()}`,
  });
}

/** An agent that is connected and has nothing to do: after its start, and after it shipped the whole log. */
export const idleMemory: Measurement = {
  figures: ['edge-memory-idle', 'edge-memory-idle-private', 'edge-memory-after-shipping'],
  measure: async (bench) =>
    await withAgent(bench, undefined, async (running) => {
      const { scratch, agent } = running;
      const log = scratch.file('logs', 'app.log');
      writeFileSync(log, 'one line\n');
      await agent.start();
      await archived(running, 9);
      await sleep(idleSeconds * 1000);
      const idle = await smaps(agent.program.pid);
      writeFileSync(scratch.file('logs', 'large.log'), readFileSync(bench.log.path));
      await archived(running, 9 + bench.log.bytes);
      await sleep(idleSeconds * 1000);
      const after = await smaps(agent.program.pid);
      bench.note(
        `idle: Rss and Private_Dirty of smaps_rollup ${idleSeconds} s after the last line; Pss ${idle.pss.toFixed(1)} MB`,
      );
      bench.note(
        `after shipping: Rss ${after.rss.toFixed(1)}, Private_Dirty ${after.privateDirty.toFixed(1)}, Pss ${after.pss.toFixed(1)} MB`,
      );
      return [
        plainFigure('edge-memory-idle', 'MB', idle.rss, { atMost: 90 }),
        plainFigure('edge-memory-idle-private', 'MB', idle.privateDirty, { atMost: 45 }),
        plainFigure('edge-memory-after-shipping', 'MB', after.rss, {}),
      ];
    }),
};

/** The log's lines spread over 1,000 files. */
export const manyFilesMemory: Measurement = {
  figures: ['edge-memory-1000-files'],
  measure: async (bench) =>
    await withAgent(bench, undefined, async (running) => {
      const content = readFileSync(bench.log.path);
      const share = Math.ceil(content.length / 1000);
      for (let file = 0, from = 0; file < 1000; file += 1) {
        const to = file === 999 ? content.length : content.indexOf(0x0a, from + share) + 1 || content.length;
        writeFileSync(running.scratch.file('logs', `${file}.log`), content.subarray(from, to));
        from = to;
      }
      await running.agent.start();
      await archived(running, content.length);
      const peak = statusMb(running.agent.program.pid, 'VmHWM');
      return [plainFigure('edge-memory-1000-files', 'MB', peak, { atMost: peakMbMax })];
    }),
};

/** A hub that takes the connection and the first megabytes, and then reads no more. */
export const slowHubMemory: Measurement = {
  figures: ['edge-memory-slow-hub'],
  measure: async (bench) => {
    const stall = { afterBytes: 4 << 20, forMs: 1 << 30 };
    const via = async (hub: HubHost): Promise<FaultyProxy> =>
      await FaultyProxy.start({
        target: () => ({ host: '127.0.0.1', port: hub.port }),
        plan: () => ({ toHub: { stall }, toAgent: {} }),
      });
    return await withAgent(bench, via, async ({ scratch, agent }) => {
      writeFileSync(scratch.file('logs', 'app.log'), readFileSync(bench.log.path));
      await agent.start();
      // All of the file is in the buffer, or the buffer is full: either way it grows no more.
      let size = -1;
      let sinceMs = performance.now();
      await until(
        'the buffer grows no more',
        () => {
          const now = bufferBytes(agent.dataDir);
          if (now !== size) sinceMs = performance.now();
          size = now;
          return size > 1 << 20 && performance.now() - sinceMs > 8000;
        },
        { deadlineMs: 120_000, everyMs: 250 },
      );
      bench.note(`the hub stopped reading after 4 MB; the agent's buffer has ${(size / 1e6).toFixed(1)} MB`);
      return [plainFigure('edge-memory-slow-hub', 'MB', statusMb(agent.program.pid, 'VmHWM'), { atMost: peakMbMax })];
    });
  },
};

/** A file of 10 GB: the log, fifty times over. Long, and only when asked for. */
export const largeFileMemory: Measurement = {
  figures: ['edge-memory-10-gb-file'],
  long: true,
  measure: async (bench) =>
    await withAgent(bench, undefined, async (running) => {
      const path = running.scratch.file('logs', 'large.log');
      const times = Math.ceil(1e10 / bench.log.bytes);
      appendTimes(bench.log.path, path, times);
      const start = performance.now();
      await running.agent.start();
      await archived(running, times * bench.log.bytes);
      bench.note(
        `${((times * bench.log.bytes) / 1e9).toFixed(2)} GB were archived after ${((performance.now() - start) / 1000).toFixed(0)} s`,
      );
      return [plainFigure('edge-memory-10-gb-file', 'MB', statusMb(running.agent.program.pid, 'VmHWM'), { atMost: peakMbMax })];
    }),
};

function bufferBytes(dataDir: string): number {
  let sum = 0;
  for (const name of ['buffer.db', 'buffer.db-wal']) sum += statSync(`${dataDir}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
  return sum;
}

function appendTimes(from: string, to: string, times: number): void {
  const source = openSync(from, 'r');
  const target = openSync(to, 'w');
  const piece = Buffer.allocUnsafe(1 << 22);
  for (let time = 0; time < times; time += 1) {
    for (let at = 0; ;) {
      const length = readSync(source, piece, 0, piece.length, at);
      if (length === 0) break;
      for (let done = 0; done < length;) done += writeSync(target, piece, done, length - done);
      at += length;
    }
  }
  closeSync(source);
  closeSync(target);
}
