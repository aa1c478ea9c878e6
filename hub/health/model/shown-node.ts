/** Nodes of the tree and what changed in it as the API shows them: names and reasons come from anywhere. */
import { printable } from '@tributary/shared/printable.ts';
import type { HealthCause, HealthChange, HealthNode } from '../../dashboard/api/health-shapes.ts';
import type { ModelCause, ModelChange, ModelNode } from './health-model.ts';

export function shownNode({ id, kind, name, parent, owners, state, reason, sinceMs, own, causes }: ModelNode): HealthNode {
  const [owner, another] = owners === 'site' ? [] : owners;
  return {
    id,
    kind,
    name: printable(name),
    ...(parent === undefined ? {} : { parent }),
    ...(owner === undefined || another !== undefined ? {} : { tenant: owner }),
    ...(owners === 'site' || another === undefined ? {} : { tenants: [...owners] }),
    state,
    reason: printable(reason),
    sinceMs,
    own,
    causes: causes.map(shownCause),
  };
}

function shownCause({ kind, level, reason, sinceMs, acknowledged }: ModelCause): HealthCause {
  return { kind, level, reason: printable(reason), sinceMs, ...(acknowledged !== undefined && { acknowledged }) };
}

export function shownChange({ id, node, name, from, to, reason, atMs }: ModelChange): HealthChange {
  return { id, node, name: printable(name), from, to, reason: printable(reason), atMs };
}
