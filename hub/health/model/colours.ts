/** Which colour each node of a tree has, of what is the matter with it and with what is below it. */
import type { HealthState } from '../../dashboard/api/health-shapes.ts';
import type { ModelCause } from './health-model.ts';
import type { NodeId } from './node-ids.ts';
import { byGravity, isWorse } from './states.ts';
import type { TreeNode } from './tree.ts';

export interface Colour {
  readonly state: HealthState;
  /** Of the worst cause, of its own or below; of equal ones its own, then the one that has been for longest. */
  readonly reason: string;
  readonly sinceMs: number;
}

export const green = { state: 'green', reason: '' } as const;

/** Of those that are not green. Of the causes of a node the worst comes first. */
export function coloursOf(
  tree: ReadonlyMap<NodeId, TreeNode>,
  causes: Iterable<readonly [NodeId, readonly ModelCause[]]>,
): ReadonlyMap<NodeId, Colour> {
  const colours = new Map<NodeId, Colour>();
  const worst = [...causes].flatMap(([id, [first]]) => (first === undefined || !tree.has(id) ? [] : [{ id, first }]));
  for (const { id, first } of worst.toSorted((one, other) => byGravity(one.first, other.first))) {
    const colour = { state: first.level, reason: first.reason, sinceMs: first.sinceMs };
    const below = colours.get(id);
    if (below === undefined || !isWorse(below.state, colour.state)) colours.set(id, colour);
    // What was here before is worse, or has been for longer: so it is all the way up.
    for (let above = tree.get(id)?.parent; above !== undefined && !colours.has(above); above = tree.get(above)?.parent) {
      colours.set(above, colour);
    }
  }
  return colours;
}
