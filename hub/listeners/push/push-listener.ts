/**
 * A port for senders that can do neither TLS nor tokens: `POST /api/v1/logs` for one tenant from the networks it allows, and nothing else. What
 * anybody on the way can read and change must be worth nothing more, so a token that comes here is refused, and said to be burnt.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@tributary/shared/log.ts';
import { parseApiToken } from '../../access/secrets.ts';
import type { Strangers } from '../../intake/strangers.ts';
import type { HubOptions } from '../../options.ts';
import { answerJson, drained, errorBody, httpErrorOf, internalError } from '../http/answer.ts';
import { HttpError } from '../http/http-error.ts';
import { createLimitedServer } from '../http/limited-server.ts';
import { type HttpLimits, httpLimitsDefault } from '../http/limits.ts';
import { addressOf, type LogReceiver, type Pusher } from '../http/logs/log-receiver.ts';
import { logsPath } from '../http/logs/logs-route.ts';
import { boundAddress, listenAddress, listenOn } from '../listen-address.ts';

export interface PushListenerOptions {
  readonly options: HubOptions['listeners']['push'][number];
  readonly receiver: LogReceiver;
  readonly log: Logger;
  /** Counts and tells who was turned away. */
  readonly strangers: Pick<Strangers, 'count' | 'turnedAway'>;
  readonly limits?: Partial<HttpLimits>;
}

export interface PushListener extends AsyncDisposable {
  /** `host:port` as bound. */
  readonly address: string;
  readonly url: string;
  readonly connections: number;
  readonly tenant: string;
  /** Rejects with the reason when it takes no connection now. */
  knock(): Promise<void>;
  /** Takes no more connections, lets requests under way be answered for so long, and ends the rest. */
  drain(deadlineMs: number): Promise<void>;
}

/** Rejects with a ListenAddressError when the address cannot be had. */
export async function startPushListener(given: PushListenerOptions): Promise<PushListener> {
  const { options, log } = given;
  const limits = { ...httpLimitsDefault, ...given.limits };
  const at = await listenAddress(options.address);
  const pusher = pusherOf(options);
  const limited = createLimitedServer(
    {
      name: 'listeners.push',
      strangers: given.strangers,
      tls: undefined,
      allowCidr: options.allow_cidr,
      connectionsMax: options.limits.connections,
      connectionsPerAddressMax: options.limits.connections_per_address,
      handshakeTimeoutMs: options.limits.handshake_timeout,
      limits,
    },
    (request, response) => {
      answer({ request, response, limits, log }, () => receive(request, given, pusher)).catch((error: unknown) => {
        log.error('an answer to a push failed', { error });
        request.destroy();
      });
    },
  );
  await using unlessListening = new AsyncDisposableStack();
  unlessListening.use(limited);
  await listenOn(limited.server, at, options.address);
  limited.server.on('error', (error) => log.error('a push listener failed', { error }));
  unlessListening.move();
  const address = boundAddress(limited.server);
  return {
    address,
    url: `http://${address}`,
    tenant: options.tenant,
    get connections() {
      return limited.gate.connections;
    },
    knock: () => limited.gate.knock(),
    drain: (deadlineMs) => limited.drain(deadlineMs),
    [Symbol.asyncDispose]: () => limited[Symbol.asyncDispose](),
  };
}

function pusherOf(options: PushListenerOptions['options']): Pusher {
  return {
    keyScope: `listener:${options.address}`,
    source: `push ${options.address}`,
    typeDefault: options.type,
    bodyBytesMax: options.body_bytes,
    tenantOf: (named) => {
      if (named === undefined || named === options.tenant) return options.tenant;
      throw new HttpError(403, 'forbidden', 'this port is for one tenant, and not for the one that is named');
    },
  };
}

async function receive(request: IncomingMessage, given: PushListenerOptions, pusher: Pusher): Promise<object> {
  if (request.method !== 'POST' || request.url?.split('?', 1)[0] !== logsPath) throw new NotHere();
  if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined) {
    // Any page that somebody within the networks looks at could have its browser push.
    throw new HttpError(403, 'from-a-page', 'this port takes nothing from pages in browsers');
  }
  if (request.headersDistinct['authorization'] !== undefined) {
    tellBurnt(request, given);
    const message =
      'this port is not encrypted and takes no tokens. Whoever was on the way has this one now: revoke it, and push with another to listeners.http';
    throw new HttpError(400, 'token-on-plain-port', message);
  }
  return given.receiver.receive(request, pusher);
}

/** Whoever made the token reads which one it was. */
function tellBurnt(request: IncomingMessage, { options, strangers }: PushListenerOptions): void {
  const token = parseApiToken(request.headers.authorization?.replace(/^bearer +/i, '') ?? '');
  const which = token === undefined ? 'credentials' : `the token ${token.tokenId}`;
  strangers.turnedAway({
    action: 'api-token-refused',
    reason: 'token-on-plain-port',
    remote: addressOf(request),
    tenant: options.tenant,
    hint: `${which} came unencrypted to ${options.address}: revoke it`,
  });
}

/** Everything but the one route: a bare 404. */
class NotHere extends Error {
  override readonly name = 'NotHere';
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly limits: HttpLimits;
  readonly log: Logger;
}

async function answer({ request, response, limits, log }: Exchange, received: () => Promise<object>): Promise<void> {
  try {
    answerJson(response, 200, await received());
  } catch (error) {
    const known = httpErrorOf(error);
    if (known === undefined && !(error instanceof NotHere) && !request.destroyed) log.error('a push failed', { error });
    const closing: Record<string, string> = (await drained(request, limits)) ? {} : { connection: 'close' };
    if (error instanceof NotHere) response.writeHead(404, { ...closing, 'content-length': '0' }).end();
    else {
      const { status, headers } = known ?? internalError;
      answerJson(response, status, errorBody(known ?? internalError), { ...headers, ...closing });
    }
  }
}
