import type { GapCause, Id, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { ClientEffect } from '@tributary/protocol/session/client-effect.ts';
import type { Outbox } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';

/** What the uplink needs of the buffer. */
export interface UplinkBuffer {
  readonly outbox: Outbox;
  readonly needsRecovery: boolean;
  readonly siteStore: string | undefined;
  adopt(streams: readonly RecoveredStream[]): Promise<void>;
  acked(batchIds: readonly number[]): void;
  reject(batchId: number, reason: string): void;
  replaceStream(streamId: Id, at: { start: number; position: number; mark: string }): Promise<StreamState>;
  /** Where the first segment begins that the site has not acked; the stream's end when there is none. */
  firstUnacked(streamId: Id): number;
  /** The site's word on a stream. */
  positioned(streamId: Id, held: number): void;
  /** The site was told that the stream ended. */
  closed(streamId: Id): void;
  /** There is no connection any more: nothing is on its way. */
  disconnected(): void;
  recordLoss(loss: { streamId: Id; from: number; to: number; cause: GapCause }): void;
  rememberSiteStore(storeId: string): void;
  onAppended(listener: () => void): void;
}

export type Divergence = Extract<ClientEffect, { kind: 'diverged' }>;

/**
 * Invariant 3: ends a stream whose content differs at the site and opens another at the end of the part that still fits.
 *
 * - The site holds more than this buffer ever wrote, and the source has the very bytes it holds (this buffer is an older copy):
 *   the new stream starts where the site's content ends.
 * - Anything else is other content: the new stream starts at the first bytes the site has not acked.
 */
export async function resolveDivergence(buffer: UplinkBuffer, divergence: Divergence): Promise<StreamState> {
  const { streamId, held, heldMark, reason } = divergence;
  const isSameContent = reason === 'ahead' && heldMark !== '' && buffer.outbox.markAt(streamId, held) === heldMark;
  if (isSameContent) return await buffer.replaceStream(streamId, { start: held, position: held, mark: heldMark });
  const stream = buffer.outbox.stream(streamId);
  const [position, mark] = stream === undefined ? [0, ''] : [stream.end, stream.endMark];
  return await buffer.replaceStream(streamId, { start: buffer.firstUnacked(streamId), position, mark });
}
