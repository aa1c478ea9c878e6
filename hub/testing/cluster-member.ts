/** A hub as the others of its site see it; a test changes what it is about. */
import type { HubMember } from '../cluster/cluster.ts';

export function clusterMember(hubId: string, changes: Partial<HubMember> = {}): HubMember {
  const told = { host: 'h', address: '', version: '1', startedMs: 0, connections: 0, works: true, beatMs: 0 };
  return { hubId, state: 'ready', ...told, ...changes };
}
