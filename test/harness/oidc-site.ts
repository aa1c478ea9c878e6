/**
 * A real OpenID Connect provider on the loopback, in this process, with one client and people who need no password: whoever is `person` when the
 * browser comes is signed in.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';

export interface OidcPerson {
  readonly sub: string;
  readonly preferred_username?: string;
  readonly groups?: readonly string[];
}

export interface OidcSiteOptions {
  readonly redirectUri: string;
  /** Groups are in the ID token, too, not only at the userinfo endpoint. */
  readonly allInIdToken?: boolean;
}

export const oidcClient = { id: 'tributary', secret: 'a-secret-of-the-client' } as const;

export class OidcSite implements AsyncDisposable {
  person: OidcPerson = { sub: 'nobody' };
  /** Answers in place of the provider where it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly issuer: string;
  readonly #server: Server;
  readonly #options: OidcSiteOptions;
  #provider: Provider;
  readonly #people = new Map<string, OidcPerson>();

  private constructor(server: Server, port: number, options: OidcSiteOptions) {
    this.#server = server;
    this.#options = options;
    this.issuer = `http://127.0.0.1:${port}`;
    this.#provider = this.#makeProvider();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response));
  }

  static async start(options: OidcSiteOptions, port = 0): Promise<OidcSite> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve());
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the provider has no port');
    return new OidcSite(server, address.port, options);
  }

  get port(): number {
    return Number(new URL(this.issuer).port);
  }

  /** Signs with another key from now on, and publishes no other. */
  rotateKeys(): void {
    this.#provider = this.#makeProvider();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.intercept(request, response)) return;
    if (request.url?.startsWith('/interaction/') === true) {
      this.#signIn(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    } else this.#provider.callback()(request, response);
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accountId = this.person.sub;
    this.#people.set(accountId, this.person);
    const grant = new this.#provider.Grant({ accountId, clientId: oidcClient.id });
    grant.addOIDCScope('openid profile groups');
    const result = { login: { accountId, remember: false }, consent: { grantId: await grant.save() } };
    await this.#provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  #makeProvider(): Provider {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };
    return new Provider(this.issuer, {
      clients: [
        {
          client_id: oidcClient.id,
          client_secret: oidcClient.secret,
          redirect_uris: [this.#options.redirectUri],
          grant_types: ['authorization_code'],
          response_types: ['code'],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      scopes: ['openid', 'profile', 'groups'],
      conformIdTokenClaims: this.#options.allInIdToken !== true,
      cookies: { keys: ['of the test'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      jwks: { keys: [jwk] },
      findAccount: (_context: unknown, accountId: string) => ({
        accountId,
        claims: () => ({ ...this.#people.get(accountId), sub: accountId }),
      }),
    });
  }
}
