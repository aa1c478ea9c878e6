/**
 * What stood at a site below when its link was cut may stand still, and nobody here knows: its nodes leave the tree, which says nothing of
 * whether what was told of them is over.
 */
import type { HealthTree } from '../health/model/health-model.ts';
import type { NodeId } from '../health/model/node-ids.ts';

/** Whether it is of a site below, or in it, of which nothing is heard now. */
export function isUnheard(tree: HealthTree, node: NodeId): boolean {
  if (!node.startsWith('site/')) return false;
  const site = node.split('/', 2).join('/');
  return tree.get(site)?.causes.some(({ kind }) => kind === 'site-silent') === true;
}
