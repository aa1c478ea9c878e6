/**
 * The socket of a connection to Redis. ioredis listens for its first error only, and TLS may bring a second one, such as the server's alert that was under
 * way while its certificate was refused: with nobody to listen that would end the process.
 */
import type { Socket } from 'node:net';
import { AbstractConnector } from 'ioredis';

/** What is not closed by the server so long after it was ended is destroyed. */
const disconnectMsMax = 2000;

/** ioredis makes one of this class for each client. `open` begins to connect. */
export function connectorOf(open: () => Socket): new () => AbstractConnector {
  return class extends AbstractConnector {
    constructor() {
      super(disconnectMsMax);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const socket = open();
      // The first one is asked for where the socket has ended before ioredis listens.
      socket.on('error', (error) => (this.firstError ??= error));
      this.stream = socket;
      return await Promise.resolve(socket);
    }
  };
}
