import type { Server } from 'node:net';
import { dropHandshakes } from '@tributary/shared/ffi/linux/handshakes.ts';

/** No sender gets to connect to this TCP listener any more, but those who have begun to. False where that cannot be had. */
export function endHandshakes(server: Server): boolean {
  const fd = descriptorOf(server);
  if (process.platform !== 'linux' || fd === undefined) return false;
  try {
    dropHandshakes(fd);
    return true;
  } catch {
    return false;
  }
}

/** Node does not document where it keeps it; all its versions since 0.10 keep it there. */
function descriptorOf(server: Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
