/** The health that somebody may look at, as the API tells it: filtered, the worst first, page by page. */
import * as z from 'zod';
import type { HealthAnswer, HealthNode, HealthState, NodeKind, stateCounts } from '../../dashboard/api/health-shapes.ts';
import type { HealthTree, ModelNode } from './health-model.ts';
import { type Colour, coloursOf, green } from './colours.ts';
import type { NodeId } from './node-ids.ts';
import { isWorse, rankOf } from './states.ts';

export interface Wanted {
  readonly states: ReadonlySet<HealthState> | undefined;
  readonly kinds: ReadonlySet<NodeKind> | undefined;
  /** This node and what is below it. */
  readonly under: NodeId | undefined;
  /** `id`, which no node changes, so that each comes exactly once whatever changes its colour meanwhile. */
  readonly order: 'worst' | 'id';
  readonly limit: number;
  /** Of the answer before. */
  readonly after: string | undefined;
}

export type HealthPage = Pick<HealthAnswer, 'state' | 'reason' | 'sinceMs' | 'counts' | 'nodes' | 'next'>;

/** How a site is in a few words: the worst of it, and how many nodes of each kind have which colour. */
export type HealthHead = Pick<HealthPage, 'state' | 'reason' | 'sinceMs' | 'counts'>;

/** Undefined before anything was looked at. */
export function headOfTree(tree: HealthTree): HealthHead | undefined {
  const nodes = [...tree.values()];
  return nodes.length === 0 ? undefined : { ...headOf(nodes), counts: countsOf(nodes) };
}

/** Undefined where `after` is of no answer of ours. `seen` is in the order of the tree, parents first. */
export function pageOf(
  seen: readonly ModelNode[],
  wanted: Wanted,
  shown: (node: ModelNode) => HealthNode,
): HealthPage | undefined {
  const under = wanted.under === undefined ? seen : below(seen, wanted.under);
  const fitting = under.filter(({ state, kind }) => wanted.states?.has(state) !== false && wanted.kinds?.has(kind) !== false);
  const order = wanted.order === 'id' ? byId : byPlace;
  const sorted = fitting.toSorted(order);
  const after = wanted.after === undefined ? undefined : cursorOf(wanted.after);
  if (wanted.after !== undefined && after === undefined) return undefined;
  const rest = after === undefined ? sorted : sorted.filter((node) => order(node, after) > 0);
  const nodes = rest.slice(0, wanted.limit);
  const last = nodes.at(-1);
  const next = last === undefined || rest.length <= nodes.length ? {} : { next: cursorText(last) };
  return { ...headOf(under), counts: countsOf(under), nodes: nodes.map(shown), ...next };
}

/** The platform without what is of channels: this site and those below then tell what they have else. Parents come first. */
export function withoutChannels(seen: readonly ModelNode[]): ModelNode[] {
  const rest = seen.filter(({ kind }) => kind !== 'channel' && kind !== 'topic');
  const colours = coloursOf(new Map(rest.map((node) => [node.id, node])), new Map(rest.map(({ id, causes }) => [id, causes])));
  const newest = newestBelow(rest);
  // Only sites have channels.
  return rest.map((node) => (node.kind === 'site' ? coloured(node, colours.get(node.id), newest.get(node.id)) : node));
}

function coloured(node: ModelNode, colour: Colour | undefined, newestMs = 0): ModelNode {
  const { state, reason, sinceMs } = colour ?? { ...green, sinceMs: newestMs };
  return { ...node, state, reason, sinceMs: state === node.state ? node.sinceMs : sinceMs };
}

/** By what they are below: when the last of them became what it is. */
function newestBelow(nodes: readonly ModelNode[]): ReadonlyMap<NodeId, number> {
  const newest = new Map<NodeId, number>();
  for (const { parent, sinceMs } of nodes)
    if (parent !== undefined) newest.set(parent, Math.max(newest.get(parent) ?? 0, sinceMs));
  return newest;
}

/** Of several nodes that somebody sees without what is above them: the worst of them tells. */
function headOf(nodes: readonly ModelNode[]): Pick<HealthPage, 'state' | 'reason' | 'sinceMs'> {
  const [first] = nodes;
  // Who asks for what is not there, or has a name wrong, must not be told that all is well.
  if (first === undefined)
    return {
      state: 'unknown',
      reason: 'there is nothing here that you may look at: nothing came so far, or the name is not right',
      sinceMs: 0,
    };
  const { state, reason, sinceMs } = nodes.reduce((worst, node) => (isWorse(node.state, worst.state) ? node : worst), first);
  return { state, reason, sinceMs };
}

function countsOf(nodes: readonly ModelNode[]): HealthPage['counts'] {
  const counts: Partial<Record<NodeKind, z.output<typeof stateCounts>>> = {};
  for (const { kind, state } of nodes) {
    const ofKind = (counts[kind] ??= { green: 0, yellow: 0, red: 0, unknown: 0 });
    ofKind[state] += 1;
  }
  return counts;
}

function below(nodes: readonly ModelNode[], top: NodeId): ModelNode[] {
  const found = new Set<NodeId>([top]);
  return nodes.filter(({ id, parent }) => {
    if (id !== top && (parent === undefined || !found.has(parent))) return false;
    found.add(id);
    return true;
  });
}

type Place = Pick<ModelNode, 'state' | 'id'>;

function byPlace(one: Place, other: Place): number {
  return rankOf(other.state) - rankOf(one.state) || byId(one, other);
}

function byId(one: Place, other: Place): number {
  return one.id < other.id ? -1 : Number(one.id > other.id);
}

const cursor = z.tuple([z.enum(['green', 'yellow', 'red', 'unknown']), z.string().max(1000)]);

function cursorText({ state, id }: Place): string {
  return Buffer.from(JSON.stringify([state, id])).toString('base64url');
}

function cursorOf(text: string): Place | undefined {
  try {
    const [state, id] = cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { state, id };
  } catch {
    return undefined;
  }
}
