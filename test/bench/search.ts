import { execFileSync } from 'node:child_process';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Scratch } from '../harness/scratch.ts';
import { plainFigure, ratioFigure, type Measurement } from './figure.ts';
import { measure, median } from './measure.ts';

/** In about one line of 2,000: enough to be found, few enough to measure the searching and not the printing. */
const needle = 'elapsed=777ms';

const copies = 5;

/** A literal searched in the archive of the log, against `zstdcat | grep` over the same lines. */
export const search: Measurement = {
  figures: ['archive-search', 'archive-search-time'],
  measure: async (bench) => {
    const { programs, log, runs, note } = bench;
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs, scratch, config: { outputs: [{ kind: 'archive' }] } });
    await hub.start();
    await using agent = new AgentHost({ programs, scratch, hubs: () => [hub.url] });
    await agent.writeConfig();
    // Searches are over archives, not over a single file: so much that starting the program and its threads is a small part.
    const files = Array.from({ length: copies }, (_, copy) => scratch.file(`app-${copy}.log`));
    for (const file of files) execFileSync('cp', [log.path, file]);
    const shipped = await measure([...programs.agent, 'ship', '--config', agent.configPath, '--until', 'archived', ...files]);
    if (shipped.code !== 0) throw new Error(`ship ended with ${shipped.code}\n${shipped.stderr}`);
    // What grep reads is compressed as the archive is, so that both inflate about the same.
    const compressed = scratch.file('app.log.zst');
    execFileSync('sh', ['-c', 'cat "$@" | zstd -q -1 -o "$0"', compressed, ...files]);
    const ours = [];
    const theirs = [];
    const counts = new Set<number>();
    for (let run = 0; run < runs; run += 1) {
      const grep = await measure(['sh', '-c', `zstdcat '${compressed}' | grep -F -c '${needle}'`]);
      const searched = await measure([...programs.hub, 'archive', 'search', '--config', hub.configPath, '--count', needle]);
      if (searched.code !== 0) throw new Error(`archive search ended with ${searched.code}\n${searched.stderr}`);
      counts.add(Number(grep.stdout)).add(Number(searched.stdout.match(/\d+/)?.[0]));
      theirs.push(grep);
      ours.push(searched);
    }
    if (counts.size !== 1) throw new Error(`grep and archive search count differently: ${[...counts].join(', ')}`);
    note(
      `archive-search: ${[...counts][0]} lines found by both; megabytes of raw log by user and system time, start of the process included`,
    );
    const rate = (copies * log.bytes) / 1e6 / median(ours.map((cost) => cost.cpuSeconds));
    const seconds = median(ours.map((cost) => cost.seconds));
    return [
      plainFigure('archive-search', 'MB/s', rate, { atLeast: 400 }),
      ratioFigure('archive-search-time', 's', {
        value: seconds,
        tool: 'zstdcat | grep -F -c',
        toolValue: median(theirs.map((cost) => cost.seconds)),
        limit: undefined,
      }),
    ];
  },
};
