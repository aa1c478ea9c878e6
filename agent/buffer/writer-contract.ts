/** What the main thread asks of the writer thread. Every call is durable when it is answered. */
import type { Id, SourceIdentity } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { Overflow, StreamState } from '../inputs/input.ts';
import type { DroppedRange, Loss } from './sql/loss-rows.ts';
import type { Move } from './sql/stream-rows.ts';

export interface RewrittenBatch {
  readonly batchId: number;
  readonly segments: readonly OutboxSegment[];
}

/** A batch and its bytes. */
export interface WholeBatch {
  readonly batch: OutboxBatch;
  readonly overflow: Overflow;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** And the resume tokens that the batch's streams have once it is stored. */
export interface AppendedBatch extends WholeBatch {
  readonly tokens: ReadonlyMap<Id, string>;
}

/** What adopting the site's streams changes, as one step. */
export interface Adoption {
  readonly streams: readonly StreamState[];
  /** Batches that cannot be sent as they are: deleted, and what is still good of them written under the same id. */
  readonly removed: readonly number[];
  readonly rebuilt: readonly WholeBatch[];
}

export interface OpenReport {
  /** No database was there, or a damaged one was set aside. */
  readonly fresh: boolean;
  readonly damaged: DamageReport | undefined;
}

export interface DamageReport {
  readonly reason: string;
  readonly movedTo: string;
  readonly streams: number;
  readonly batches: number;
  /** Unacked batches whose row was readable and whose body was not. */
  readonly unreadable: number;
}

/** `open` comes first and once; the others in any order. */
export type WriterCalls = {
  readonly open: { readonly argument: { readonly folder: string; readonly reserveBytes: number }; readonly result: OpenReport };
  readonly append: { readonly argument: AppendedBatch; readonly result: undefined };
  readonly putStream: { readonly argument: StreamState; readonly result: undefined };
  readonly updateIdentity: {
    readonly argument: { readonly streamId: Id; readonly identity: SourceIdentity };
    readonly result: undefined;
  };
  readonly endStream: { readonly argument: Id; readonly result: undefined };
  readonly replaceStream: {
    readonly argument: { readonly replaced: Id; readonly stream: StreamState; readonly rewritten: readonly RewrittenBatch[] };
    readonly result: undefined;
  };
  readonly adopt: { readonly argument: Adoption; readonly result: undefined };
  readonly ack: { readonly argument: { readonly ids: readonly number[]; readonly atMs: number }; readonly result: undefined };
  readonly remove: { readonly argument: readonly number[]; readonly result: undefined };
  readonly reject: { readonly argument: { readonly id: number; readonly reason: string }; readonly result: undefined };
  /** What came was not kept: the position moves behind it, and the loss is recorded. */
  readonly drop: { readonly argument: { readonly move: Move; readonly range: DroppedRange }; readonly result: undefined };
  /** Unacked batches make room for newer ones. */
  readonly dropBatches: {
    readonly argument: { readonly ids: readonly number[]; readonly ranges: readonly DroppedRange[] };
    readonly result: undefined;
  };
  readonly recordLoss: { readonly argument: Loss; readonly result: undefined };
  /** A Gap is about to be sent for these positions: from now on they are lost for sure. */
  readonly declaring: { readonly argument: Pick<Loss, 'streamId' | 'from' | 'to'>; readonly result: undefined };
  /** The site has everything before `held`, or was told of it. */
  readonly settleLosses: { readonly argument: { readonly streamId: Id; readonly held: number }; readonly result: undefined };
  readonly setMeta: { readonly argument: { readonly key: string; readonly value: string }; readonly result: undefined };
  readonly forget: {
    readonly argument: { readonly streamIds: readonly Id[]; readonly nowMs: number };
    readonly result: undefined;
  };
  /** Looks for space now instead of at the next try. */
  readonly retry: { readonly argument: undefined; readonly result: undefined };
  /** Gives back memory that the work before it took. */
  readonly tidy: { readonly argument: undefined; readonly result: undefined };
};

/** What the writer tells unasked. */
export type WriterEvent = { readonly kind: 'no-space'; readonly message: string } | { readonly kind: 'space' };
