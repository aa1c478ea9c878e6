import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** An HTTP proxy that knows CONNECT and nothing else. */
export class ConnectProxy implements AsyncDisposable {
  /** Heads of the requests that came. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answer: string | undefined;
  #tunnels = 0;

  private constructor(server: Server, answer: string | undefined) {
    this.#server = server;
    this.#answer = answer;
    server.on('connection', (socket) => {
      this.#tunnels += 1;
      socket.on('close', () => (this.#tunnels -= 1));
      this.#serve(this.#hold(socket));
    });
  }

  /** Answers every request with `answer` instead of connecting; with '' never. */
  static async start(answer?: string): Promise<ConnectProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ConnectProxy(server, answer);
  }

  /** A request for this authority is never answered. */
  silentFor = '';
  /** Connections to it that are open. */
  get tunnels(): number {
    return this.#tunnels;
  }

  get address(): string {
    const address = this.#server.address();
    return isAddress(address) ? `127.0.0.1:${address.port}` : '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #hold(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
  }

  #serve(socket: Socket): void {
    let head = '';
    const onData = (data: Buffer): void => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      this.requests.push(head);
      if (this.silentFor !== '' && head.includes(this.silentFor)) return;
      if (this.#answer === undefined) this.#tunnel(socket, head);
      else if (this.#answer !== '') socket.end(this.#answer);
    };
    socket.on('data', onData);
  }

  #tunnel(socket: Socket, head: string): void {
    const [, host = '', port = ''] = /^CONNECT \[?([^\]\s]+?)\]?:(\d+) /.exec(head) ?? [];
    const hub = this.#hold(connect({ host, port: Number(port) }));
    hub.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n');
      socket.pipe(hub).pipe(socket);
    });
    hub.once('close', () => socket.destroy());
    socket.once('close', () => hub.destroy());
  }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
