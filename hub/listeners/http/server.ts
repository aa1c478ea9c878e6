/**
 * The HTTP API: a fastify server on a server of Node's with every limit set. Routes come from outside (`ApiRoutes`); here is what holds for
 * all of them: who may connect, who asks, who may call what, what an error looks like, and what browsers must not do.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@tributary/shared/log.ts';
import type { Principal } from '../../access/access.ts';
import type { Strangers } from '../../intake/strangers.ts';
import type { HubOptions } from '../../options.ts';
import { boundAddress, listenAddress, listenOn, ListenAddressError } from '../listen-address.ts';
import { answerJson, drained, errorBody, httpErrorOf, internalError, securityHeaders, strictTransport } from './answer.ts';
import { type ApiRoutes, type Authenticator, forbidden, mayAnywhere, principalOf } from './api-routes.ts';
import { withEtag } from './etag.ts';
import { HttpError } from './http-error.ts';
import { createLimitedServer, type LimitedServer, type ServerTls } from './limited-server.ts';
import { type HttpLimits, httpLimitsDefault } from './limits.ts';
import { MethodTable } from './method-table.ts';
import { type DescribedRoute, RouteBook } from './openapi.ts';
import { isOwnHost } from './own-host.ts';

export interface HttpListenerOptions {
  readonly options: NonNullable<HubOptions['listeners']['http']>;
  /** Undefined only on loopback. */
  readonly tls: ServerTls | undefined;
  /** What this hub is called beside its addresses (`ownNames`). */
  readonly names: readonly string[];
  readonly routes: readonly ApiRoutes[];
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
  readonly log: Logger;
  /** Counts who was turned away. */
  readonly strangers: Pick<Strangers, 'count'>;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpListener extends AsyncDisposable {
  /** `host:port` as bound. */
  readonly address: string;
  readonly url: string;
  readonly connections: number;
  readonly routes: readonly DescribedRoute[];
  /** Rejects with the reason when it takes no connection now. */
  knock(): Promise<void>;
  /** Takes no more connections, lets requests under way be answered for so long, and ends the rest. */
  drain(deadlineMs: number): Promise<void>;
}

/** Rejects with a ListenAddressError when the address cannot be had. */
export async function startHttpListener(given: HttpListenerOptions): Promise<HttpListener> {
  const { options, tls } = given;
  const at = await listenAddress(options.address);
  if (tls === undefined && !at.isLoopback) {
    throw new ListenAddressError(`cannot listen on ${options.address} without TLS: run tributary-hub init, or give tls`);
  }
  const limits = { ...httpLimitsDefault, ...given.limits };
  const { app, limited } = await makeApp(given, limits);
  await using unlessListening = new AsyncDisposableStack();
  unlessListening.use(limited);
  const draining = new AbortController();
  app.decorate('draining', draining.signal);
  for (const routes of given.routes) await app.register(async (scope) => routes(scope));
  await app.ready();
  await listenOn(limited.server, at, options.address);
  limited.server.on('error', (error) => given.log.error('the HTTP listener failed', { error }));
  unlessListening.move();
  const address = boundAddress(limited.server);
  return {
    address,
    url: `${tls === undefined ? 'http' : 'https'}://${address}`,
    get connections() {
      return limited.gate.connections;
    },
    routes: app.routeBook.routes,
    knock: () => limited.gate.knock(),
    drain: (deadlineMs) => {
      draining.abort();
      return limited.drain(deadlineMs);
    },
    [Symbol.asyncDispose]: async () => {
      draining.abort();
      await limited[Symbol.asyncDispose]();
      await app.close();
    },
  };
}

