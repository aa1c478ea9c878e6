/**
 * What it costs a hub to know how 2,000 agents are: each tells every ten seconds what real ones tell of themselves and of their machines. Two
 * hubs are measured side by side, each with agents of its own, one of them looking at nothing of it: a core of a shared machine is half as fast in one
 * minute as in the next, which is then in both. They are from source, with the flags that the shipped one runs with. And how long it takes to ask the
 * one that looks.
 */
import { loadavg } from 'node:os';
import { products } from '../../packaging/build/products.ts';
import { HealthApi } from '../faults/health-api.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at, listAt, numberAt } from '../harness/json.ts';
import { sourcePrograms } from '../harness/programs.ts';
import { type Bench, plainFigure, type Measurement } from './figure.ts';
import { swarmed } from './many-agents.ts';
import { median } from './measure.ts';

const agents = 2000;
const seconds = 90;
const asked = 20;
const listeners = { http: { address: '127.0.0.1:0' } };
const blindly = new URL('without-health.ts', import.meta.url).href;

export const health2000: Measurement = {
  figures: ['health-2000', 'health-2000-answer', 'health-2000-agents'],
  long: true,
  measure: async (bench) => {
    const runs: Run[] = [];
    while (runs.length < bench.runs) runs.push(await runOnce(bench));
    const medianOf = (what: keyof Run): number => median(runs.map((run) => run[what]));
    return [
      plainFigure('health-2000', '%', medianOf('percent'), { atMost: 10 }),
      plainFigure('health-2000-answer', 'ms', medianOf('healthMs'), {}),
      plainFigure('health-2000-agents', 'ms', medianOf('agentsMs'), {}),
    ];
  },
};

interface Run {
  /** Of one core, more than without. */
  readonly percent: number;
  readonly healthMs: number;
  readonly agentsMs: number;
}

async function runOnce(bench: Bench): Promise<Run> {
  let [healthMs, agentsMs] = [Number.NaN, Number.NaN];
  const look = async (hub: HubHost, ca: string): Promise<void> => {
    const api = await HealthApi.of(hub, { ca });
    healthMs = await medianMs(api, '/api/v1/health');
    agentsMs = await medianMs(api, '/api/v1/agents');
    // A hub that did not read what they told would cost little.
    const all = listAt(await api.get(`/api/v1/agents?limit=${agents}`), 'agents');
    const measured = all.filter((agent) => typeof at(agent, 'cpuPercent') === 'number');
    bench.note(`it knows how ${measured.length} of ${all.length} agents are`);
    if (measured.length === 0) throw new Error(`this hub does not know how its agents are\n${hub.program.tail()}`);
  };
  const [blind, looking] = await Promise.all([
    swarmed(withHub(bench, `--import=${blindly}`), agents, seconds, { tells: true, listeners }),
    swarmed(withHub(bench), agents, seconds, { tells: true, listeners, look }),
  ]);
  bench.note(
    `${agents} agents that tell every 10 s: hub ${looking.cpuPercent.toFixed(1)} % of a core, ${looking.rssMb.toFixed(0)} MB Rss; without health and measurements ${blind.cpuPercent.toFixed(1)} %, ${blind.rssMb.toFixed(0)} MB; records ${numberAt(looking.report, 'written')} and ${numberAt(blind.report, 'written')}; load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  return { percent: looking.cpuPercent - blind.cpuPercent, healthMs, agentsMs };
}

/** The hub from source, as only that can be made to look at nothing. */
function withHub(bench: Bench, ...more: readonly string[]): Bench {
  const shipped = products('bench').find(({ name }) => name === 'tributary-hub')?.nodeFlags ?? [];
  const [node, ...main] = sourcePrograms.hub;
  return { ...bench, programs: { ...sourcePrograms, hub: [node, ...shipped, ...more, ...main] } };
}

async function medianMs(api: HealthApi, path: string): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < asked; number += 1) {
    const fromMs = performance.now();
    if ((await api.get(path)) === undefined) throw new Error(`${path} was not answered: ${api.problem}`);
    times.push(performance.now() - fromMs);
  }
  return times.toSorted((one, other) => one - other)[asked / 2] ?? Number.NaN;
}
