/**
 * The page, at `/`: open to everybody, as it holds nothing; what it shows comes from the API, which asks who wants to know. Programs that
 * ask for no page get a guide of the API at `/`.
 *
 * Files under assets/ have their content's hash in their names and are kept by browsers for ever. The document is asked for each time,
 * and answered by 304 when it is the same.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiRoutes } from '../listeners/http/api-routes.ts';
import { HttpError } from '../listeners/http/http-error.ts';
import { type PageFile, readPage } from './page-file.ts';
import { pagePaths } from './page-paths.ts';

export interface PageRouteParts {
  /** Told to programs at `/`. */
  readonly guide: string;
  /** That of this program unless a test has another. */
  readonly read?: () => ReadonlyMap<string, PageFile> | undefined;
}

const open = { config: { access: 'open' } } as const;
const notBuilt = 'the page of this hub was not built: npm start does it, or node packaging/build/page.ts';

/** Everything comes from this hub; nothing is put into the document but by its own script. */
export const pagePolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function pageRoutes({ guide, read = readPage }: PageRouteParts): ApiRoutes {
  // Most hubs are never looked at: the page is read when somebody first does.
  let files: ReadonlyMap<string, PageFile> | undefined;
  const find = (path: string): PageFile | undefined => (files ??= read())?.get(path);

  const sendDocument = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const index = find('index.html');
    if (index === undefined) throw new HttpError(503, 'page-not-built', notBuilt);
    reply.header('content-security-policy', pagePolicy).header('cache-control', 'no-cache');
    return send(index, request, reply);
  };

  return (app) => {
    app.get('/', open, (request, reply) => {
      reply.header('vary', 'accept, accept-encoding');
      if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return reply.type('text/plain; charset=utf-8').send(guide);
      return sendDocument(request, reply);
    });
    for (const path of pagePaths) {
      app.get(`/${path}`, open, sendDocument);
      app.get(`/${path}/*`, open, sendDocument);
    }
    app.get<{ Params: { '*': string } }>('/assets/*', open, (request, reply) => {
      const file = find(`assets/${request.params['*']}`);
      if (file === undefined) throw new HttpError(404, 'not-found', 'there is nothing at this path');
      reply.header('cache-control', 'public, max-age=31536000, immutable');
      return send(file, request, reply);
    });
  };
}

function send(file: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('etag', file.etag).type(file.type);
  if (!reply.hasHeader('vary')) reply.header('vary', 'accept-encoding');
  if (isKnown(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  const accepted = request.headers['accept-encoding'] ?? '';
  if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(file.brotli);
  if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(file.gzip);
  return reply.send(file.plain());
}

function isKnown(header: string | undefined, etag: string): boolean {
  return header !== undefined && header.split(',').some((known) => known.trim().replace(/^W\//, '') === etag);
}
