/**
 * The contract between the receiving half of a connection (server.ts, `ServerSession`) and its host, the hub's intake: the calls
 * it takes, and the effects it asks for, in order. Each request carries an id and is answered by the named call, in any order;
 * the session itself keeps answers to the peer in order per channel. Two rules bind the host:
 *
 * - appends of one channel reach the queue in the order of their effects, and with them its gaps and closed streams;
 * - answers about one stream are given in the order in which they were true: a `positioned` that was read before an append was
 *   stored is not given after that append's `appended`. (One writer that answers in order does this by itself.)
 */
import type { FrameError } from '../frame-error.ts';
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
  RecoveredStream,
  RefuseReason,
  RejectCode,
  Welcome,
  WireSegment,
} from '../messages.ts';

/** `new ServerSession(options)`: one per connection, thrown away with it. */
export interface ServerSessionOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** After each call the host carries out `takeEffects()`. No call throws because of what the peer did. */
export interface ServerCalls {
  receive(message: Message): void;
  /** What came could not be decoded: the peer is told why and closed. */
  receiveInvalid(error: FrameError): void;
  /** To be called at `nextTickMs()` or soon after; more often does no harm. */
  tick(): void;
  /** When `tick` is needed next, in monotonic milliseconds; undefined: not before something else happens. */
  nextTickMs(): number | undefined;
  admitted(admission: Admission): void;
  /** In as many calls as the host likes; `isLast` unless it says otherwise. */
  recovered(streams: readonly RecoveredStream[], isLast?: boolean): void;
  positioned(requestId: number, position: StreamPosition): void;
  appended(requestId: number, result: AppendResult): void;
  /** How many bytes of bodies of this channel may be unacked on this connection. Told to the peer when it changes. */
  setCredit(channel: ChannelName, bytes: number): void;
  /** Sends the peer to another hub within `deadlineMs`, a duration. */
  drain(hubs: readonly string[], deadlineMs: number): void;
  /**
   * The store was lost or went back: the positions of the open streams that it concerns, all of them unless told, are asked for again
   * (`open`) and told to the peer. Where too much was opened to remember how, the connection ends instead, and the peer comes again.
   */
  storeChanged(concerns?: (key: StreamKey) => boolean): void;
  /** Ends the connection with a Reject. */
  shutdown(reject: { readonly code: RejectCode; readonly hint: string; readonly retryAfterMs: number }): void;
  /** Returns what is to be done, in order, and forgets it. Acks are gathered until here. */
  takeEffects(): ServerEffect[];
}

/** A stream as the site keys it: the site and agent it came from and its id. */
export interface StreamKey {
  readonly siteId: Id;
  readonly agentId: Id;
  readonly streamId: Id;
}

export interface AppendSegment extends WireSegment {
  readonly key: StreamKey;
  /** Of its stream's bytes, as the peer named it. */
  readonly encoding: string;
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
  /** Answer: `recovered(streams)`, once or more often. */
  | { readonly kind: 'recover'; readonly agentId: Id }
  /** Answer: `positioned(requestId, position)`, after the stream's row is durable. */
  | { readonly kind: 'open'; readonly requestId: number; readonly key: StreamKey; readonly message: OpenStream }
  /** Answer: `appended(requestId, result)`, after the batch is durable (invariant 1). */
  | { readonly kind: 'append'; readonly requestId: number; readonly request: AppendRequest }
  /** Answer: `positioned(requestId, position)`, after the gap is durable. */
  | {
      readonly kind: 'gap';
      readonly requestId: number;
      readonly channel: ChannelName;
      readonly key: StreamKey;
      readonly message: Gap;
    }
  | { readonly kind: 'close-stream'; readonly channel: ChannelName; readonly key: StreamKey; readonly position: number }
  /** A lower site's health, as its hub tells it; nothing is answered. */
  | { readonly kind: 'snapshot'; readonly json: Uint8Array }
  /** Close the socket once what was sent is flushed. */
  | { readonly kind: 'close'; readonly code: RejectCode | 'gone'; readonly hint: string };
