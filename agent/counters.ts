/** Sums since the start, for `status`. */
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
  };
}
