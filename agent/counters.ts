/**
 * Sums since the start, for `status` and Prometheus. What is counted by cause or by name is a bounded set: a record with a key for each
 * of them from the beginning.
 */
import { eventActionNames, type EventActionName } from './platform/event-actions.ts';
import type { LossCause } from './platform/platform-events.ts';

export interface Counters {
  recordsRead: number;
  bytesRead: number;
  batchesSent: number;
  bytesSent: number;
  batchesAcked: number;
  positionsLost: number;
  batchesRejected: number;
  connections: number;
  reloads: number;
  /** Records that were read while there was no room, and not kept. */
  recordsSkipped: number;
  /** Records that filters at the edge left out or changed. */
  readonly filtered: FilterCounters;
  /** What will never arrive, by cause: of files bytes, of what cannot be read again bytes and records. */
  readonly lost: Readonly<Record<LossCause, LossCounter>>;
  /** How often each event happened, whether or not it was told (events that repeat are summed). */
  readonly events: Partial<Record<EventActionName, number>>;
  readonly platform: PlatformCounters;
}

export interface FilterCounters {
  excluded: number;
  sampledOut: number;
  redacted: number;
}

export interface LossCounter {
  bytes: number;
  /** 0 where only bytes are known. */
  records: number;
  /** How many times. */
  times: number;
}

/** Platform events: what became of them. */
export interface PlatformCounters {
  reported: number;
  sent: number;
  /** Repeated within a short time: added to one that tells how many they were. */
  summed: number;
  readonly dropped: Record<PlatformDropCause, number>;
}

/**
 * `no-room`: something measured that is not worth waiting for; `queue-full`: there was no room for so long that the queue in memory was full; `too-large`: one document beyond all measure;
 * `buffer-broken`: the batcher took nothing any more; `after-stop`: it came when the stream had ended.
 */
export type PlatformDropCause = 'no-room' | 'queue-full' | 'too-large' | 'buffer-broken' | 'after-stop';

export function newPlatformCounters(): PlatformCounters {
  const dropped = { 'no-room': 0, 'queue-full': 0, 'too-large': 0, 'buffer-broken': 0, 'after-stop': 0 };
  return { reported: 0, sent: 0, summed: 0, dropped };
}

export function newCounters(): Counters {
  return {
    recordsRead: 0,
    bytesRead: 0,
    batchesSent: 0,
    bytesSent: 0,
    batchesAcked: 0,
    positionsLost: 0,
    batchesRejected: 0,
    connections: 0,
    reloads: 0,
    recordsSkipped: 0,
    filtered: { excluded: 0, sampledOut: 0, redacted: 0 },
    lost: {
      'buffer-full': newLossCounter(),
      'socket-full': newLossCounter(),
      'too-large': newLossCounter(),
      'file-gone': newLossCounter(),
      truncated: newLossCounter(),
      expired: newLossCounter(),
      'connection-ended': newLossCounter(),
      'replay-expired': newLossCounter(),
      'store-lost': newLossCounter(),
      'other-way': newLossCounter(),
      'buffer-lost': newLossCounter(),
      'buffer-damaged': newLossCounter(),
      'source-lost': newLossCounter(),
      rejected: newLossCounter(),
      dropped: newLossCounter(),
    },
    events: zeroPerEvent(),
    platform: newPlatformCounters(),
  };
}

function newLossCounter(): LossCounter {
  return { bytes: 0, records: 0, times: 0 };
}

/** Zeros too: a metric that appears only with its first event hides that event from whoever looks at differences. */
function zeroPerEvent(): Counters['events'] {
  const events: Counters['events'] = {};
  for (const name of eventActionNames) events[name] = 0;
  return events;
}
