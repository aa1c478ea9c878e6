/**
 * What the API of a large site tells, made up: 2,000 agents, 30 channels, things that are wrong. Only for tests of the page itself, where
 * so many real agents would measure the machine and not the page. The shapes are checked against the hub's own.
 */
import assert from 'node:assert/strict';
import type { AgentAnswer, AgentRow, AgentsAnswer, ChartsAnswer } from '@tributary/hub/dashboard/api/agent-shapes.ts';
import type {
  FlowAnswer,
  HealthAnswer,
  HealthChange,
  HealthNode,
  HealthState,
  SiteAnswer,
} from '@tributary/hub/dashboard/api/health-shapes.ts';

export interface FakeSize {
  readonly agents: number;
  readonly channels: number;
}

const second = 1000;
const minute = 60 * second;
const noMoreBytes = { entries: 0, records: 0, bytes: 0 };

export function fakeAgents({ agents }: FakeSize, nowMs: number): AgentRow[] {
  return Array.from({ length: agents }, (_, index): AgentRow => {
    const state = stateOf(index);
    const isSilent = state === 'red';
    return {
      agentId: index.toString(16).padStart(32, '0'),
      kind: 'agent',
      host: `${['web', 'db', 'cache', 'queue', 'api'][index % 5] ?? ''}-${String(index).padStart(4, '0')}.example`,
      version: index % 11 === 0 ? '0.9.4' : '1.0.0',
      tenants: [['shop', 'bank', 'mail'][index % 3] ?? 'shop'],
      labels: { zone: `z${index % 4}`, role: index % 5 === 1 ? 'database' : 'frontend' },
      state,
      reason: reasonOf(state, index),
      sinceMs: nowMs - (index + 1) * 7 * second,
      connected: !isSilent,
      hub: `hub-${index % 3}`,
      lastSeenMs: isSilent ? nowMs - 4 * minute : nowMs - second,
      bytesPerSecond: isSilent ? 0 : (index % 97) * 1100,
      recordsPerSecond: isSilent ? 0 : (index % 97) * 5.5,
      lagBytes: state === 'yellow' ? 48_000_000 : index % 40,
      bufferBytes: isSilent ? 5_000_000 : 0,
      cpuPercent: (index * 37) % 100,
      memoryPercent: 20 + ((index * 13) % 75),
      diskPercent: 30 + ((index * 7) % 69),
      enrolledMs: nowMs - 90 * 24 * 60 * minute,
      certificateEndsMs: nowMs + 21 * 24 * 60 * minute,
      revoked: false,
      cloned: false,
    };
  });
}

/** A hub of the site munich, as an agent of this one: nothing of what agents tell. */
export function fakeLowerHub(nowMs: number): AgentRow {
  const [row] = fakeAgents({ agents: 1, channels: 0 }, nowMs);
  assert.ok(row !== undefined);
  return { ...row, agentId: 'f'.repeat(32), kind: 'hub', site: 'munich', tenants: 'all', state: 'unknown', sinceMs: 0 };
}

export function fakeAgentsAnswer(all: readonly AgentRow[], query: URLSearchParams): AgentsAnswer {
  const text = query.get('text') ?? '';
  const [key = '', value] = (query.get('label') ?? '').split(':');
  const fits = all.filter(
    (agent) =>
      agent.host.includes(text) &&
      (query.get('state') ?? agent.state) === agent.state &&
      (query.get('version') ?? agent.version) === agent.version &&
      (key === '' || agent.labels[key] === value),
  );
  const sorted = fits.toSorted((a, b) => order(query, a, b));
  const start = Number(query.get('after') ?? 0);
  const end = start + Number(query.get('limit') ?? 100);
  const versions = Map.groupBy(fits, ({ version }) => version);
  return {
    agents: sorted.slice(start, end),
    total: fits.length,
    counts: countStates(fits),
    versions: [...versions].map(([version, agents]) => ({ version, agents: agents.length })),
    ...(end < fits.length ? { next: String(end) } : {}),
  };
}

