/** How audit events name tokens and the tenants of an agent. */
import { everyTenant } from '../access/access.ts';

export function tokenActor(tokenId: string): string {
  return `token:${tokenId}`;
}

export function agentActor(agentId: string): string {
  return `agent:${agentId}`;
}

/** Sorted: two lists with the same tenants have the same label. */
export function tenantLabel(tenants: readonly string[] | 'all'): string {
  return tenants === 'all' ? everyTenant : tenants.toSorted().join(',');
}
