/** The two requests of enrolment, as an agent makes them at one hub. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import { enrolmentBytesMax } from './messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import { connectTls, handshake, type TlsTarget } from '../uplink/tls/connect-tls.ts';
import { HubUntrustedError } from '../uplink/tls/hub-errors.ts';
import { readAnswer, refusalOf } from '../uplink/tls/refusal.ts';
import { type LeastVersion, secureContextOf } from '../uplink/tls/secure-context.ts';
import { openTunnel } from '../uplink/proxy-tunnel.ts';

/** Where a hub is, and how it is reached. */
export interface HubPlace {
  /** `host:port`. */
  readonly hub: string;
  readonly proxy: string | undefined;
  readonly leastVersion: LeastVersion;
  readonly timeoutMs: number;
}

const portDefault = 443;
const chainMax = 16;
/** The other end may be anybody, and keep its side open. */
const hangUpMs = 1000;

/**
 * The certificate that a token means, as the hub presents it: nothing is said to a hub before it is found. Throws a HubUntrustedError
 * when it is not there. That the hub belongs to it is not known yet: that is what the next connection verifies.
 */
export async function presentedAnchor(place: HubPlace, fingerprint: string, signal: AbortSignal): Promise<X509Certificate> {
  const socket = await open(place, secureContextOf({ ca: [] }, place.leastVersion), { signal, connect: handshake });
  try {
    const found = presentedBy(socket).find((certificate) => fingerprintOf(certificate) === fingerprint);
    if (found !== undefined) return found;
    throw new HubUntrustedError(
      `the hub at ${printable(place.hub)} presents another authority than the token says: somebody may be in between, or the hub has a new authority; nothing was sent to it`,
    );
  } finally {
    await hangUp(socket);
  }
}

/** To a hub, a connection that is gone before its own end of the handshake is done is one that failed, of which it warns. */
async function hangUp(socket: TLSSocket): Promise<void> {
  socket.on('error', () => undefined).resume();
  const gone = once(socket, 'close', { signal: AbortSignal.timeout(hangUpMs) }).catch(() => undefined);
  socket.end();
  await gone;
  socket.destroy();
}

/** Sends one request and resolves with its JSON. Throws a HubRefusedError with the hub's own sentence. */
export async function postJson(
  place: HubPlace,
  request: { readonly path: string; readonly body: object; readonly secureContext: SecureContext },
  signal: AbortSignal,
): Promise<unknown> {
  const socket = await open(place, request.secureContext, { signal, connect: connectTls });
  const body = Buffer.from(JSON.stringify(request.body));
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(place.timeoutMs)]);
  try {
    const response = await send(socket, { place, path: request.path, body, signal: deadline });
    const text = await readAnswer(response);
    const { statusCode = 0 } = response;
    if (statusCode !== 200) throw refusalOf(statusCode, text);
    if (text === undefined) throw new Error(`it answers with more than ${enrolmentBytesMax} bytes`);
    const answer: unknown = JSON.parse(text);
    return answer;
  } finally {
    socket.destroy();
  }
}

async function send(
  socket: TLSSocket,
  {
    place,
    path,
    body,
    signal,
  }: { readonly place: HubPlace; readonly path: string; readonly body: Buffer; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call = process.getBuiltinModule('node:https').request({
    createConnection: () => socket,
    method: 'POST',
    path,
    signal,
    headers: { host: place.hub, 'content-type': 'application/json', 'content-length': body.length, connection: 'close' },
  });
  call.on('response', resolve).on('error', reject);
  call.end(body);
  return await promise;
}

async function open(
  { hub, proxy, timeoutMs }: HubPlace,
  secureContext: SecureContext,
  how: { readonly signal: AbortSignal; readonly connect: (target: TlsTarget, signal: AbortSignal) => Promise<TLSSocket> },
): Promise<TLSSocket> {
  const url = new URL(`wss://${hub}`);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  const port = url.port === '' ? portDefault : Number(url.port);
  const deadline = AbortSignal.any([how.signal, AbortSignal.timeout(timeoutMs)]);
  const through = proxy === undefined ? undefined : await openTunnel(new URL(proxy), { host, port }, deadline);
  return await how.connect({ host, port, through, secureContext, timeoutMs }, deadline);
}

/** The leaf, and who signed it, as far as the hub sent them. A certificate that signed itself is its own issuer. */
function presentedBy(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<DetailedPeerCertificate>();
  while (next?.raw !== undefined && !seen.has(next) && chain.length < chainMax) {
    seen.add(next);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