export function fakeAgent(row: AgentRow, nowMs: number): AgentAnswer {
  return {
    ...row,
    causes:
      row.state === 'green' || row.kind === 'hub'
        ? []
        : [{ kind: 'agent-silent', level: levelOf(row.state), reason: row.reason, sinceMs: row.sinceMs }],
    address: '10.4.1.17',
    machine: { os: 'Debian GNU/Linux 12', kernel: '6.1.0-28-amd64', arch: 'x64', cores: 8, memoryBytes: 33_554_432_000 },
    measuredMs: nowMs - 3 * second,
    process: { rssBytes: 71_000_000, cpuPercent: 0.7, startedMs: nowMs - 5 * 24 * 60 * minute },
    inputs: [
      { name: 'app', kind: 'file', state: 'reading', error: '', sources: 12, failed: 0, lagBytes: 0 },
      { name: 'access', kind: 'file', state: 'reading', error: '', sources: 4, failed: 1, lagBytes: 48_000_000 },
    ],
    files: Array.from({ length: 16 }, (_, index) => ({
      input: index % 4 === 0 ? 'access' : 'app',
      path: `/var/log/${index % 4 === 0 ? 'nginx/access' : 'app/worker'}-${index}.log`,
      streamId: `s${index}`,
      state: 'open',
      size: 90_000_000 + index * 1_234_567,
      position: 90_000_000,
      lagBytes: index === 0 ? 48_000_000 : 0,
      ...(index === 0 ? { lagSeconds: 95 } : {}),
      lastReadMs: nowMs - (index + 1) * second,
    })),
    filesTotal: 16,
    buffer: { bytes: 1_200_000, maxBytes: 1_073_741_824, unackedBytes: 400_000, batches: 3 },
    books: { read: 48_120_332, acked: 48_100_300, buffered: 20_030, filtered: 0, lost: { overflow: 2 }, unaccounted: 0 },
    streams: Array.from({ length: 6 }, (_, index) => ({
      streamId: `s${index}`,
      channel: index === 0 ? 'shop/access' : 'shop/app',
      source: `/var/log/app/worker-${index}.log`,
      held: 90_000_000,
      lost: index === 2 ? 4096 : 0,
      lastReceivedMs: nowMs - index * second,
    })),
  };
}

export function fakeCharts(names: readonly string[], nowMs: number): ChartsAnswer {
  const points = 300;
  const stepMs = 12 * second;
  return {
    fromMs: nowMs - points * stepMs,
    stepMs,
    series: names.map((name) => ({
      name,
      unit: 'percent',
      values: Array.from({ length: points }, (_, index) => (index > 120 && index < 140 ? null : wave(name, index))),
    })),
  };
}

export function fakeHealth(size: FakeSize, nowMs: number): HealthAnswer {
  const agents = fakeAgents(size, nowMs).filter(({ state }) => state !== 'green');
  const nodes = [
    node(
      { id: 'output/search', kind: 'output', name: 'search', state: 'red', sinceMs: nowMs - 95 * second },
      'output-waits',
      'Elasticsearch at es1.example:9200 does not answer (connection refused): start it, or see its log.',
    ),
    node(
      { id: 'channel/shop/access', kind: 'channel', name: 'shop/access', state: 'yellow', sinceMs: nowMs - 11 * minute },
      'lag',
      'Its oldest record has waited 4 min for the output search, usually 2 s.',
    ),
    node(
      { id: 'hub/hub-2', kind: 'hub', name: 'hub-2', state: 'yellow', sinceMs: nowMs - 26 * 60 * minute },
      'certificate-ends',
      'Its certificate ends in 6 days: tributary-hub certificates renew makes another one.',
    ),
    ...agents.map((agent) =>
      node(
        { id: `agent/${agent.agentId}`, kind: 'agent', name: agent.host, state: agent.state, sinceMs: agent.sinceMs },
        agent.state === 'red' ? 'agent-silent' : 'agent-lag',
        agent.reason,
      ),
    ),
  ];
  return {
    site: 'berlin',
    siteId: 'b1',
    atMs: nowMs,
    state: 'red',
    reason: 'The output search waits: Elasticsearch at es1.example:9200 does not answer.',
    sinceMs: nowMs - 95 * second,
    counts: { agent: countStates(fakeAgents(size, nowMs)) },
    nodes,
  };
}

export function fakeFlow({ agents, channels }: FakeSize, nowMs: number): FlowAnswer {
  const names = Array.from({ length: channels }, (_, index) => channelName(index));
  const waits = { entries: 40, records: 184_000, bytes: 96_000_000, oldestMs: nowMs - 4 * minute };
  return {
    atMs: nowMs,
    agents: { known: agents, connected: agents - 12, state: agents > 100 ? 'red' : 'green' },
    listeners: [
      {
        name: 'push 0.0.0.0:7702',
        node: 'hub/hub-2/listener/push 0.0.0.0:7702',
        state: 'green',
        recordsPerSecond: 340,
        bytesPerSecond: 80_000,
      },
    ],
    channels: names.map((channel, index) => ({
      channel,
      state: channelState(index),
      reason: channelState(index) === 'green' ? '' : 'Its oldest record has waited 4 min for the output search.',
      received: rateOf(index),
      front: noMoreBytes,
      processed: rateOf(index),
      back: channelState(index) === 'green' ? noMoreBytes : waits,
      deadLetters: index === 7 ? 1204 : 0,
      lastReceivedMs: nowMs - second,
    })),
    outputs: [
      {
        name: 'archive',
        kind: 'archive',
        state: 'green',
        reason: '',
        passed: rateOf(30),
        ...noMoreBytes,
        channels: names.map((channel) => ({ channel, reads: 'front' as const, ...noMoreBytes })),
      },
      {
        name: 'search',
        kind: 'elasticsearch',
        state: 'red',
        reason: 'Elasticsearch does not answer.',
        passed: rateOf(6),
        ...waits,
        channels: names.map((channel) => ({ channel, reads: 'back' as const, ...noMoreBytes })),
      },
    ],
  };
}

