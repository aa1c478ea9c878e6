import { hostname } from 'node:os';
import type { Id } from '@tributary/protocol/messages.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { HubMember, OwnState } from '../cluster/cluster.ts';

/** What stays as it is while this process runs. */
export type MemberFacts = Omit<HubMember, keyof OwnState | 'beatMs'>;

export function ownMember(hubId: Id, startedMs: number): MemberFacts {
  return { hubId, host: hostname(), version: productVersion(), startedMs };
}
