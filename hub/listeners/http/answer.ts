/** How every answer looks, whichever listener gives it: what a browser must not do with it, and what becomes of a request that was refused. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { printable } from '@tributary/shared/printable.ts';
import { QueueError } from '../../queue/queue-error.ts';
import { RegistryError } from '../../registry/registry.ts';
import { type ErrorBody, HttpError, retryAfter } from './http-error.ts';
import type { HttpLimits } from './limits.ts';

export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** With TLS: a browser comes back with TLS only. */
export const strictTransport: Readonly<Record<string, string>> = { 'strict-transport-security': 'max-age=31536000' };

const messageCharactersMax = 500;

/** Undefined for what is nobody's fault but ours: the sender learns no more than that. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof RegistryError) {
    const status = { REGISTRY_UNKNOWN: 404, REGISTRY_CONFLICT: 409, REGISTRY_UNAVAILABLE: 503 }[error.code];
    const code = { REGISTRY_UNKNOWN: 'unknown', REGISTRY_CONFLICT: 'conflict', REGISTRY_UNAVAILABLE: 'unavailable' }[error.code];
    return new HttpError(status, code, error.message, status === 503 ? retryAfter(1000) : {});
  }
  if (error instanceof QueueError && error.code === 'QUEUE_NO_SPACE') {
    return new HttpError(503, 'full', 'the disk of the hub is full: send it again later', retryAfter(5000));
  }
  return undefined;
}

export function errorBody({ code, message }: Pick<HttpError, 'code' | 'message'>): ErrorBody {
  return { error: code, message: printable(message.slice(0, messageCharactersMax)) };
}

export const internalError = new HttpError(500, 'internal', 'the hub could not do this: its log says why');

/**
 * Reads what is left of a request, up to a bound. True: all of it, and the connection can be used again. Without this an answer that comes
 * before the end of the request would be lost with the connection.
 */
export function drained(request: IncomingMessage, limits: Pick<HttpLimits, 'lingerBytesMax' | 'lingerMs'>): Promise<boolean> {
  if (request.complete || request.destroyed) return Promise.resolve(request.complete);
  return new Promise((resolve) => {
    let left = limits.lingerBytesMax;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', done).off('close', done);
      resolve(request.complete);
    };
    const onData = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left < 0) done();
    };
    const timer = setTimeout(done, limits.lingerMs);
    request.on('data', onData).on('end', done).on('close', done);
    request.resume();
  });
}

/** For a server without routes. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  const described = { 'content-type': 'application/json; charset=utf-8', 'content-length': String(bytes.length) };
  response.writeHead(status, { ...securityHeaders, ...described, ...headers });
  response.end(bytes);
}
