/** What came is no request: it is told so in a few words, if it still listens, and the connection ends. Nothing of what it sent is echoed. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { securityHeaders } from './answer.ts';
import type { ErrorBody } from './http-error.ts';

interface Refusal extends ErrorBody {
  readonly status: number;
}

export function onClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(plainAnswer(refusalOf(error.code)), () => socket.destroy());
}

/** A whole answer for a connection that has no request to answer. */
export function plainAnswer({ status, ...body }: Refusal, headers: Readonly<Record<string, string>> = {}): string {
  const text = `${JSON.stringify(body)}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    ...Object.entries({ ...securityHeaders, ...headers }).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

function refusalOf(code: string | undefined): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, error: 'headers-too-large', message: 'the headers are longer than this hub reads' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, error: 'too-slow', message: 'the request did not come in time' };
    default:
      return { status: 400, error: 'malformed', message: 'this is no HTTP request that this hub understands' };
  }
}
