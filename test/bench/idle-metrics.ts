/**
 * An agent that measures its machine every ten seconds and ships that to a hub: what it takes over five minutes.
 *
 * Beside it collectd, in the same minutes, with its plugins for the same things (processor, load, memory, disk, file system, network,
 * processes, uptime) and its CSV files as the only output: it is written in C, sends nothing and tells of no single process.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Program } from '../harness/program.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { numberAt } from '../harness/json.ts';
import { until } from '../harness/until.ts';
import { plainFigure, type Measurement } from './figure.ts';
import { smaps } from './measure.ts';

const settleSeconds = 25;
const observedSeconds = 300;
const intervalSeconds = 10;

export const idleMetrics: Measurement = {
  figures: ['idle-metrics', 'idle-metrics-memory'],
  long: true,
  measure: async (bench) => {
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs: bench.programs, scratch });
    await hub.start();
    await using agent = new AgentHost({
      programs: bench.programs,
      scratch,
      hubs: () => [hub.url],
      inputs: [{ kind: 'metrics', interval: `${intervalSeconds}s` }],
    });
    await agent.start();
    const sent = async (): Promise<number> =>
      numberAt((await agent.status()) ?? { counters: { recordsRead: 0 } }, 'counters', 'recordsRead');
    await until('it measures', async () => (await sent()) > 0, { detail: () => agent.program.tail() });
    await using collectd = await startCollectd(scratch);
    await sleep(settleSeconds * 1000);
    const [sentBefore, before, collectdBefore] = [await sent(), await agent.program.cpuSeconds(), await collectd?.cpuSeconds()];
    const startMs = performance.now();
    await sleep(observedSeconds * 1000);
    const seconds = (performance.now() - startMs) / 1000;
    const cpu = (await agent.program.cpuSeconds()) - before;
    const { rss, privateDirty, pss } = await smaps(agent.program.pid);
    const documents = (await sent()) - sentBefore;
    bench.note(`${documents} documents in ${seconds.toFixed(0)} s took ${cpu.toFixed(2)} s of CPU, all threads`);
    bench.note(`memory: Rss ${rss.toFixed(1)}, Private_Dirty ${privateDirty.toFixed(1)}, Pss ${pss.toFixed(1)} MB`);
    if (collectd === undefined || collectdBefore === undefined) bench.note('collectd is not here: nothing to compare with');
    else {
      const used = (await collectd.cpuSeconds()) - collectdBefore;
      const memory = await smaps(collectd.pid);
      bench.note(
        `collectd, writing CSV files: ${((used * 100) / seconds).toFixed(3)} % of a core, Rss ${memory.rss.toFixed(1)}, Pss ${memory.pss.toFixed(1)} MB`,
      );
    }
    return [
      plainFigure('idle-metrics', '%', (cpu * 100) / seconds, { atMost: 0.5 }),
      plainFigure('idle-metrics-memory', 'MB', rss, {}),
    ];
  },
};

async function startCollectd(scratch: Scratch): Promise<Program | undefined> {
  if ((await requireTool('collectd')) !== undefined) return undefined;
  const folder = await scratch.folder('collectd');
  const plugins = ['csv', 'cpu', 'load', 'memory', 'swap', 'disk', 'df', 'interface', 'processes', 'uptime'];
  const lines = [
    `BaseDir "${folder}"`,
    `PIDFile "${folder}/collectd.pid"`,
    `Interval ${intervalSeconds}`,
    ...plugins.map((name) => `LoadPlugin ${name}`),
    `<Plugin csv>\n  DataDir "${folder}/csv"\n</Plugin>`,
  ];
  const config = scratch.file('collectd', 'collectd.conf');
  writeFileSync(config, `${lines.join('\n')}\n`);
  return new Program({ name: 'collectd', command: ['collectd'], args: ['-f', '-C', config] });
}
