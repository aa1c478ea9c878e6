/**
 * The OpenID Connect provider, by the library: authorization code with PKCE, state and nonce, and the signature of the ID token checked with the
 * provider's keys as they are at that moment, so that it may change them at any time. It is asked for the first time when somebody
 * signs in: one that is down stops nothing else, and is asked again the next time.
 */
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import type * as openidClient from 'openid-client';
import type { Configuration, CustomFetchOptions, ServerMetadata } from 'openid-client';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Claims } from './claimed-person.ts';
import type { PendingSignIn } from './pending-sign-in.ts';

export interface ProviderOptions {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret?: string | undefined;
  readonly scopes: readonly string[];
  readonly groups_claim: string;
}

/** `unavailable`: it does not answer; try later. `refused`: what came back from it does not hold. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: 'unavailable' | 'refused';
  constructor(code: ProviderError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const timeoutSeconds = 10;
const answerBytesMax = 1024 * 1024;
const discoveredMs = 10 * 60_000;

/** Loaded when somebody signs in with it for the first time. */
type Library = typeof openidClient;

export class Provider {
  readonly #options: ProviderOptions;
  readonly #redirectUri: string;
  readonly #clock: Clock;
  #discovered: { readonly metadata: Promise<ServerMetadata>; readonly atMs: number } | undefined;

  constructor(options: ProviderOptions, redirectUri: string, clock: Clock) {
    this.#options = options;
    this.#redirectUri = redirectUri;
    this.#clock = clock;
  }

  /** Where the browser is sent, and what has to fit when it comes back. */
  async begin(returnPath: string): Promise<{ readonly url: URL; readonly pending: PendingSignIn }> {
    const library = await import('openid-client');
    const configuration = await this.#configuration(library);
    const state = library.randomState();
    const nonce = library.randomNonce();
    const codeVerifier = library.randomPKCECodeVerifier();
    const url = library.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: this.#options.scopes.join(' '),
      state,
      nonce,
      code_challenge: await library.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return { url, pending: { state, nonce, codeVerifier, returnPath } };
  }

  /** `query`: with which the browser came back. */
  async claims(query: string, pending: PendingSignIn): Promise<Claims> {
    const library = await import('openid-client');
    const configuration = await this.#configuration(library);
    const current = new URL(this.#redirectUri);
    current.search = query;
    try {
      const tokens = await library.authorizationCodeGrant(configuration, current, {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new ProviderError('refused', 'the provider sent no ID token');
      const isComplete = claims[this.#options.groups_claim] !== undefined;
      if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
      return { ...(await library.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      throw told(error);
    }
  }

  /** A new one each time: the library keeps the provider's keys with it for minutes. */
  async #configuration(library: Library): Promise<Configuration> {
    const { client_id, client_secret } = this.#options;
    const metadata = await this.#metadata(library);
    const authentication = client_secret === undefined ? library.None() : secretSentAs(metadata, client_secret, library);
    const configuration = new library.Configuration(metadata, client_id, {}, authentication);
    configuration.timeout = timeoutSeconds;
    configuration[library.customFetch] = boundedFetch;
    library.enableNonRepudiationChecks(configuration);
    if (this.#isPlainLoopback) library.allowInsecureRequests(configuration);
    return configuration;
  }

  get #isPlainLoopback(): boolean {
    const { protocol, hostname } = new URL(this.#options.issuer);
    return protocol === 'http:' && isLoopbackHost(hostname);
  }

  async #metadata(library: Library): Promise<ServerMetadata> {
    const now = this.#clock.monotonic();
    if (this.#discovered === undefined || now - this.#discovered.atMs > discoveredMs) {
      this.#discovered = { metadata: this.#discover(library), atMs: now };
    }
    const discovered = this.#discovered;
    try {
      return await discovered.metadata;
    } catch (error) {
      if (this.#discovered === discovered) this.#discovered = undefined;
      const reason = error instanceof Error ? reasonOf(error) : String(error);
      throw new ProviderError('unavailable', `the provider ${this.#options.issuer} cannot be asked: ${reason}`, { cause: error });
    }
  }

  async #discover(library: Library): Promise<ServerMetadata> {
    const configuration = await library.discovery(new URL(this.#options.issuer), this.#options.client_id, {}, library.None(), {
      [library.customFetch]: boundedFetch,
      timeout: timeoutSeconds,
      execute: this.#isPlainLoopback ? [library.allowInsecureRequests] : [],
    });
    return configuration.serverMetadata();
  }
}

/** As the provider likes it; in a header unless it says that it takes it only in the body. */
function secretSentAs(metadata: ServerMetadata, secret: string, library: Library): ReturnType<Library['ClientSecretBasic']> {
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? library.ClientSecretBasic(secret) : library.ClientSecretPost(secret);
}

/** The library reads answers whole. */
async function boundedFetch(url: string, options: CustomFetchOptions): Promise<Response> {
  const { body, headers, method, redirect, signal } = options;
  const response = await fetch(url, { headers, method, redirect, body: body ?? null, signal: signal ?? null });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`${new URL(url).host} answers with more than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  const hasNoBody = bytes === 0 || response.status === 204 || response.status === 304;
  return new Response(hasNoBody ? null : new Blob(parts), {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}

/** What reached nobody may be tried again; everything else is a refusal. */
function told(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof Error)) return new ProviderError('refused', String(error));
  const isUnreachable = error instanceof TypeError && error.cause instanceof Error && 'code' in error.cause && !('code' in error);
  const isLate = error.name === 'TimeoutError' || ('code' in error && error.code === 'OAUTH_TIMEOUT');
  return new ProviderError(isUnreachable || isLate ? 'unavailable' : 'refused', reasonOf(error), { cause: error });
}

/** The messages of the library name the cause in `cause`; neither holds a code or a token. */
function reasonOf(error: Error): string {
  const code = 'error' in error && typeof error.error === 'string' ? ` (${error.error})` : '';
  const cause = error.cause instanceof Error && error.cause.message !== '' ? `: ${error.cause.message}` : '';
  return `${error.message}${code}${cause}`;
}
