/** TCP passed on as it comes, which a test can end and forbid. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export class CutProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** New connections are ended at once. */
  isCut = false;

  protected constructor(target: ProxyTarget) {
    this.#server = createServer((socket) => {
      if (this.isCut) {
        socket.destroy();
        return;
      }
      const other = connect(target);
      for (const [from, to] of [
        [socket, other],
        [other, socket],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
      socket.pipe(other);
      this.passAnswers(other, socket);
    });
  }

  static async start(target: ProxyTarget): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  protected async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  protected passAnswers(from: Socket, to: Socket): void {
    from.pipe(to);
  }

  /** Ends every connection now. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropAll();
    await closed;
  }
}
