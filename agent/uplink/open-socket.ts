import type { Agent } from 'node:http';
import { frameBytesMax } from '@tributary/protocol/limits.ts';
import { WebSocket } from 'ws';
import { connectTimeoutMs } from './limits.ts';

const agentPath = '/v1/agent';

/** The address of a hub's agent listener: `ws://host:port`, or with a path of its own behind a reverse proxy. */
export function hubUrl(hub: string): URL {
  const url = new URL(hub);
  if (url.pathname === '' || url.pathname === '/') url.pathname = agentPath;
  return url;
}

/** Starts to connect; names are looked up anew each time. The library for proxies is loaded only where one is configured. */
export async function openSocket(hub: string, proxy: string | undefined): Promise<WebSocket> {
  let agent: Agent | undefined;
  if (proxy !== undefined) {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    agent = new HttpsProxyAgent(proxy);
  }
  return new WebSocket(hubUrl(hub), {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: connectTimeoutMs,
    followRedirects: false,
    ...(agent === undefined ? {} : { agent }),
  });
}
