import { execFileSync } from 'node:child_process';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Scratch } from '../harness/scratch.ts';
import { durabilityOf } from './durability.ts';
import { plainFigure, ratioFigure, type Bench, type Figure, type Measurement } from './figure.ts';
import { measure, measureQuiet, median, type Cost } from './measure.ts';

const zstdTool = 'zstd -1 -T1 -c FILE > /dev/null';

/** From a file to the hub, durable and acked there: time and cost of the agent. */
export const edge: Measurement = {
  figures: ['edge-time', 'edge-cpu', 'edge-memory'],
  measure: async (bench) => {
    const { ours, zstd } = await shipRuns(bench, 'acked');
    return [
      ratioFigure('edge-time', 's', {
        // `ship` says its line once all of the file is durable at the hub; then it puts its own buffer in order.
        value: median(ours.map((cost) => cost.saidSeconds)),
        tool: zstdTool,
        toolValue: median(zstd.map((cost) => cost.seconds)),
        limit: 2.5,
      }),
      ratioFigure('edge-cpu', 's', {
        value: median(ours.map((cost) => cost.cpuSeconds)),
        tool: zstdTool,
        toolValue: median(zstd.map((cost) => cost.cpuSeconds)),
        limit: 3,
      }),
      plainFigure('edge-memory', 'MB', median(ours.map((cost) => cost.peakMb)), { atMost: 175 }),
    ];
  },
};

/** The same, through to the archive. */
export const archiveTime: Measurement = {
  figures: ['archive-time'],
  measure: async (bench) => {
    const { ours, zstd } = await shipRuns(bench, 'archived');
    const value = median(ours.map((cost) => cost.saidSeconds));
    const toolValue = median(zstd.map((cost) => cost.seconds));
    return [ratioFigure('archive-time', 's', { value, tool: zstdTool, toolValue, limit: 12 })] satisfies readonly Figure[];
  },
};

/** Each run begins with new folders on both sides, in default configuration, and is preceded by one of zstd. */
async function shipRuns(bench: Bench, until: 'acked' | 'archived'): Promise<{ ours: Cost[]; zstd: Cost[] }> {
  const { programs, log, runs, note } = bench;
  const ours: Cost[] = [];
  const zstd: Cost[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs, scratch, config: { outputs: [{ kind: 'archive' }] } });
    await hub.start();
    await using agent = new AgentHost({ programs, scratch, hubs: () => [hub.url] });
    await agent.writeConfig();
    // What the run before left for the disk to do is not this one's: its syncs would wait for it.
    execFileSync('sync');
    zstd.push(await measureQuiet(`zstd -1 -T1 -c '${log.path}' > /dev/null`));
    const command = [...programs.agent, 'ship', '--config', agent.configPath, '--until', until, log.path];
    const cost = await measure(command);
    if (cost.code !== 0) throw new Error(`ship ended with ${cost.code}\n${cost.stdout}${cost.stderr}\n${hub.program.tail()}`);
    ours.push(cost);
    if (run === 0) for (const line of await durabilityOf({ agent, hub, rawBytes: log.bytes })) note(line);
    await hub.program.stop();
  }
  return { ours, zstd };
}
