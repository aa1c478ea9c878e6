/**
 * A connection to a hub through an HTTP proxy: `CONNECT host:port`, then the bytes are the hub's. Written here because the usual
 * library imports all of Node's HTTP and TLS, which costs an idle agent ten megabytes even where no proxy is configured.
 */
import { connect as connectPlain, isIPv6, type Socket } from 'node:net';
import { serverName } from './tls/server-name.ts';
import { connectTimeoutMs } from './limits.ts';
import { lookUp } from './shared-lookup.ts';

export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'PROXY';
}

const headBytesMax = 16 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
}

/** Resolves with a socket on which the hub listens. Throws a ProxyError that says what the proxy answered, or when aborted. */
export async function openTunnel(proxy: URL, target: TunnelTarget, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connectTo(proxy);
  const onAbort = (): void => void socket.destroy(new ProxyError(`${proxy.host}: given up`));
  signal.addEventListener('abort', onAbort, { once: true });
  const authority = `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
  socket.setTimeout(connectTimeoutMs, () => socket.destroy(new ProxyError(`${proxy.host}: no answer from the proxy`)));
  try {
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization(proxy)}\r\n`);
    const { status, rest } = await readHead(socket);
    if (!/^HTTP\/1\.[01] 2\d\d\b/.test(status)) throw new ProxyError(`${proxy.host}: the proxy refused ${authority}: ${status}`);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function connectTo(proxy: URL): Socket {
  const host = proxy.hostname.replaceAll(/^\[|\]$/g, '');
  if (proxy.protocol !== 'https:') return connectPlain({ host, port: Number(proxy.port || 80), lookup: lookUp });
  const { connect } = process.getBuiltinModule('node:tls');
  return connect({ host, port: Number(proxy.port || 443), servername: serverName(host), lookup: lookUp });
}

function authorization(proxy: URL): string {
  if (proxy.username === '') return '';
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`;
}

/** Reads without making the socket flow: whoever takes it next must get what follows the head as from a fresh one. */
async function readHead(socket: Socket): Promise<{ readonly status: string; readonly rest: Buffer }> {
  const read = Promise.withResolvers<{ status: string; rest: Buffer }>();
  let head = Buffer.alloc(0);
  const onReadable = (): void => {
    const data: unknown = socket.read();
    if (!(data instanceof Buffer)) return;
    head = Buffer.concat([head, data]);
    const end = head.indexOf(headEnd);
    if (end >= 0) {
      const status = head.toString('latin1', 0, head.indexOf('\r\n'));
      read.resolve({ status, rest: head.subarray(end + headEnd.length) });
    } else if (head.length > headBytesMax) read.reject(new ProxyError('the proxy answered with something else than HTTP'));
  };
  const onError = (error: Error): void => read.reject(error);
  const onClose = (): void => read.reject(new ProxyError('the proxy closed the connection'));
  socket.on('readable', onReadable).on('error', onError).on('close', onClose);
  try {
    return await read.promise;
  } finally {
    socket.off('readable', onReadable).off('error', onError).off('close', onClose);
  }
}
