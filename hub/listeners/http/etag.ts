/**
 * Weak ETags: who has an answer already, and says so by If-None-Match, is told that it still holds (304), and not the answer once more. They are
 * made of the answer's own bytes, so the hub has done the work by then; what is spared is the way.
 *
 * An answer that says when it was made would be another one each time that somebody asks. Its route names such fields, and they do not count.
 */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

const asks: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** For fastify's `onSend`. */
export async function withEtag(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (!asks.has(request.method) || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
  if (!String(reply.getHeader('content-type')).startsWith('application/json')) return payload;
  const { passing = {} } = request.routeOptions.config;
  const etag = `W/"${hash('sha1', steady(payload, passing), 'base64url')}"`;
  void reply.header('etag', etag);
  if (!isKnown(request.headers['if-none-match'], etag)) return payload;
  void reply.code(304).removeHeader('content-type').removeHeader('content-length');
  // Not an empty text: its length would be told as that of the answer that is known. To HEAD fastify takes nothing but texts and streams.
  return request.method === 'HEAD' ? Readable.from([]) : null;
}

/** What of the answer is the same until something changes. Within a text a quotation mark is escaped, so no text looks like a field. */
function steady(payload: string, passing: Readonly<Record<string, number>>): string {
  return Object.entries(passing).reduce((text, [name, stepMs]) => {
    const field = new RegExp(`(?<=[{,]"${name}":)-?[\\d.]+`, 'g');
    return text.replaceAll(field, (figure) => String(Math.floor(Number(figure) / stepMs)));
  }, payload);
}

/** By the weak comparison of RFC 9110. */
function isKnown(given: string | undefined, etag: string): boolean {
  if (given === undefined) return false;
  return given.trim() === '*' || given.split(',').some((one) => bare(one) === bare(etag));
}

function bare(etag: string): string {
  return etag.trim().replace(/^W\//, '');
}
