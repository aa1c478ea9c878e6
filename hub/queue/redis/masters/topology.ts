/** Where the masters are: one alone, the one that Sentinels name, or those of a Cluster by slot. */
import type { HostPort } from '@tributary/shared/network/listen-address.ts';
import type { MasterLink } from './master-link.ts';

/** Two connections to one master: long answers hold up no write, and a wait for replicas holds up no read. */
export interface MasterPair {
  readonly write: MasterLink;
  readonly read: MasterLink;
}

export interface Topology extends AsyncDisposable {
  /** Undefined where nobody has the slot at the moment. */
  pairOf(slot: number): MasterPair | undefined;
  /** One server of a Cluster, also one that has no slots yet. Undefined where there is none. */
  pairAt(address: HostPort): MasterPair | undefined;
  pairs(): readonly MasterPair[];
  /** Where is it now? Resolves when that was asked. */
  refresh(): Promise<void>;
  /** What is wrong besides the masters themselves. */
  problem(): string | undefined;
}

export type MasterChange =
  /** This server is another one than before. */
  | { readonly kind: 'pair'; readonly pair: MasterPair }
  /** These slots went to another master. */
  | { readonly kind: 'slots'; readonly has: (slot: number) => boolean };
