import type { DatagramSource, DatagramSourceOptions } from './datagrams.ts';
import { openThreadDatagrams } from './linux/thread-datagrams.ts';
import { openNodeDatagrams } from './node-datagrams.ts';

/** Opens the sockets; rejects when one cannot be had, and then none is open. */
export async function openDatagrams(options: DatagramSourceOptions): Promise<DatagramSource> {
  return await (process.platform === 'linux' ? openThreadDatagrams(options) : openNodeDatagrams(options));
}
