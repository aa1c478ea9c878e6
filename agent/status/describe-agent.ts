/** What the running agent knows of itself, gathered when it is asked. */
import { productVersion } from '@tributary/shared/build-info.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import type { Agent } from '../agent.ts';
import type { InputStatus } from '../input-set.ts';
import type { AgentStatus, Rates, Readiness, SourceOfInput, SourceSums, TlsStatus } from './agent-status.ts';
import { readinessOf } from './readiness.ts';

/** A running agent, and what else its status tells. */
export interface ObservedAgent {
  readonly agent: Pick<
    Agent,
    | 'batcher'
    | 'buffer'
    | 'counters'
    | 'events'
    | 'identity'
    | 'inputs'
    | 'renewal'
    | 'rotator'
    | 'tls'
    | 'uplink'
    | 'waitsForSite'
  >;
  readonly startedMs: number;
  readonly isStopping: () => boolean;
  readonly rates: () => Rates;
}

export function describeAgent(observed: ObservedAgent, sourcesMax = Infinity): AgentStatus {
  const { agent, startedMs, rates } = observed;
  const lostByCause = agent.buffer.losses();
  const sums = Object.values(lostByCause);
  const sources = sourcesOf(observed);
  return {
    program: 'tributary-agent',
    version: productVersion(),
    pid: process.pid,
    startedMs,
    agentId: agent.identity.agentId,
    state: stateOf(observed),
    readiness: describeReadiness(observed),
    uplink: agent.uplink.status(),
    tls: describeTls(agent),
    buffer: {
      ...agent.buffer.status(),
      inFlightBytes: agent.uplink.inFlightBytes,
      losses: sums.reduce((sum, lost) => sum + lost.losses, 0),
      positionsLost: sums.reduce((sum, lost) => sum + lost.positions, 0),
      lostByCause,
    },
    inputs: withSums(agent.inputs.inputs(), sources),
    sources: sources.slice(0, sourcesMax),
    sourcesTotal: sources.length,
    rotation: agent.rotator.status(),
    abandonedBytes: {
      'file-gone': agent.counters.lost['file-gone'].bytes,
      truncated: agent.counters.lost.truncated.bytes,
      expired: agent.counters.lost.expired.bytes,
    },
    counters: agent.counters,
    rates: rates(),
    memory: { rssBytes: residentBytes() },
  };
}

export function describeReadiness(observed: ObservedAgent): Readiness {
  const { agent } = observed;
  return readinessOf({ state: stateOf(observed), buffer: agent.buffer.status(), inputs: agent.inputs.inputs() });
}

function describeTls({ tls, renewal }: ObservedAgent['agent']): TlsStatus {
  const { source, identity, site, material, problem } = tls;
  return {
    source,
    certificate: identity,
    site: site?.site,
    authorities: (material?.authorities ?? []).map(fingerprintOf),
    problem: problem?.message ?? '',
    renewal,
  };
}

/** The furthest behind first. */
export function sourcesOf({ agent }: Pick<ObservedAgent, 'agent'>): SourceOfInput[] {
  return agent.inputs
    .sources()
    .map((source) => ({ ...source, lag: Math.max(0, source.size - source.position) }))
    .toSorted((left, right) => right.lag - left.lag || (left.path < right.path ? -1 : 1));
}

function stateOf({ agent, isStopping }: ObservedAgent): AgentStatus['state'] {
  if (isStopping()) return 'stopping';
  return agent.waitsForSite ? 'waiting-for-site' : 'running';
}

function withSums(inputs: readonly InputStatus[], sources: readonly SourceOfInput[]): (InputStatus & SourceSums)[] {
  const sums = new Map(inputs.map(({ name }) => [name, { sources: 0, lag: 0, failed: 0 }]));
  for (const { input, lag, state } of sources) {
    const sum = sums.get(input);
    if (sum === undefined) continue;
    sum.sources += 1;
    sum.lag += lag;
    if (state === 'failed') sum.failed += 1;
  }
  // A file that could never be opened is no source yet.
  return inputs.map((input) => {
    const { sources: count, lag, failed } = sums.get(input.name) ?? { sources: 0, lag: 0, failed: 0 };
    return { ...input, sources: count, lag, failed: Math.max(failed, input.failing) };
  });
}

function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    // In a root without /proc.
    return 0;
  }
}
