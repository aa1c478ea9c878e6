/** One function per event: its log line and its counter together. */
import type { Logger } from '@tributary/shared/log.ts';
import type { Counters } from './counters.ts';
import type { InputEvents, StreamState } from './inputs/input.ts';
import type { Divergence } from './uplink/resolve-divergence.ts';
import type { UplinkEvents } from './uplink/uplink-events.ts';

export function inputEvents(logger: Logger): InputEvents {
  return {
    fileOpened: (path, streamId, position) => logger.info('reading a file', { path, streamId, position }),
    fileRotated: (path, streamId) => logger.info('a file was rotated: it is read to its end', { path, streamId }),
    fileTruncated: (path, streamId, readTo) =>
      logger.warn('a file was truncated: it is read from its beginning as a new stream; what was read of it is kept', {
        path,
        streamId,
        readTo,
      }),
    fileReplaced: (path, streamId, reason) =>
      logger.info('a file has other content: it is a new stream', { path, streamId, reason }),
    fileFinished: (path, streamId, position) => logger.info('a file is read to its end for good', { path, streamId, position }),
    sourceSkipped: (path, reason) => logger.info('a path is left out', { path, reason }),
    sourceFailed: (path, error) => logger.error('a file cannot be read; it is tried again', { path, error }),
    sourceRecovered: (path) => logger.info('a file can be read again', { path }),
  };
}

/** What the uplink tells, as far as it is a matter of logs and counters. */
export function uplinkEvents(
  logger: Logger,
  counters: Counters,
): Omit<UplinkEvents, 'recovered' | 'positioned' | 'replaced' | 'welcomed' | 'disconnected'> {
  return {
    sent: (bodyBytes) => {
      counters.batchesSent += 1;
      counters.bytesSent += bodyBytes;
    },
    acked: (batches) => {
      counters.batchesAcked += batches;
    },
    lost: ({ streamId, from, to, cause }) => {
      counters.positionsLost += to - from;
      logger.error('data is lost: the site will never get it', { event: 'gap', streamId, from, to, cause });
    },
    rejected: ({ batchId, reason, hint }) => {
      counters.batchesRejected += 1;
      logger.error('no hub will take this batch: it is set aside in the buffer', { event: 'rejected', batchId, reason, hint });
    },
  };
}

export function tellReplaced(logger: Logger, divergence: Divergence, replacement: StreamState): void {
  logger.warn('the site has other content for a stream: it goes on as a new one', {
    event: 'stream-replaced',
    reason: divergence.reason,
    streamId: divergence.streamId,
    held: divergence.held,
    replacement: replacement.streamId,
    start: replacement.start,
  });
}
