import type { GapCause, Id, RecoveredStream } from '../messages.ts';
import type { ClientEffect } from '../session/client-effect.ts';
import type { Outbox } from '../session/outbox.ts';

/** What an uplink needs of whoever has batches to send: an agent's buffer, or a hub's reader towards its upstream. */
export interface UplinkBuffer {
  readonly outbox: Outbox;
  readonly needsRecovery: boolean;
  readonly siteStore: string | undefined;
  /** The site that the store belongs to, where it is remembered. */
  readonly site?: string | undefined;
  adopt(streams: readonly RecoveredStream[]): Promise<void>;
  acked(batchIds: readonly number[]): void;
  reject(batchId: number, reason: string): void;
  /** The site has other content of a stream. The stream's channel stands still until this is settled, durably. */
  diverged(divergence: Divergence): Promise<void>;
  /** The site's word on a stream. */
  positioned(streamId: Id, held: number): void;
  /** The site was told that the stream ended. */
  closed(streamId: Id): void;
  /** There is no connection any more: nothing is on its way. */
  disconnected(): void;
  recordLoss(loss: { streamId: Id; from: number; to: number; cause: GapCause }): void;
  rememberSiteStore(storeId: string, siteId: string): void;
  onAppended(listener: () => void): void;
}

export type Divergence = Extract<ClientEffect, { kind: 'diverged' }>;
