/** Connections to a bucket's server by a tunnel of an HTTP proxy (CONNECT): what is signed and encrypted for the server goes through as it is. */
import type { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { openTunnel } from '@tributary/protocol/uplink/proxy-tunnel.ts';

type Connect = Agent['createConnection'];

/** The same agent: every connection that it makes from now on goes through the proxy. Those that are being made end with the signal. */
export function throughProxy<Given extends Agent>(agent: Given, proxy: string, signal: AbortSignal): Given {
  const direct = agent.createConnection.bind(agent);
  const connect = async (options: Parameters<Connect>[0]): Promise<ReturnType<Connect>> => {
    const host = (options.host ?? 'localhost').replaceAll(/^\[|\]$/g, '');
    const port = Number(options.port ?? options.defaultPort ?? 443);
    const socket = await openTunnel(new URL(proxy), { host, port }, signal);
    if (!(agent instanceof HttpsAgent)) return socket;
    const inside = { ...options, socket };
    return direct(inside);
  };
  const answer = async (...[options, callback]: Parameters<Connect>): Promise<void> => {
    const [made] = await Promise.allSettled([connect(options)]);
    // A callback that is told of an error looks at nothing else.
    if (made.status === 'rejected') Reflect.apply(callback ?? (() => undefined), agent, [made.reason]);
    else if (made.value) callback?.(null, made.value);
  };
  agent.createConnection = (options, callback) => {
    void answer(options, callback);
    return undefined;
  };
  return agent;
}
