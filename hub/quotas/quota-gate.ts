/**
 * Whether records may come in, by the quotas of their tenant. Asked by whatever takes records from outside, before the queue: for agents a
 * batch at a time, for pushes a request.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';

export interface IncomingSize {
  /** Of records, inflated. */
  readonly bytes: number;
  readonly records: number;
}

export type QuotaVerdict =
  /** Counted as taken in. Whoever then finds that it was not stored (a duplicate, no room) gives it back. */
  | { readonly kind: 'take' }
  /** Not now: the sender keeps it and tries again. */
  | { readonly kind: 'throttle'; readonly retryAfterMs: number; readonly hint: string }
  /** Never: what is then left out is told by `dropped`. */
  | { readonly kind: 'drop'; readonly hint: string };

export interface QuotaGate {
  admit(channel: ChannelName, size: IncomingSize): QuotaVerdict;
  giveBack(channel: ChannelName, size: IncomingSize): void;
  /** So much was left out after the verdict `drop`, as one batch or request. */
  dropped(channel: ChannelName, size: IncomingSize): void;
}

/** Where there are no quotas. */
export const openGate: QuotaGate = {
  admit: () => ({ kind: 'take' }),
  giveBack: () => undefined,
  dropped: () => undefined,
};
