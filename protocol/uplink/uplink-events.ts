import type { GapCause, Id, Mark, RefuseReason, Welcome } from '../messages.ts';
import type { ConnectionEnd } from './connection.ts';

/** What happens on a connection that others want to know: counters, log lines, `ship`, the sink. */
export interface UplinkEvents {
  welcomed(welcome: Welcome): void;
  /** A try to connect, or a connection, ended. */
  disconnected(end: ConnectionEnd): void;
  /** The site's streams were adopted: files may be read. */
  recovered(): void;
  sent(bodyBytes: number, records: number): void;
  acked(batches: number): void;
  positioned(position: {
    readonly streamId: Id;
    readonly held: number;
    readonly heldMark: Mark;
    readonly archived: number;
  }): void;
  lost(gap: { readonly streamId: Id; readonly from: number; readonly to: number; readonly cause: GapCause }): void;
  rejected(batch: { readonly batchId: number; readonly reason: RefuseReason; readonly hint: string }): void;
}
