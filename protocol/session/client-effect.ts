/**
 * The contract between the sending half of a connection (client.ts, `ClientSession`) and its host: the calls it takes, and the
 * effects it asks for, in order. Each effect says which call answers it; the others need none.
 */
import type { FrameError } from '../frame-error.ts';
import type {
  ChannelName,
  Gap,
  Hello,
  Id,
  Mark,
  Message,
  RecoveredStream,
  RefuseReason,
  RejectCode,
  Welcome,
} from '../messages.ts';
import type { Outbox } from './outbox.ts';

/** `new ClientSession(options)`: one per connection, thrown away with it. */
export interface ClientSessionOptions {
  readonly outbox: Outbox;
  /** Who we are; the session adds the versions it speaks. */
  readonly hello: Omit<Hello, 'kind' | 'versionMin' | 'versionMax'>;
  /** Ask the site for its streams first: nothing is sent until `recoveryDone()`. */
  readonly recover: boolean;
  /** The site that acked before, if it is remembered: what it had and has no more is lost with its store. */
  readonly siteBefore?: Id | undefined;
  /** Sets `wantArchived` in every OpenStream. */
  readonly wantArchived?: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** After each call the host carries out `takeEffects()`. No call throws because of what the peer did. */
export interface ClientCalls {
  /** The socket is open. Once, first. */
  connected(): void;
  receive(message: Message): void;
  /** What came could not be decoded. */
  receiveInvalid(error: FrameError): void;
  /** The socket heard from the peer itself, unasked: a Pong that cannot come yet is waited for a little longer. */
  peerIsHere(): void;
  /** To be called at `nextTickMs()` or soon after; more often does no harm. */
  tick(): void;
  /** When `tick` is needed next, in monotonic milliseconds; undefined: not before something else happens. */
  nextTickMs(): number | undefined;
  /** New batches are in the outbox. */
  outboxGrew(): void;
  /** The answer to the effect `recovered`: what it told is durable here, batches may flow. */
  recoveryDone(): void;
  /** Asks for the stream's Position (again), even with nothing pending. May be called before the Welcome. */
  openStream(streamId: Id): void;
  /** The answer to the effect `diverged`: the stream was ended and its segments given to another. */
  resumeChannel(channel: ChannelName): void;
  /** Nothing will follow `position`; told to the site once everything before it is acked. */
  closeStream(streamId: Id, position: number): void;
  /** Sends no more batches; `drained` when everything that was sent is answered, or after `deadlineMs`. Only after the Welcome. */
  quiesce(deadlineMs: number): void;
  /** Tells the upstream the health of this site; does nothing before the Welcome. At most `snapshotBytesMax`, and only of a hub. */
  sendSnapshot(json: Uint8Array): void;
  /** Returns what is to be done, in order, and forgets it. */
  takeEffects(): ClientEffect[];
}

export type ClientEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** The handshake is done; answered by nothing, batches flow by themselves. */
  | { readonly kind: 'welcomed'; readonly welcome: Welcome }
  | { readonly kind: 'recovered'; readonly streams: readonly RecoveredStream[] }
  /** Durable at the site: the host may release them. Idempotent: a batch may be named again after a replay. */
  | { readonly kind: 'acked'; readonly batchIds: readonly number[] }
  /** The site's word on a stream; `archived` is what `ship --until archived` waits for. */
  | {
      readonly kind: 'positioned';
      readonly streamId: Id;
      readonly held: number;
      readonly heldMark: Mark;
      readonly archived: number;
    }
  /**
   * The site's content is not ours: `ahead`, it holds more than was ever written here; `mark`, other bytes stand before `held`.
   * The channel stands still until the host has ended the stream, given its unacked segments to a new one, and calls
   * `resumeChannel`.
   */
  | {
      readonly kind: 'diverged';
      readonly reason: 'ahead' | 'mark';
      readonly channel: ChannelName;
      readonly streamId: Id;
      readonly held: number;
      readonly heldMark: Mark;
    }
  /** A Gap was sent and answered: `[from, to)` is lost to the site. The host counts it and raises an event. */
  | { readonly kind: 'gap'; readonly streamId: Id; readonly from: number; readonly to: number; readonly cause: Gap['cause'] }
  /**
   * The site will never take this batch, or its body cannot be read any more (reason `corrupt`). The host sets it aside; the
   * session declares the gaps and goes on.
   */
  | { readonly kind: 'rejected-batch'; readonly batchId: number; readonly reason: RefuseReason; readonly hint: string }
  /** The site has everything of the stream, and was told that nothing follows: it may be forgotten here. */
  | { readonly kind: 'closed'; readonly streamId: Id }
  /** Everything under way is answered after a Drain or `quiesce`: close and go to one of these. */
  | { readonly kind: 'drained'; readonly hubs: readonly string[] }
  /** The connection is of no more use; the host closes the socket and connects again after its backoff. */
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly hint: string; readonly retryAfterMs: number };

export type CloseReason = RejectCode | 'no-pong' | 'no-welcome' | 'peer-broke-protocol';
