/** How long the masters of a Redis are waited for, and how often they are looked at. */
import { assert } from '@tributary/shared/assert.ts';

/** What a test may want shorter. */
export interface Patience {
  /** While something is unanswered, a connection that brings nothing for so long is taken for dead: what it was asked is ambiguous. */
  readonly silenceMsMax: number;
  /** How long a call waits for a master that takes it. */
  readonly callWaitMsMax: number;
  /** How long replicas may take to have what was written. */
  readonly replicasMsMax: number;
  /** All masters have to be there within this when the hub starts. */
  readonly openMsMax: number;
}

export const usualPatience: Patience = { silenceMsMax: 5000, callWaitMsMax: 8000, replicasMsMax: 2000, openMsMax: 10_000 };

/** Until a connection stands and the server has said who it is. */
export const connectMsMax = 3000;

/** A connection that brought nothing for so long is sent a PING. */
export const pingAfterMs = 1000;

/** How often each connection is looked at. */
export const watchEveryMs = 250;

/** A connection that brings no answer for so long is no longer taken for well: where the master is now is asked anew. */
export const suspectMs = 1000;

/** Between two tries of a call that was refused for the moment. */
export const againMs = 50;

/** Between two tries to connect. */
export const reconnectMsMin = 50;
export const reconnectMsMax = 1000;

/** Settings are read back this often. */
export const recheckMs = 60_000;

/** How often a master is asked what memory it uses. */
export const memoryMs = 1000;

/** How often the Sentinels are asked for the master, and nodes of a Cluster for the slots while something is amiss or all is well. */
export const sentinelEveryMs = 300;
export const slotsEveryMs = 500;
export const slotsEveryMsWell = 10_000;

/** Hubs that say nothing to each other still say this, so that a dead connection is noticed. */
export const noteEveryMs = 10_000;

/** Calls that wait or are under way, per connection. */
export const callsMax = 20_000;

assert(usualPatience.replicasMsMax < usualPatience.silenceMsMax, 'waiting for replicas is no silence');
assert(suspectMs < usualPatience.silenceMsMax, 'a master is suspected before it is given up');

/** A body whose function never came goes by itself; one that is called again and again comes well before that. */
export const bodyStaysMs = 10 * 60_000;
