/** In front of one server: connections can be cut, or fall silent as when a cable is pulled, with nothing telling of it. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `silent`: nothing passes, nobody is told, and what was sent is held back as by a network that loses packets. `closed`: reset at once. */
export type Treatment = 'open' | 'silent' | 'closed';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** The address that the client came from. */
  readonly from: string;
}

export class RedisProxy implements AsyncDisposable {
  readonly #server: Server;
  #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  #treatment: (from: string) => Treatment = () => 'open';

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
    this.treat(() => 'silent');
  }

  /** From now on, by where a client comes from; what was held back goes on where the way is open again. */
  treat(treatment: (from: string) => Treatment): void {
    this.#treatment = treatment;
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** New connections pass again; those that fell silent stay so. */
  restore(): void {
    this.#treatment = () => 'open';
  }

  /** New connections go elsewhere, as when an address moves; those there are, are cut. */
  retarget(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
    this.cut();
  }

  /** Replies pass no more, what is sent still arrives: who called cannot know whether it was done. */
  silenceReplies(): void {
    for (const { client, server } of this.#pairs) {
      server.unpipe(client);
      server.resume();
    }
  }

  /** Resets every connection, or those from where it says so. */
  cut(isMeant: (from: string) => boolean = () => true): void {
    for (const pair of this.#pairs) if (isMeant(pair.from)) reset(pair);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const { host, port } = this.#target;
    const server = connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    const pair = { client, server, from: client.remoteAddress ?? '' };
    this.#pairs.add(pair);
    for (const [own, other] of [[client, server] as const, [server, client] as const]) {
      own.on('error', () => undefined);
      own.once('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
    this.#apply(pair);
  }

  #apply(pair: Pair): void {
    const { client, server, from } = pair;
    const treatment = this.#treatment(from);
    if (treatment === 'closed') return reset(pair);
    for (const [own, other] of [[client, server] as const, [server, client] as const]) {
      own.unpipe(other);
      if (treatment === 'open') own.pipe(other);
      else own.pause();
    }
  }
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