export function fakeSites(): { readonly sites: readonly SiteAnswer[] } {
  return { sites: [lowerSite('hamburg', 'green', [lowerSite('harbour', 'green')]), lowerSite('munich', 'unknown')] };
}

export function fakeChanges(nowMs: number): { readonly changes: readonly HealthChange[] } {
  const became = (index: number, from: HealthState, to: HealthState): HealthChange => ({
    id: String(index),
    node: `agent/${index.toString(16).padStart(32, '0')}`,
    name: `web-${String(index).padStart(4, '0')}.example`,
    from,
    to,
    reason: to === 'green' ? '' : 'It was not heard of for 30 s.',
    atMs: nowMs - index * 47 * second,
  });
  return {
    changes: [became(1, 'green', 'red'), became(2, 'red', 'green'), became(3, 'unknown', 'yellow'), became(4, 'yellow', 'green')],
  };
}

function stateOf(index: number): HealthState {
  if (index % 173 === 5) return 'red';
  if (index % 211 === 9) return 'yellow';
  return index % 977 === 11 ? 'unknown' : 'green';
}

function reasonOf(state: HealthState, index: number): string {
  if (state === 'green') return '';
  if (state === 'yellow') return `It is 48 MB behind in /var/log/nginx/access-${index}.log.`;
  return 'Nothing was heard of it for 4 min: look whether the machine runs, and at systemctl status tributary-agent there.';
}

function levelOf(state: HealthState): 'yellow' | 'red' | 'unknown' {
  return state === 'green' ? 'unknown' : state;
}

function node(given: Pick<HealthNode, 'id' | 'kind' | 'name' | 'state' | 'sinceMs'>, kind: string, reason: string): HealthNode {
  const { state, sinceMs } = given;
  return { ...given, parent: 'site', reason, own: state, causes: [{ kind, level: levelOf(state), reason, sinceMs }] };
}

function rateOf(index: number): { readonly recordsPerSecond: number; readonly bytesPerSecond: number } {
  const recordsPerSecond = index % 6 === 4 ? 0 : ((index * 7919) % 1000) * (index % 3 === 0 ? 14 : 0.7);
  return { recordsPerSecond, bytesPerSecond: recordsPerSecond * 210 };
}

function channelName(index: number): string {
  const types = ['web', 'access', 'app', 'audit', 'system', 'payments', 'platform', 'errors', 'mail', 'dns'];
  return `${['shop', 'bank', 'logistics-europe'][index % 3] ?? ''}/${types[Math.floor(index / 3) % 10] ?? ''}`;
}

function countStates(agents: readonly AgentRow[]): AgentsAnswer['counts'] {
  const counts = { green: 0, yellow: 0, red: 0, unknown: 0 };
  for (const { state } of agents) counts[state] += 1;
  return counts;
}

const worst: readonly HealthState[] = ['red', 'yellow', 'unknown', 'green'];

function order(query: URLSearchParams, a: AgentRow, b: AgentRow): number {
  const sign = query.get('descending') === null ? 1 : -1;
  switch (query.get('sort')) {
    case 'cpu':
      return sign * ((a.cpuPercent ?? 0) - (b.cpuPercent ?? 0));
    case 'host':
      return sign * a.host.localeCompare(b.host);
    default:
      return sign * (worst.indexOf(a.state) - worst.indexOf(b.state)) || a.host.localeCompare(b.host);
  }
}

function channelState(index: number): HealthState {
  return index === 1 ? 'yellow' : index === 7 ? 'red' : index === 9 ? 'unknown' : 'green';
}

function lowerSite(name: string, state: HealthState, sites: readonly SiteAnswer[] = []): SiteAnswer {
  return {
    site: name,
    siteId: name,
    state,
    reason: state === 'green' ? '' : 'It was not heard of for 2 min.',
    ageMs: state === 'green' ? 2000 : 120_000,
    hubs: 2,
    agents: { known: 40, connected: state === 'green' ? 40 : 0 },
    findings: [],
    sites,
  };
}

function wave(name: string, index: number): number {
  const base = name === 'cpu' || name === 'memory' ? 40 : name === 'disk' ? 71 : name === 'swap' ? 4 : 2_000_000;
  return base * (1 + 0.4 * Math.sin(index / 17 + name.length) + 0.15 * Math.sin(index / 3 + name.length));
}
