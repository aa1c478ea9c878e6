/**
 * The hub at its own door: a connection to a listener of this very process, as others make them. It tells what no variable can: that the
 * port is bound, that it is bound by us, and that what comes is taken by the event loop within a deadline. It ends before its first byte, so
 * it costs neither a handshake nor a place.
 *
 * The port that the connection comes from is known as soon as it begins, which is before this process can accept it: by that it is told
 * from a stranger's.
 */
import { connect, type Server, type Socket } from 'node:net';
import { hostPortText } from './listen-address.ts';

/** Less than whoever asks for the verdict waits for it. */
export const knockTimeoutMs = 400;

export class OwnKnock {
  readonly #server: Server;
  /** Called when the connection of that name comes in. */
  readonly #awaited = new Map<string, () => void>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Whether this connection was made by `knock`. Whoever asks closes it. */
  isMine({ remoteAddress = '', remotePort = 0 }: Socket): boolean {
    const opened = this.#awaited.get(hostPortText(remoteAddress, remotePort));
    opened?.();
    return opened !== undefined;
  }

  /** Resolves when the listener took the connection; rejects with the reason, which names the address. */
  async knock(timeoutMs = knockTimeoutMs): Promise<void> {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a listener is closed');
    const host = reachable(bound.address);
    const at = hostPortText(host, bound.port);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host, port: bound.port });
    let name: string | undefined;
    process.nextTick(() => {
      const { localAddress, localPort } = socket;
      if (localAddress === undefined || localPort === undefined) return;
      name = hostPortText(localAddress, localPort);
      this.#awaited.set(name, resolve);
    });
    socket.on('error', (error) => reject(new Error(`${at} cannot be reached: ${error.message}`, { cause: error })));
    const timer = setTimeout(() => reject(new Error(`${at} takes no connection within ${timeoutMs} ms`)), timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      if (name !== undefined) this.#awaited.delete(name);
      socket.destroy();
    }
  }
}

/** Where a listener on every address of the machine can be had. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