async function makeApp(
  given: HttpListenerOptions,
  limits: HttpLimits,
): Promise<{ app: FastifyInstance; limited: LimitedServer }> {
  const { options, tls, log } = given;
  const made = Promise.withResolvers<LimitedServer>();
  // Only hubs that have this listener pay for the library.
  const { fastify } = await import('fastify');
  const app = fastify({
    serverFactory: (handle) => {
      const limited = createLimitedServer(
        {
          name: 'listeners.http',
          strangers: given.strangers,
          tls,
          allowCidr: options.allow_cidr,
          connectionsMax: options.limits.connections,
          connectionsPerAddressMax: options.limits.connections_per_address,
          handshakeTimeoutMs: options.limits.handshake_timeout,
          limits,
        },
        handle,
      );
      made.resolve(limited);
      return limited.server;
    },
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: limits.bodyBytesMax,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    trustProxy: false,
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack();
      answerJson(reply.raw, 400, errorBody({ code: 'bad-request', message: 'this is no path of this hub' }), {
        connection: 'close',
      });
    },
  });
  const common = tls === undefined ? securityHeaders : { ...securityHeaders, ...strictTransport };
  if (tls === undefined) refuseOtherNames(app, given.names);
  guard(app, given.authenticators, common);
  answerErrors(app, log, limits);
  return { app, limited: await made.promise };
}

function refuseOtherNames(app: FastifyInstance, names: readonly string[]): void {
  const message = 'this hub has no such name: ask it by its address, or put the name into advertise or oidc.public_url';
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (!isOwnHost(host, names)) throw new HttpError(421, 'other-host', message);
  });
}

/** Who asks, and whether they may: before anything of the body is read. */
function guard(app: FastifyInstance, authenticators: readonly Authenticator[], headers: Readonly<Record<string, string>>): void {
  app.decorateRequest('principal');
  app.decorate('routeBook', new RouteBook());
  const identify = async (request: FastifyRequest): Promise<Principal | undefined> => {
    let principal: Principal | undefined;
    for (const authenticate of authenticators) principal ??= await authenticate(request);
    return principal;
  };
  app.decorate('identify', identify);
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config?.access === undefined) throw new Error(`route ${String(method)} ${url} does not say who may call it`);
    for (const one of [method].flat()) app.routeBook.add({ method: one, url, access: config.access, about: config.about });
  });
  app.addHook('onSend', withEtag);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...headers, 'x-request-id': request.id });
    const { access } = request.routeOptions.config;
    if (request.is404 || access === undefined) return;
    request.principal = await identify(request);
    if (access === 'open') return;
    const principal = principalOf(request);
    if (access !== 'known' && !mayAnywhere(principal, access)) throw forbidden(principal, access);
  });
}

function answerErrors(app: FastifyInstance, log: Logger, limits: HttpLimits): void {
  const methods = new MethodTable();
  app.addHook('onRoute', ({ method, url }) => methods.add(url, [method].flat()));
  app.setNotFoundHandler(async (request, reply) => {
    const allowed = methods.of(request.url.split('?')[0] ?? '');
    if (allowed.length === 0) throw new HttpError(404, 'not-found', 'there is nothing at this path');
    void reply.header('allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new HttpError(405, 'method-not-allowed', `this path has ${allowed.join(', ')}`);
  });
  app.setErrorHandler(async (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const known = httpErrorOf(error) ?? fastifyErrorOf(error);
    if (known === undefined && !request.raw.destroyed) {
      log.error('a request failed', { error, requestId: request.id, method: request.method, route: request.routeOptions.url });
    }
    const { status, headers, ...answer } = known ?? internalError;
    if (!(await drained(request.raw, limits))) void reply.header('connection', 'close');
    return reply
      .code(status)
      .headers(headers)
      .send(errorBody({ ...answer, message: (known ?? internalError).message }));
  });
}

/** What fastify itself refused. Its sentences may repeat what the request said, so it gets ours. */
function fastifyErrorOf({ statusCode = 500, validation, message }: FastifyError): HttpError | undefined {
  if (statusCode >= 500) return undefined;
  if (validation !== undefined) return new HttpError(400, 'malformed', message);
  switch (statusCode) {
    case 413:
      return new HttpError(413, 'too-large', 'the body is larger than this path takes');
    case 415:
      return new HttpError(415, 'unknown-content', 'the content-type must be application/json');
    default:
      return new HttpError(400, 'malformed', 'the body is no JSON that this path takes');
  }
}
