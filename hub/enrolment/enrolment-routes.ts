/**
 * `POST /v1/enrol` and `POST /v1/renew` on the agents' port: bodies of a bounded length, read to their end within the deadline that
 * the server has for a request, tries that failed too often put off, and every answer JSON. Nothing that goes wrong here gets out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  enrolmentBytesMax,
  type EnrolmentRefusal,
  type EnrolmentRefusalCode,
  enrolPath,
  renewPath,
} from '@tributary/protocol/enrolment/messages.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { PeerVerdict } from '../intake/peer-identity.ts';
import type { Strangers } from '../intake/strangers.ts';
import { FailureLimiter } from '../listeners/failure-limiter.ts';
import type { EnrolmentOutcome, Enrolments } from './enrolment.ts';
import { busyRetryMs, discardedBytesMax, enrolmentFailureLimits, enrolmentsAtOnceMax } from './limits.ts';
import { type Read, readEnrolRequest, readRenewRequest } from './read-request.ts';

export interface EnrolmentPeer {
  readonly path: string;
  readonly address: string;
  /** With its port, for people. */
  readonly remote: string;
  /** What its certificate is worth, looked at when it is needed. */
  readonly verdict: () => PeerVerdict;
}

export interface EnrolmentRoutes {
  has(path: string): boolean;
  /** Answers, sooner or later, and never throws. */
  handle(request: IncomingMessage, response: ServerResponse, peer: EnrolmentPeer): void;
}

export interface EnrolmentRoutesParts {
  readonly enrolments: Pick<Enrolments, 'enrol' | 'renew'>;
  readonly strangers: Strangers;
  readonly log: Logger;
  readonly failures?: FailureLimiter;
  readonly atOnceMax?: number;
}

const statusOf: Readonly<Record<EnrolmentRefusalCode, number>> = {
  token: 403,
  'token-expired': 403,
  'token-used-up': 403,
  identity: 409,
  proof: 400,
  certificate: 401,
  malformed: 400,
  'too-many-tries': 429,
  unavailable: 503,
};

export function enrolmentRoutes(parts: EnrolmentRoutesParts): EnrolmentRoutes {
  const routes = new Routes(parts);
  return {
    has: (path) => path === enrolPath || path === renewPath,
    handle: (request, response, peer) => void routes.handle(request, response, peer),
  };
}

class Routes {
  readonly #parts: EnrolmentRoutesParts;
  readonly #failures: FailureLimiter;
  #underWay = 0;

  constructor(parts: EnrolmentRoutesParts) {
    this.#parts = parts;
    this.#failures = parts.failures ?? new FailureLimiter(enrolmentFailureLimits);
  }

  async handle(request: IncomingMessage, response: ServerResponse, peer: EnrolmentPeer): Promise<void> {
    response.on('error', () => undefined);
    this.#underWay += 1;
    try {
      await this.#answer(request, response, peer);
    } catch (error) {
      this.#parts.log.error('a request of enrolment failed', { error, remote: peer.remote });
      refuse(response, { error: 'unavailable', hint: 'this hub could not answer: try again' });
    } finally {
      this.#underWay -= 1;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, peer: EnrolmentPeer): Promise<void> {
    const { address, remote, path } = peer;
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return refuse(response, { error: 'malformed', hint: `${path} is asked by POST` }, 405);
    }
    const waitMs = this.#failures.waitMs(address);
    if (waitMs > 0) {
      this.#parts.strangers.turnedAway({ reason: 'too-many-tries', remote, hint: 'enrolment failed too often' });
      retryAfter(response, waitMs);
      return refuse(response, {
        error: 'too-many-tries',
        hint: `too many tries failed from here: wait ${Math.ceil(waitMs / 1000)} s`,
      });
    }
    if (this.#underWay > (this.#parts.atOnceMax ?? enrolmentsAtOnceMax)) {
      retryAfter(response, busyRetryMs);
      return refuse(response, { error: 'unavailable', hint: 'many enrol just now: try again in a moment' });
    }
    const body = await bodyOf(request);
    // The connection is gone, or was cut at its deadline.
    if (body === undefined) return;
    if (body === tooLong) {
      this.#failures.failed(address);
      return refuse(response, { error: 'malformed', hint: `a request has at most ${enrolmentBytesMax} bytes` }, 413);
    }
    const outcome = await this.#outcome(body, peer);
    if (outcome.kind === 'answer') return reply(response, 200, outcome.answer);
    if (outcome.isFailure) this.#failures.failed(address);
    this.#parts.log.info('enrolment was refused', { path, ...outcome.refusal, remote });
    refuse(response, outcome.refusal);
  }

  async #outcome(body: string, { path, address, verdict }: EnrolmentPeer): Promise<EnrolmentOutcome> {
    const { enrolments } = this.#parts;
    if (path === enrolPath) {
      return await whenRead(readEnrolRequest(body), (request) => enrolments.enrol(request, address));
    }
    return await whenRead(readRenewRequest(body), (request) => enrolments.renew(request, verdict(), address));
  }
}

async function whenRead<Request>(
  read: Read<Request>,
  next: (request: Request) => Promise<EnrolmentOutcome>,
): Promise<EnrolmentOutcome> {
  if ('request' in read) return await next(read.request);
  const hint = `this request is not understood (${read.problem}): the versions of agent and hub may be too far apart`;
  return { kind: 'refusal', refusal: { error: 'malformed', hint }, isFailure: true };
}

const tooLong = Symbol('too long');

/**
 * Undefined when the peer went away before its end. What is too long is read to its end all the same, up to a bound, and thrown away:
 * closing with bytes unread would take the answer from the peer.
 */
async function bodyOf(request: IncomingMessage): Promise<string | typeof tooLong | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      if (!(part instanceof Buffer)) return undefined;
      bytes += part.length;
      if (bytes <= enrolmentBytesMax) parts.push(part);
      if (bytes > discardedBytesMax) return tooLong;
    }
  } catch {
    return undefined;
  }
  return bytes > enrolmentBytesMax ? tooLong : Buffer.concat(parts).toString('utf8');
}

function refuse(response: ServerResponse, refusal: EnrolmentRefusal, status = statusOf[refusal.error]): void {
  reply(response, status, refusal);
}

function reply(response: ServerResponse, status: number, content: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(content)}\n`);
}

function retryAfter(response: ServerResponse, ms: number): void {
  response.setHeader('retry-after', Math.ceil(ms / 1000));
}
