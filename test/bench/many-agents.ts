/**
 * What very many agents cost a hub: 2,000 that write a line a second each, and 10,000 that are only connected. By TLS with a certificate
 * each, and against nothing: no tool at hand has a client that is as small. How the cost grows is printed beside.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubHost } from '../harness/hub-host.ts';
import { at, numberAt, parseJson, textAt } from '../harness/json.ts';
import { Program } from '../harness/program.ts';
import { Scratch } from '../harness/scratch.ts';
import { TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';
import { plainFigure, type Bench, type Measurement } from './figure.ts';
import { smaps } from './measure.ts';

const writingSeconds = 30;
const settleMs = 3000;
const certificateMs = 90 * 86_400_000;
const connectDeadlineMs = 600_000;

interface Seen {
  readonly agents: number;
  readonly rssMb: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly connectSeconds: number;
  readonly report: unknown;
}

export const agents2000: Measurement = {
  figures: ['agents-2000', 'agents-2000-memory', 'agents-2000-cpu'],
  measure: async (bench) => {
    for (const agents of [100, 1000]) tell(bench, await swarmed(bench, agents, writingSeconds));
    const seen = await swarmed(bench, 2000, writingSeconds);
    tell(bench, seen);
    return [
      plainFigure('agents-2000', 'ms', numberAt(seen.report, 'p99Ms'), { atMost: 1000 }),
      plainFigure('agents-2000-memory', 'MB', seen.rssMb, { atMost: 400 }),
      plainFigure('agents-2000-cpu', '%', seen.cpuPercent, { atMost: 100 }),
    ];
  },
};

export const connections10000: Measurement = {
  figures: ['connections-10000', 'connections-10000-cpu'],
  measure: async (bench) => {
    for (const agents of [100, 1000]) tell(bench, await swarmed(bench, agents, 0));
    const seen = await swarmed(bench, 10_000, 0);
    tell(bench, seen);
    return [
      plainFigure('connections-10000', 'MB', seen.rssMb, { atMost: 1000 }),
      plainFigure('connections-10000-cpu', '%', seen.cpuPercent, {}),
    ];
  },
};

function tell({ note }: Bench, { agents, rssMb, cpuPercent, connectSeconds, report }: Seen): void {
  const latency =
    numberAt(report, 'measured') === 0
      ? 'idle'
      : `p50 ${ms(report, 'p50Ms')}, p99 ${ms(report, 'p99Ms')}, worst ${ms(report, 'maxMs')}`;
  note(
    `${agents} agents: hub ${rssMb.toFixed(0)} MB Rss, ${cpuPercent.toFixed(1)} % of a core, connected in ${connectSeconds.toFixed(1)} s; ${latency}`,
  );
}

function ms(report: unknown, name: string): string {
  return `${numberAt(report, name).toFixed(0)} ms`;
}

export interface SwarmedOptions {
  /** Each tells how it and its machine are, instead of writing lines. */
  readonly tells?: boolean;
  /** What goes before the command of the hub. */
  readonly wrap?: readonly string[];
  readonly listeners?: object;
  /** While they write, once it was measured. */
  readonly look?: (hub: HubHost, ca: string) => Promise<void>;
}

/** Throws when an agent was refused or cut off: what such a hub costs is of no interest. */
export async function swarmed(
  { programs }: Bench,
  agents: number,
  seconds: number,
  { tells = false, wrap = [], listeners = {}, look }: SwarmedOptions = {},
): Promise<Seen> {
  await using scratch = await Scratch.make();
  const authority = await TestAuthority.make('A company');
  const server = await authority.issue({ hosts: ['127.0.0.1'], usage: 'server', untilMs: certificateMs });
  const files = { cert: scratch.file('hub.crt'), key: scratch.file('hub.key'), ca: scratch.file('ca.crt') };
  writeFileSync(files.cert, server.cert);
  writeFileSync(files.key, server.key, { mode: 0o600 });
  writeFileSync(files.ca, authority.cert);
  writeFileSync(scratch.file('ca.key'), await authority.exportKey(), { mode: 0o600 });
  const limits = { connections: 20_000, connections_per_address: 20_000 };
  const config = { tls: files, listeners: { agents: { limits }, ...listeners }, outputs: [{ kind: 'archive' }] };
  await using hub = new HubHost({ programs, scratch, tls: 'own', config });
  await hub.start({ wrap });
  const siteId = textAt(await hub.status(), 'site', 'siteId');
  const settings = { url: hub.url, siteId, ca: files.ca, caKey: scratch.file('ca.key'), agents, seconds, tells };
  writeFileSync(scratch.file('swarm.json'), JSON.stringify(settings));
  const startMs = performance.now();
  const script = new URL('swarm.ts', import.meta.url).pathname;
  await using swarm = new Program({ name: 'swarm', command: [process.execPath], args: [script, scratch.file('swarm.json')] });
  const detail = (): string => `${swarm.tail()}\n${hub.program.tail()}`;
  const said = (what: string) => (): boolean => {
    if (!swarm.running) throw new Error(`the swarm ended\n${detail()}`);
    return swarm.stdout.includes(what);
  };
  await until('all agents are connected', said('connected\n'), { deadlineMs: connectDeadlineMs, everyMs: 100, detail });
  const connectSeconds = (performance.now() - startMs) / 1000;
  await sleep(settleMs);
  const before = await hub.program.cpuSeconds();
  const fromMs = performance.now();
  await sleep(Math.max(10, seconds) * 1000 - (seconds > 0 ? settleMs : 0));
  const cpuPercent = ((await hub.program.cpuSeconds()) - before) / ((performance.now() - fromMs) / 100_000);
  const { rss } = await smaps(hub.program.pid);
  await look?.(hub, authority.cert);
  await until('the swarm reports', said('"p99Ms"'), { deadlineMs: 60_000, everyMs: 100, detail });
  const report = parseJson(swarm.stdout.slice(swarm.stdout.indexOf('{')));
  if (numberAt(report, 'failures') > 0) throw new Error(`${textAt(report, 'failure')}\n${detail()}`);
  const connected = at(await hub.status(), 'connections');
  if (!Array.isArray(connected) || connected.length !== agents)
    throw new Error(`not all ${agents} agents are connected\n${detail()}`);
  await swarm.stop();
  await hub.program.stop();
  return { agents, rssMb: rss, cpuPercent, connectSeconds, report };
}
