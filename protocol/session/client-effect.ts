/**
 * What the sending half asks of its host, in order. Each effect says which call answers it; the others need none.
 */
import type { ChannelName, Gap, Id, Mark, Message, RecoveredStream, RefuseReason, RejectCode, Welcome } from '../messages.ts';

export type ClientEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** The handshake is done; answered by nothing, batches flow by themselves. */
  | { readonly kind: 'welcomed'; readonly welcome: Welcome }
  | { readonly kind: 'recovered'; readonly streams: readonly RecoveredStream[] }
  /** Durable at the site: the host may release them. Idempotent. */
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
  /** A Gap was sent: `[from, to)` is lost to the site. The host counts it and raises an event. */
  | { readonly kind: 'gap'; readonly streamId: Id; readonly from: number; readonly to: number; readonly cause: Gap['cause'] }
  /** The site will never take this batch. The host sets it aside; the session declares the gaps and goes on. */
  | { readonly kind: 'rejected-batch'; readonly batchId: number; readonly reason: RefuseReason; readonly hint: string }
  /** Everything under way is answered after a Drain: close and go to one of these. */
  | { readonly kind: 'drained'; readonly hubs: readonly string[] }
  /** The connection is of no more use; the host closes the socket and connects again after its backoff. */
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly hint: string; readonly retryAfterMs: number };

export type CloseReason = RejectCode | 'no-pong' | 'no-welcome' | 'peer-broke-protocol';
