/** What the tree of health is made of: everything is read from what the hub knows anyway, and nothing of it is waited for. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { HubMember } from '../../cluster/cluster.ts';
import type { OutputStatus } from '../../outputs/output.ts';
import type { QueueStatus } from '../../queue/queue.ts';
import type { SiteView } from '../../sites/lower-sites.ts';
import type { FindingKind, StandingFinding } from '../findings.ts';
import type { NodeId } from './node-ids.ts';

/** An agent that ought to be there. */
export interface KnownAgent {
  readonly agentId: Id;
  readonly host: string;
  readonly tenants: readonly string[] | 'all';
}

/** A finding, and which hub of the site tells it. */
export interface ToldFinding extends StandingFinding {
  readonly hubId: Id;
}

export interface ListenerFact {
  readonly hubId: Id;
  /** As in its node's id. */
  readonly name: string;
}

export interface HealthFacts {
  readonly site: { readonly name: string; readonly siteId: Id };
  /** Those that are heard of, and those that ought to be. */
  readonly hubs: readonly Pick<HubMember, 'hubId' | 'host'>[];
  readonly listeners: readonly ListenerFact[];
  readonly queue: Pick<QueueStatus, 'channels' | 'topics' | 'groups'>;
  readonly outputs: readonly Pick<OutputStatus, 'name' | 'kind' | 'state' | 'trouble'>[];
  readonly agents: readonly KnownAgent[];
  /** As an agent told. */
  readonly inputsOf: (agentId: Id) => readonly { readonly name: string }[];
  readonly sites: readonly SiteView[];
  readonly findings: readonly ToldFinding[];
  /** What nothing certain is known of: hubs that are not heard of since a moment. */
  readonly unknown: readonly UnknownFact[];
}

export interface UnknownFact {
  readonly node: NodeId;
  readonly kind: FindingKind;
  /** With the kind it is the same cause as a finding of these, which is worse. */
  readonly subject: string;
  readonly reason: string;
  readonly sinceMs: number;
}
