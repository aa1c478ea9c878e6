/**
 * The agents' port of a site for tests: HTTPS with an authority of its own, which enrols who has the token, renews who has its
 * certificate, and lets nobody else open a WebSocket. Behind it is a TestSite.
 */
import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { encodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { type EnrolmentRefusal, enrolPath, proofText } from '@tributary/protocol/enrolment/messages.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { certificateNames } from '@tributary/protocol/enrolment/certificate-names.ts';
import { TestAuthority } from '../../tls/testing/test-authority.ts';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';

export interface TestDoorOptions {
  readonly authority?: TestAuthority;
  readonly tenant?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly lifetimeMs?: number;
  readonly hosts?: readonly string[];
  /** PEM, behind its own certificate, instead of its authority's. */
  readonly presents?: string;
}

export const siteId: Id = 'cc'.repeat(16);
const tokenId = 'token0001';
const secret = 'x'.repeat(32);

export class TestDoor implements AsyncDisposable {
  readonly authority: TestAuthority;
  readonly site: TestSite;
  /** Bodies of the requests that were made, by path. */
  readonly requests: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  /** Answers every request and connection with this instead. */
  refusal: ({ readonly status: number } & EnrolmentRefusal) | undefined;
  /** Does what it is asked and loses the answer. */
  losesAnswers = false;
  lifetimeMs: number;
  /** Connections that were gone before the door's end of the handshake was done. */
  handshakesFailed = 0;
  readonly #server: Server;
  readonly #options: TestDoorOptions;

  private constructor(server: Server, site: TestSite, options: TestDoorOptions & { readonly authority: TestAuthority }) {
    this.#server = server;
    this.#options = options;
    this.site = site;
    this.authority = options.authority;
    this.lifetimeMs = options.lifetimeMs ?? 3_600_000;
    server.on('request', (request, response) => void this.#answer(request, response));
    server.on('tlsClientError', () => (this.handshakesFailed += 1));
    const [upgrade] = server.listeners('upgrade');
    server.removeAllListeners('upgrade');
    server.on('upgrade', (request, socket, head) => {
      const refusal = this.refusal ?? noCertificate(request);
      if (refusal === undefined) upgrade?.call(server, request, socket, head);
      else
        socket.end(
          `HTTP/1.1 ${refusal.status} No\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${JSON.stringify(refusal)}`,
        );
    });
  }

  static async start(options: TestDoorOptions = {}): Promise<TestDoor> {
    const { authority = new TestAuthority(), hosts = ['127.0.0.1', 'localhost'] } = options;
    const { cert, key } = authority.issue({ hosts, subject: 'a hub' });
    const chain = cert + (options.presents ?? authority.cert);
    const server = createServer({ cert: chain, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TestDoor(server, await TestSite.start({ behind: server }), { ...options, authority });
  }

  get host(): string {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens at a port has one
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `wss://${this.host}`;
  }

  /** A token for this site; another `fingerprint` makes it one of somebody else's. */
  token({ fingerprint = this.authority.fingerprint, hubs = [this.host] } = {}): string {
    return encodeEnrolmentToken({ hubs, fingerprint, tokenId, secret });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a test's own agent sends
    const body = (await json(request)) as Record<string, unknown>;
    this.requests.push({ path, body });
    const { refusal } = this;
    if (refusal !== undefined) return reply(response, refusal.status, refusal);
    if (path !== enrolPath) {
      const none = noCertificate(request);
      if (none !== undefined) return reply(response, none.status, none);
    } else if (body['secret'] !== secret) {
      return reply(response, 403, { error: 'token', hint: 'this token is not known' });
    }
    const agentId = path === enrolPath ? String(body['id']) : presentedId(request);
    const answer = this.#certified(agentId, body, path === enrolPath ? `enrol ${tokenId}` : 'renew');
    if (this.losesAnswers) return void response.destroy();
    return reply(response, 200, answer);
  }

  #certified(agentId: Id, body: Record<string, unknown>, context: string): object {
    const { tenant = 'acme', labels = { room: 'one' } } = this.#options;
    const publicKey = String(body['publicKey']);
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    const isProven = verify(
      'sha256',
      Buffer.from(proofText(context, agentId, publicKey)),
      key,
      Buffer.from(String(body['proof']), 'base64'),
    );
    if (!isProven) return { error: 'proof', hint: 'the proof does not fit' };
    const names = { kind: 'agent', siteId, agentId, tenant } as const;
    const certificate = this.authority.certify(key, { names, fromMs: -300_000, untilMs: this.lifetimeMs });
    return { certificate, authority: this.authority.cert, siteId, site: 'here', tenants: [tenant], labels, hubs: [this.url] };
  }
}

function noCertificate({
  socket,
}: IncomingMessage): { readonly status: number; readonly error: string; readonly hint: string } | undefined {
  if (socket instanceof TLSSocket && socket.authorized) return undefined;
  return { status: 401, error: 'no-certificate', hint: 'this hub takes only agents with a certificate: enroll first' };
}

function presentedId({ socket }: IncomingMessage): Id {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  const names = certificate === undefined ? undefined : certificateNames(certificate);
  return names?.kind === 'agent' ? names.agentId : '';
}

function reply(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}
