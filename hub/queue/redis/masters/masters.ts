/**
 * The masters of a Redis (one alone, one that Sentinels name, or those of a Cluster) behind calls of functions. A call goes to the
 * master that has its keys, down one connection, once: nothing is kept for later and nothing is sent again when it is not known whether
 * it was done. Who calls makes each call safe to repeat.
 *
 * The first argument of every function is the `run_id` of the server that it is sent to, put there by `call` itself. With the server's
 * replication id (master-history.ts) it tells one reign of a master from all others. A function that knows another one changes nothing and
 * says so: that is how a changed master is noticed without timing.
 */
import type { DurabilityFact, StoreAway } from '../../../store/hub-store.ts';

/** What Redis answers: texts are Buffers, as bodies are bytes. */
export type Reply = Buffer | number | null | readonly Reply[];

export type Argument = string | Uint8Array | number;

/** Bytes that a function does not need to see: put under a key of their own before it, where nothing is, to go by themselves soon. */
export interface CallBody {
  /** One of the call's keys. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface FunctionCall {
  readonly name: string;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** Whether they were put is not told: the function looks, and keeps what is to stay (PERSIST). */
  readonly bodies?: readonly CallBody[];
}

export interface CallOptions {
  /** False: it changes nothing. Such calls go another connection, so that long answers hold up no write, and wait for no replica. */
  readonly write?: boolean;
}

export interface Masters extends AsyncDisposable {
  /** Begins every key. */
  readonly prefix: string;
  /**
   * Calls a function of a library with keys of one partition (`partitionKeys`). A write resolves once it is as durable as configured.
   * Rejects with MasterError.
   */
  call(partition: number, call: FunctionCall, options?: CallOptions): Promise<Reply>;
  /** What is under keys of one partition: bytes, or null. */
  get(partition: number, keys: readonly string[]): Promise<readonly Reply[]>;
  /** A part of the list under a key of one partition, both ends included, as LRANGE counts. For who only reads: it needs no function. */
  range(partition: number, key: string, from: { readonly first: number; readonly last: number }): Promise<readonly Reply[]>;
  /** The same as `call` with the site's keys (`siteKeys`). */
  callSite(call: FunctionCall, options?: CallOptions): Promise<Reply>;
  /**
   * A connection found another `run_id` than the one before it, or a slot another master: a hint, so that nobody has to wait for a call to
   * find out. Returns its own removal.
   */
  onMasterChanged(listener: (partitions: readonly number[] | 'all') => void): () => void;
  /** To every hub that is connected now, this one included; best effort. */
  publish(message: string): void;
  subscribe(listener: (message: string) => void): () => void;
  /** As last read back from each master. */
  facts(): readonly DurabilityFact[];
  /** As polled about every second. `max` 0: Redis has no limit of its own. */
  memory(): readonly { readonly where: string; readonly used: number; readonly max: number }[];
  /** Sentences of what is wrong now: masters that cannot be reached, settings that are refused. Empty when all is well. */
  problems(): readonly string[];
  /** A master does not answer: why, and since when. Undefined while all do. */
  away(): StoreAway | undefined;
  /** What is under way and what comes is refused as CLOSED: whoever stops waits for nobody. */
  giveUp(): void;
}

export type MasterErrorCode =
  /** The connection broke, or nothing was answered in time, after it was sent: it was done or it was not. */
  | 'AMBIGUOUS'
  /** Nothing was done: no master could be reached in time, or it refuses everything at the moment. */
  | 'UNAVAILABLE'
  /** It was done, but too few replicas have it. */
  | 'REPLICAS'
  /** Nothing was done: Redis has no memory left for what is new. */
  | 'MAXMEMORY'
  /** Its owner stops, and waits for nobody: it was done or it was not. Nothing is to be tried again. */
  | 'CLOSED'
  /** Redis refused it for another reason: a mistake of ours, or missing rights. */
  | 'REFUSED';

export class MasterError extends Error {
  override readonly name = 'MasterError';
  readonly code: MasterErrorCode;
  constructor(code: MasterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What every key of a partition begins with; the braces hold what Cluster chooses the slot by. */
export function partitionKeys(prefix: string, partition: number): string {
  return `${prefix}:{${prefix}-p${partition}}:`;
}

/** What every key of the site as a whole begins with. */
export function siteKeys(prefix: string): string {
  return `${prefix}:{${prefix}-site}:`;
}
