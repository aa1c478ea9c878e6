/** `GET /metrics` and `GET /ready` on a loopback port, when the configuration asks for them. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { contentType, expositionText } from '@tributary/shared/prometheus/exposition.ts';
import type { Readiness } from '../agent-status.ts';
import { agentMetrics } from './agent-metrics.ts';
import { describeReadiness, type ObservedAgent } from '../describe-agent.ts';
import { loopbackRule, parseLoopback } from './loopback-address.ts';

export interface MetricsServerOptions {
  readonly listen: string;
  readonly observed: ObservedAgent;
  /** Told once it listens, with the port. */
  readonly onListening: (address: string) => void;
}

const requestBytesMax = 4096;
const connectionsMax = 16;

/** Resolves when the signal is aborted; rejects when the port cannot be had. */
export async function serveMetrics({ listen, observed, onListening }: MetricsServerOptions, signal: AbortSignal): Promise<void> {
  const address = parseLoopback(listen);
  if (address === undefined) throw new RangeError(`${listen} ${loopbackRule}`);
  const http = process.getBuiltinModule('node:http');
  const server = http.createServer({ maxHeaderSize: requestBytesMax }, (request, response) =>
    answer(request, response, observed),
  );
  server.maxConnections = connectionsMax;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  onListening(addressOf(server));
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return String(bound);
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, observed: ObservedAgent): void {
  if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, 'GET only\n');
  const [path] = (url ?? '').split('?');
  if (path === '/metrics') return reply(response, 200, expositionText(agentMetrics(observed)), contentType);
  if (path === '/ready') return replyReady(response, describeReadiness(observed));
  return reply(response, 404, '/metrics and /ready are here\n');
}

function replyReady(response: ServerResponse, { ready, reasons }: Readiness): void {
  reply(response, ready ? 200 : 503, ready ? 'ready\n' : reasons.map((reason) => `not ready: ${reason}\n`).join(''));
}

function reply(response: ServerResponse, statusCode: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(statusCode, { 'content-type': type });
  response.end(text);
}
