import type { Counters } from './counters.ts';

/** To find and open a file takes as much memory for a moment as to read this much. */
const fileOpenedBytes = 16 * 1024;

/** What `SpareMemory` goes by. */
export function memoryWork({ bytesRead, bytesSent, events }: Counters): number {
  return bytesRead + bytesSent + (events['file-opened'] ?? 0) * fileOpenedBytes;
}
