/**
 * One output of the hub: a reader of front or back topics with a group of its own, so that each has its own progress and one that
 * stands still holds up no other. outputs.ts starts those of the configuration, and changes them when it is read again; registry.ts
 * knows the kinds.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { HistogramFigures } from '@tributary/shared/prometheus/exposition.ts';
import type { DeadLetterSender } from '../dead-letters/dead-letter-sender.ts';
import type { PlatformWriter } from '../platform/dispatch/platform-writer.ts';
import type { GroupRequest } from '../queue/queue.ts';

/** What cannot be used as configured; the message says what to do. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code = 'OUTPUT';
}

export interface OutputStatus {
  readonly name: string;
  readonly kind: string;
  /** Of its reader groups, as the queue's status names them. */
  readonly group: string;
  readonly state: 'running' | 'waiting' | 'failed';
  /** The other one that is sent to in place of it. */
  readonly quietFor?: string;
  /** What is the matter, as a sentence; empty while nothing is. */
  readonly trouble: string;
  /** What this kind of output counts. */
  readonly counts: Readonly<Record<string, number>>;
  /** How long its requests took until they were answered, since the start. */
  readonly requestSeconds?: HistogramFigures;
  /** That this hub shows where records go. */
  readonly certificate?: { readonly notAfterMs: number };
}

export interface Output extends AsyncDisposable {
  readonly name: string;
  /** Which of a channel's topics it reads; undefined: none, the channel is not chosen. */
  reads(channel: ChannelName): 'front' | 'back' | undefined;
  /**
   * Registers its group of a channel that it reads, before anything is published that it must not miss. `from` is where a group that is
   * not there yet begins.
   */
  prepare(channel: ChannelName, from: GroupRequest['from']): Promise<void>;
  /** Resolves when aborted; rejects when broken, and is called again then. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutputStatus;
  /** Of one that keeps dead letters: how they are sent again. */
  readonly deadLetters?: DeadLetterSender;
  /** Of one that also takes platform events without a topic. */
  readonly platform?: PlatformWriter;
}
