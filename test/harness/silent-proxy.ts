/**
 * A network before one port that can be cut without a word: what is sent from then on waits in the kernel, no connection is reset, and a new one
 * is taken and never answered, as packets that are dropped look from both ends. What it carries it never reads into: TLS or not.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class SilentProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  private constructor(target: () => number) {
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#accept(near, target()));
  }

  static async start(target: () => number): Promise<SilentProxy> {
    const proxy = new SilentProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** Nothing passes any more, in either direction. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** New connections pass; those that were cut are reset, as a network that comes back after long does. */
  mend(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(near: Socket, port: number): void {
    const far = this.#isCut ? near : connect({ host: '127.0.0.1', port, noDelay: true });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', () => undefined);
      from.once('close', () => {
        this.#pairs.delete(pair);
        // A cut network tells nobody that the other end has gone.
        if (!this.#isCut) to.resetAndDestroy();
      });
      if (near === far) return;
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => this.#pass(from, to, bytes));
      to.on('drain', () => this.#isCut || from.resume());
      from.once('end', () => this.#isCut || to.end());
    }
    near.resume();
  }

  #pass(from: Socket, to: Socket, bytes: Buffer): void {
    if (!to.write(bytes)) from.pause();
  }
}
