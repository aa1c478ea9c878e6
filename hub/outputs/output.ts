/**
 * One output of the hub: a reader of front or back topics with a group of its own, so that each has its own progress and one that
 * stands still holds up no other. outputs.ts starts those of the configuration, and changes them when it is read again.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';

export interface OutputStatus {
  readonly name: string;
  readonly kind: string;
  /** Of its reader groups, as the queue's status names them. */
  readonly group: string;
  readonly state: 'running' | 'waiting' | 'failed';
  /** What is the matter, as a sentence; empty while nothing is. */
  readonly trouble: string;
  /** What this kind of output counts. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Output extends AsyncDisposable {
  readonly name: string;
  /** Registers its group of a channel, before anything is published that it must not miss. */
  prepare(channel: ChannelName): Promise<void>;
  /** Resolves when aborted; rejects when the hub cannot go on. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutputStatus;
}
