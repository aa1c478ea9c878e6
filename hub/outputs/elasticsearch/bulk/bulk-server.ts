/** What the sender asks of a cluster. All of it rejects with an error of its kind where the cluster does not do it now. */
import type { Answer } from '../client/connection.ts';
import type { NameTroubles } from './named-apart.ts';

/**
 * Whether a document may be there already. `elsewhere`: before the index that is written to, which refuses what it has by itself. `anywhere`: it may
 * have been sent just now, and so is looked for in that index as well: a rollover between the look and the request would make another one of it.
 */
export type Doubt = 'none' | 'elsewhere' | 'anywhere';

/** A document that is looked for: its place in the list is what the answer names it by. */
export interface Sought {
  readonly index: string;
  readonly id: string;
  /** Before this nobody has sent it. */
  readonly sinceMs: number;
  /** May it be in the index that is written to, too? */
  readonly doubt: Doubt;
}

export interface BulkServer {
  /** Before documents go to these indices: those that nothing can go to. */
  make(names: ReadonlySet<string>, signal: AbortSignal): Promise<NameTroubles>;
  /** After documents went to them, and before anybody relies on it: they keep what they acknowledge. */
  check(names: ReadonlySet<string>, signal: AbortSignal): Promise<void>;
  /** Whether a document of this name goes into a data stream, or else nowhere: such documents do not go together with others. */
  isStream(name: string): boolean;
  /** One bulk request. */
  post(body: Buffer, isOfStreams: boolean, signal: AbortSignal): Promise<Answer>;
  /** Places of the documents that are there already. */
  lookUp(documents: readonly Sought[], signal: AbortSignal): Promise<ReadonlySet<number>>;
}
