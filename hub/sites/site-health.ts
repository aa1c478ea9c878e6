/** The part of this site's tree of health that a site above is told: what is not green, without the sites below, which tell of themselves. */
import type { HealthModel, HealthTree, ModelNode } from '../health/model/health-model.ts';
import { rankOf } from '../health/model/states.ts';
import { causesToldMax, changesToldMax, nodesToldMax } from './limits.ts';
import type { SiteHealth } from './site-snapshot.ts';

const textMax = 1000;

export function siteHealth({ tree, changes }: Pick<HealthModel, 'tree' | 'changes'>): SiteHealth {
  const own = [...tree.values()].filter(isOwn);
  const troubled = own.filter(({ causes }) => causes.length > 0).toSorted((one, other) => rankOf(other.own) - rankOf(one.own));
  const told = new Set<ModelNode>();
  for (const node of troubled) {
    const line = lineOf(node, tree).filter((one) => !told.has(one));
    if (told.size + line.length > nodesToldMax) break;
    for (const one of line) told.add(one);
  }
  return {
    // As in the tree: a parent before its children.
    nodes: own.filter((node) => told.has(node)).map(nodeOf),
    counts: countsOf(own),
    changes: changes
      .filter((change) => isOwn({ id: change.node }))
      .slice(0, changesToldMax)
      .map(changeOf),
  };
}

function isOwn({ id }: Pick<ModelNode, 'id'>): boolean {
  return !id.startsWith('site/');
}

/** The node and all above it. */
function lineOf(node: ModelNode, tree: HealthTree): ModelNode[] {
  const line: ModelNode[] = [];
  for (let one: ModelNode | undefined = node; one !== undefined; one = tree.get(one.parent ?? '')) line.push(one);
  return line;
}

function nodeOf({ id, kind, name, parent, causes }: ModelNode): SiteHealth['nodes'][number] {
  const told = causes.slice(0, causesToldMax).map(({ kind: found, subject, level, reason, sinceMs }) => {
    return { kind: found, subject: cut(subject), level, reason: cut(reason), sinceMs };
  });
  return { id: cut(id), kind, name: cut(name), ...(parent === undefined ? {} : { parent }), causes: told };
}

function changeOf({ id, node, name, from, to, reason, atMs }: HealthModel['changes'][number]): SiteHealth['changes'][number] {
  return { id, node: cut(node), name: cut(name), from, to, reason: cut(reason), atMs };
}

function countsOf(nodes: readonly ModelNode[]): SiteHealth['counts'] {
  const counts: SiteHealth['counts'] = {};
  for (const { kind, state } of nodes) {
    const ofKind = (counts[kind] ??= { green: 0, yellow: 0, red: 0, unknown: 0 });
    ofKind[state] += 1;
  }
  return counts;
}

function cut(text: string): string {
  return text.slice(0, textMax);
}
