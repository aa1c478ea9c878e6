/** In front of one server: connections can be cut, or fall silent as when a cable is pulled, with nothing telling of it. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class RedisProxy implements AsyncDisposable {
  readonly #server: Server;
  #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isSilent = false;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<RedisProxy> {
    const proxy = new RedisProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Nothing passes in either direction from now on, also over connections that are still to come; none is closed. */
  silence(): void {
    this.#isSilent = true;
    for (const [client, server] of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      client.pause();
      server.pause();
    }
  }

  /** New connections pass again; those that fell silent stay so. */
  restore(): void {
    this.#isSilent = false;
  }

  /** New connections go elsewhere, as when an address moves; those there are, are cut. */
  retarget(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
    this.cut();
  }

  /** Replies pass no more, what is sent still arrives: who called cannot know whether it was done. */
  silenceReplies(): void {
    for (const [client, server] of this.#pairs) {
      server.unpipe(client);
      server.resume();
    }
  }

  /** Resets every connection. */
  cut(): void {
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [own, other] of [pair, [server, client] as const]) {
      own.on('error', () => undefined);
      own.once('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
    if (this.#isSilent) client.pause();
    else {
      client.pipe(server);
      server.pipe(client);
    }
  }
}
