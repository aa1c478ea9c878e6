/** The site's store and its hubs, in the status as a person reads it. What other hubs say of themselves is bounded and shown as it is. */
import { printable } from '@tributary/shared/printable.ts';
import type { HubMember } from '../cluster/cluster.ts';
import type { DurabilityFact } from '../store/hub-store.ts';
import type { ClusterStatus } from './hub-status.ts';

const shownMax = 50;

/** One line per place: `durability   hub.db: journal_mode wal, synchronous full`. */
export function durabilityLines(facts: readonly DurabilityFact[]): string[] {
  const places = Object.entries(Object.groupBy(facts, ({ where }) => where));
  return places.slice(0, shownMax).map(([where, settings = []]) => {
    const text = settings.map(({ setting, value }) => `${setting} ${value}`).join(', ');
    return `durability   ${printable(`${where}: ${text}`)}`;
  });
}

/** Nothing of a hub that is alone: all there is to say of it stands elsewhere. */
export function clusterLines({ store, roles, members, partitions }: ClusterStatus, hubId: string, nowMs: number): string[] {
  if (store === 'sqlite') return [];
  const ready = members.filter(({ state }) => state === 'ready').length;
  const work = roles.includes('work') ? `works on ${partitions.own.length} of ${partitions.all} partitions` : 'only takes in';
  const head = `hubs         ${ready} of ${members.length} ready; this one ${work}${roles.includes('intake') ? '' : ' and takes nothing in'}`;
  return [head, ...members.slice(0, shownMax).map((member) => memberLine(member, hubId, nowMs))];
}

function memberLine(member: HubMember, hubId: string, nowMs: number): string {
  const { host, address, state, connections, version, beatMs } = member;
  const name = member.hubId === hubId ? 'this hub' : `hub ${member.hubId.slice(0, 8)}`;
  const where = address === '' ? 'no agents here' : address;
  const heard = Math.max(0, Math.round((nowMs - beatMs) / 1000));
  const parts = [state, where, `${connections} connected`, workOf(member), version, `heard ${heard} s ago`];
  return `             ${printable(`${name} on ${host}: ${parts.join(', ')}`)}`;
}

function workOf({ works, partitions, leases }: HubMember): string {
  if (!works) return 'does not work';
  if (partitions === undefined || leases === undefined) return 'works';
  return `works on ${partitions} partitions with ${leases} leases`;
}
