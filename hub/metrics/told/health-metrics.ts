/** The tree of health, in numbers: of agents and their inputs only how many have which colour. */
import { healthState, nodeKind } from '../../dashboard/api/health-shapes.ts';
import type { HealthTree, ModelNode } from '../../health/model/health-model.ts';
import { findingKinds } from '../../health/model/places.ts';
import { isWorse } from '../../health/model/states.ts';
import { statedNodesMax } from '../limits.ts';
import { gauge, type OwnedMetric, type OwnedSample, stateSamples } from '../owned.ts';

const states = healthState.options;
const levels = ['yellow', 'red'] as const;
/** There may be thousands of the others. */
const stated: ReadonlySet<string> = new Set(['site', 'hub', 'store', 'channel', 'output', 'agents', 'listener']);

export function healthMetrics(tree: HealthTree): OwnedMetric[] {
  const nodes = [...tree.values()];
  const told = nodes.filter(({ kind }) => stated.has(kind)).slice(0, statedNodesMax);
  return [
    gauge(
      'tributary_health_state',
      '1 for the state that a node has: the worst of its own and of what is below it.',
      told.flatMap((node) => stateSamplesOf(node)),
    ),
    gauge('tributary_health_nodes', 'Nodes of each kind, by their state.', countsOf(nodes)),
    gauge('tributary_findings', 'What a person ought to know now, by kind and level.', findingsOf(nodes)),
  ];
}

function stateSamplesOf({ id: node, kind, name, state, owners }: ModelNode): OwnedSample[] {
  const owner = owners !== 'site' && owners.length === 1 ? { tenant: owners[0] ?? '' } : {};
  return stateSamples({ kind, node, name }, states, state).map((sample) => ({ ...sample, ...owner }));
}

function countsOf(nodes: readonly ModelNode[]): OwnedSample[] {
  return nodeKind.options.flatMap((kind) => {
    const ofKind = nodes.filter((node) => node.kind === kind);
    return states.map((state) => ({ labels: { kind, state }, value: ofKind.filter((node) => node.state === state).length }));
  });
}

/** Each once, also where it colours several nodes. Those that are not there are told as 0, so that an alert sees them come. */
function findingsOf(nodes: readonly ModelNode[]): OwnedSample[] {
  const found = new Map<string, (typeof levels)[number]>();
  for (const { causes } of nodes) {
    for (const { kind, subject, level } of causes) {
      const before = found.get(`${kind} ${subject}`);
      if (level !== 'unknown' && (before === undefined || isWorse(level, before))) found.set(`${kind} ${subject}`, level);
    }
  }
  const counts = new Map<string, number>();
  for (const [key, level] of found) {
    const about = `${key.slice(0, key.indexOf(' '))} ${level}`;
    counts.set(about, (counts.get(about) ?? 0) + 1);
  }
  return findingKinds.flatMap((kind) =>
    levels.map((level) => ({ labels: { kind, level }, value: counts.get(`${kind} ${level}`) ?? 0 })),
  );
}
