import { execFileSync } from 'node:child_process';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, numberAt } from '../harness/json.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import { ratioFigure, type Bench, type Measurement } from './figure.ts';
import { measure, median } from './measure.ts';

const channel = 'default/app';
const output = 'centre';
const deadlineMs = 300_000;
const lookEveryMs = 10;
/** Were it to inflate and compress the log on the way, the agent's CPU time would be spent again. */
const cpuShareMax = 0.6;

/**
 * A log that waits in a hub goes up to a hub above, against the same log from an agent into a hub, in turn and both by TLS: throughput at
 * least 0.7 of the latter's.
 */
export const upstreamTime: Measurement = {
  figures: ['upstream-time', 'upstream-cpu'],
  measure: async (bench) => {
    const runs: Forwarded[] = [];
    for (let run = 0; run < bench.runs; run += 1) runs.push(await forwarded(bench));
    const of = (what: (one: Forwarded) => number): number => median(runs.map(what));
    const [value, toolValue] = [of((one) => one.seconds), of((one) => one.shipSeconds)];
    const time = ratioFigure('upstream-time', 's', { value, tool: 'agent to hub', toolValue, limit: 1.43 });
    const megabytes = bench.log.bytes / 1e6;
    bench.note(
      `hub to hub ${(megabytes / value).toFixed(0)} MB/s of log, agent to hub ${(megabytes / toolValue).toFixed(0)} MB/s`,
    );
    const [cpu, agentCpu] = [of((one) => one.cpuSeconds), of((one) => one.shipCpuSeconds)];
    return [
      time,
      ratioFigure('upstream-cpu', 's', { value: cpu, tool: "the agent's CPU", toolValue: agentCpu, limit: cpuShareMax }),
    ];
  },
};

interface Forwarded {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly shipSeconds: number;
  readonly shipCpuSeconds: number;
}

async function forwarded({ programs, log }: Bench): Promise<Forwarded> {
  await using scratch = await Scratch.make();
  const hub = (name: string, outputs: readonly object[]): HubHost =>
    new HubHost({ programs, scratch, name, tls: true, config: { outputs } });
  await using upper = hub('upper', [{ kind: 'archive' }]);
  const ownArchive = { kind: 'archive', roll_interval: '1s' };
  await using lower = hub('lower', [ownArchive]);
  await upper.start();
  await lower.start();
  const token = await upper.createToken('--hub', '--tenant', '*');
  await mustSucceed(lower, 'enroll', '--output', output, token);
  await lower.configure({ outputs: [ownArchive, { kind: 'upstream', name: output, hubs: [upper.url] }] });
  lower.program.signal('SIGHUP');
  await until('the lower hub has its upstream', async () => listAt(at(await lower.status(), 'outputs')).length === 2);
  await using agent = new AgentHost({ programs, scratch, hubs: () => [lower.url] });
  await agent.enroll(await lower.createToken(), '--ship');
  // The channel is there, its way up stands still, and both hubs are warm.
  execFileSync('sh', ['-c', `head -n 1000 '${log.path}' > '${scratch.file('first.log')}'`]);
  const ship = async (path: string, goal: 'acked' | 'archived'): Promise<{ seconds: number; cpuSeconds: number }> => {
    const cost = await measure([...programs.agent, 'ship', '--config', agent.configPath, '--until', goal, path]);
    if (cost.code !== 0) throw new Error(`ship ended with ${cost.code}\n${cost.stdout}${cost.stderr}\n${lower.program.tail()}`);
    return { seconds: cost.saidSeconds, cpuSeconds: cost.cpuSeconds };
  };
  await ship(scratch.file('first.log'), 'acked');
  const detail = (): string => `${upper.program.tail()}\n${lower.program.tail()}`;
  const received = async (lines: number): Promise<void> => {
    const look = async (): Promise<boolean> => (await receivedLines(upper)) >= lines;
    await until(`${lines} lines are durable above`, look, { deadlineMs, everyMs: lookEveryMs, detail });
  };
  await received(1000);
  await mustSucceed(lower, 'channel', 'pause', channel, '--group', `upstream:${output}`);
  execFileSync('sync');
  const shipped = await ship(log.path, 'acked');
  // The lower site's own archive is done with it, so that the way up has the machine that the agent had.
  await until('the lower hub is at rest', async () => (await archivedLines(lower)) >= log.lines + 1000, { deadlineMs, detail });
  execFileSync('sync');
  const cpuBefore = await lower.program.cpuSeconds();
  const startMs = performance.now();
  const resumed = mustSucceed(lower, 'channel', 'resume', channel, '--group', `upstream:${output}`);
  await received(log.lines + 1000);
  const seconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await lower.program.cpuSeconds()) - cpuBefore;
  await resumed;
  await lower.program.stop();
  await upper.program.stop();
  return { seconds, cpuSeconds, shipSeconds: shipped.seconds, shipCpuSeconds: shipped.cpuSeconds };
}

async function mustSucceed(hub: HubHost, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await hub.run(...args, '--config', hub.configPath);
  if (code !== 0) throw new Error(`${args[0] ?? ''} ended with ${code}\n${stdout}${stderr}\n${hub.program.tail()}`);
}

async function receivedLines(hub: HubHost): Promise<number> {
  return await booked(hub, 'received');
}

async function archivedLines(hub: HubHost): Promise<number> {
  return await booked(hub, 'archived');
}

async function booked(hub: HubHost, column: 'received' | 'archived'): Promise<number> {
  const books = listAt(at(await hub.status(), 'books')).find((one) => at(one, 'channel') === channel);
  return books === undefined ? 0 : numberAt(books, column);
}
