import type { Id } from '@tributary/protocol/messages.ts';
import type { Outbox } from '@tributary/protocol/session/outbox.ts';
import type { Divergence, UplinkBuffer } from '@tributary/protocol/uplink/uplink-buffer.ts';
import type { StreamState } from '../inputs/input.ts';

/** A buffer whose streams go on as others. */
interface ReplacingBuffer {
  readonly outbox: Outbox;
  replaceStream(streamId: Id, at: { start: number; position: number; mark: string }): Promise<StreamState>;
  /** Where the first segment begins that the site has not acked; the stream's end when there is none. */
  firstUnacked(streamId: Id): number;
}

/**
 * Invariant 3: ends a stream whose content differs at the site and opens another at the end of the part that still fits.
 *
 * - The site holds more than this buffer ever wrote, and the source has the very bytes it holds (this buffer is an older copy):
 *   the new stream starts where the site's content ends.
 * - Anything else is other content: the new stream starts at the first bytes the site has not acked.
 */
async function resolveDivergence(buffer: ReplacingBuffer, divergence: Divergence): Promise<StreamState> {
  const { streamId, held, heldMark, reason } = divergence;
  const isSameContent = reason === 'ahead' && heldMark !== '' && buffer.outbox.markAt(streamId, held) === heldMark;
  if (isSameContent) return await buffer.replaceStream(streamId, { start: held, position: held, mark: heldMark });
  const stream = buffer.outbox.stream(streamId);
  const [position, mark] = stream === undefined ? [0, ''] : [stream.end, stream.endMark];
  return await buffer.replaceStream(streamId, { start: buffer.firstUnacked(streamId), position, mark });
}

/** The agent's buffer as its uplink sees it. */
export function uplinkBufferOf(
  buffer: ReplacingBuffer & Omit<UplinkBuffer, 'diverged'>,
  onReplaced: (divergence: Divergence, replacement: StreamState) => void,
): UplinkBuffer {
  return {
    outbox: buffer.outbox,
    get needsRecovery() {
      return buffer.needsRecovery;
    },
    get siteStore() {
      return buffer.siteStore;
    },
    get site() {
      return buffer.site;
    },
    adopt: (streams) => buffer.adopt(streams),
    acked: (batchIds) => buffer.acked(batchIds),
    reject: (batchId, reason) => buffer.reject(batchId, reason),
    diverged: async (divergence) => onReplaced(divergence, await resolveDivergence(buffer, divergence)),
    positioned: (streamId, held) => buffer.positioned(streamId, held),
    closed: (streamId) => buffer.closed(streamId),
    disconnected: () => buffer.disconnected(),
    recordLoss: (loss) => buffer.recordLoss(loss),
    rememberSiteStore: (storeId, siteId) => buffer.rememberSiteStore(storeId, siteId),
    onAppended: (listener) => buffer.onAppended(listener),
  };
}
