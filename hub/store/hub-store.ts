/** What a site keeps, and who shares it: opened once by hub.ts from the configuration (open-store.ts). */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { MeasurementStore } from '../measurements/store/measurement-store.ts';
import type { DayNotes } from '../cluster/day-notes.ts';
import type { Queue, QueueStatus } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';

/** A setting of the store that decides whether an ack is true after a power cut (invariant 1), as read back from it. */
export interface DurabilityFact {
  /** Which database or master. */
  readonly where: string;
  readonly setting: string;
  readonly value: string;
}

/** A store that is somewhere else does not answer: why, and since when. */
export interface StoreAway {
  /** A sentence, without its full stop. */
  readonly why: string;
  readonly sinceMs: number;
}

/** Drawn when the site and its hub were made; kept also by each hub's `data_dir`, so that a store made anew is the same site's. */
export interface SiteIds {
  readonly siteId: Id;
  readonly hubId: Id;
}

export interface HubStore extends SiteIds, AsyncDisposable {
  readonly kind: 'sqlite' | 'redis';
  readonly queue: Queue;
  readonly cluster: Cluster;
  /** Opened once. */
  openRegistry(): Promise<Registry>;
  /** Opened once; never waits. */
  openMeasurements(): MeasurementStore;
  /** From memory: whether anything can be taken in. */
  readonly state: QueueStatus['state'];
  readonly durability: readonly DurabilityFact[];
  /** At the start it knew nothing of a site that this hub had known: it was lost or emptied. */
  readonly isLost: boolean;
  /** Of how much came in today, between the hubs of a site; undefined where the hub is alone. */
  readonly quotaNotes: DayNotes | undefined;
  /** Sentences of what is wrong with it now; empty while nothing is. */
  problems(): readonly string[];
  /** From memory; undefined while it answers. */
  readonly away: StoreAway | undefined;
  /** Nothing waits for it any more: what is under way and what comes is refused at once. For a hub that stops while it is away. */
  giveUp(): void;
}
