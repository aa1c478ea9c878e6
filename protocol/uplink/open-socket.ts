import type { SecureContext } from 'node:tls';
import { frameBytesMax } from '../limits.ts';
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import { type ClientOptions, WebSocket } from 'ws';
import { connectTls } from './tls/connect-tls.ts';
import { readAnswer, refusalOf } from './tls/refusal.ts';
import { secureContextOf } from './tls/secure-context.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { lookUp } from './shared-lookup.ts';

export interface HowToOpen {
  readonly proxy: string | undefined;
  /** From the first packet to the open WebSocket. */
  readonly timeoutMs: number;
  /** What TLS uses, as it is now; without it no certificate is shown, and the system's authorities are trusted. */
  readonly secureContext?: (() => SecureContext) | undefined;
}

const agentPath = '/v1/agent';
const portDefault: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };

/** The address of a hub's agent listener: `ws://host:port`, or with a path of its own behind a reverse proxy. */
export function hubUrl(hub: string): URL {
  const url = new URL(hub);
  if (url.pathname === '' || url.pathname === '/') url.pathname = agentPath;
  return url;
}

/** Starts to connect; names are looked up anew each time. Throws when a proxy is in the way and will not do it, or when aborted. */
export async function openSocket(hub: string, how: HowToOpen, signal: AbortSignal): Promise<WebSocket> {
  const { proxy, timeoutMs } = how;
  const url = hubUrl(hub);
  const options: ClientOptions = {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: timeoutMs,
    followRedirects: false,
    ...(isUnseen(url, proxy) ? { generateMask: zeroMask } : {}),
  };
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  const port = url.port === '' ? (portDefault[url.protocol] ?? 0) : Number(url.port);
  const through = proxy === undefined ? undefined : await openTunnel(new URL(proxy), { host, port }, signal);
  if (url.protocol === 'wss:') {
    const secureContext = how.secureContext?.() ?? secureContextOf({});
    const socket = await connectTls({ host, port, through, secureContext, timeoutMs }, signal);
    return tellRefusal(new WebSocket(url, { ...options, createConnection: () => socket }));
  }
  if (through === undefined) return tellRefusal(new WebSocket(url, { ...options, lookup: lookUp }));
  return tellRefusal(new WebSocket(url, { ...options, createConnection: () => through }));
}

/** A hub that does not open a WebSocket says why: that is the error, instead of a bare status. */
function tellRefusal(socket: WebSocket): WebSocket {
  return socket.once('unexpected-response', (_, response) => {
    const { statusCode = 0 } = response;
    const answer = readAnswer(response).catch(() => undefined);
    void answer.then((text) => socket.emit('error', refusalOf(statusCode, text)));
  });
}

/** True where nothing between the two ends can see the frames: inside TLS, or on this machine. */
function isUnseen({ protocol, hostname }: URL, proxy: string | undefined): boolean {
  if (protocol === 'wss:') return true;
  if (proxy !== undefined) return false;
  return isLoopbackHost(hostname);
}

/**
 * RFC 6455 masks what a client sends so that a page in a browser cannot choose the bytes that a proxy in between sees (section
 * 10.3). Where no proxy sees them a key of zeros saves both ends a pass over every byte; docs/decisions/0003.
 */
function zeroMask(mask: Buffer): void {
  mask.fill(0);
}
