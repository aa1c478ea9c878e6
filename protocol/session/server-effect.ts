/**
 * What the receiving half asks of its host (the hub's intake), in order. Each request carries an id and is answered by the named
 * call, in any order; the session itself keeps answers to the peer in order per channel.
 */
import type {
  Batch,
  ChannelName,
  Gap,
  Hello,
  Id,
  Mark,
  Message,
  OpenStream,
  Origin,
  RefuseReason,
  RejectCode,
  Welcome,
  WireSegment,
} from '../messages.ts';

/** A stream as the site keys it: the site and agent it came from and its id. */
export interface StreamKey {
  readonly siteId: Id;
  readonly agentId: Id;
  readonly streamId: Id;
}

export interface AppendSegment extends WireSegment {
  readonly key: StreamKey;
}

/** A batch whose stream numbers were looked up. All its streams belong to `channel`. */
export interface AppendRequest {
  readonly channel: ChannelName;
  readonly segments: readonly AppendSegment[];
  readonly batch: Batch;
}

export type AppendResult =
  /** Durable, wholly or trimmed. */
  | { readonly kind: 'stored' }
  /** All of it had arrived before, durably. */
  | { readonly kind: 'duplicate' }
  | {
      readonly kind: 'refused';
      readonly reason: RefuseReason;
      /** For `position`: which stream, and what the site has of it. */
      readonly key?: StreamKey;
      readonly held?: number;
      readonly heldMark?: Mark;
      readonly retryAfterMs?: number;
      readonly hint: string;
    };

export interface StreamPosition {
  readonly held: number;
  readonly heldMark: Mark;
  readonly archived: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly welcome: Omit<Welcome, 'kind' | 'version'>; readonly origin: Origin }
  | { readonly kind: 'rejected'; readonly code: RejectCode; readonly hint: string; readonly retryAfterMs: number };

export type ServerEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** Answer: `admitted(admission)`. */
  | { readonly kind: 'admit'; readonly hello: Hello }
  /** Answer: `recovered(streams)`. */
  | { readonly kind: 'recover'; readonly agentId: Id }
  /** Answer: `positioned(requestId, position)`, after the stream's row is durable. */
  | { readonly kind: 'open'; readonly requestId: number; readonly key: StreamKey; readonly message: OpenStream }
  /** Answer: `appended(requestId, result)`, after the batch is durable (invariant 1). */
  | { readonly kind: 'append'; readonly requestId: number; readonly request: AppendRequest }
  /** Answer: `positioned(requestId, position)`, after the gap is durable. */
  | { readonly kind: 'gap'; readonly requestId: number; readonly key: StreamKey; readonly message: Gap }
  | { readonly kind: 'close-stream'; readonly key: StreamKey; readonly position: number }
  /** Close the socket once what was sent is flushed. */
  | { readonly kind: 'close'; readonly code: RejectCode | 'gone'; readonly hint: string };
