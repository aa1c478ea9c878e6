/**
 * A TLS connection to a hub that is verified by the time anybody gets it: chain, dates and name. Node is told not to cut an unverified
 * one itself, because then nobody could say whose certificate it was; it is cut here before a byte was said on it.
 */
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { printable } from '@tributary/shared/printable.ts';
import { lookUp } from '../shared-lookup.ts';
import { HubUntrustedError } from './hub-errors.ts';
import { serverName } from './server-name.ts';

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  /** A tunnel that ends there. */
  readonly through?: Socket | undefined;
  readonly secureContext: SecureContext;
  readonly timeoutMs: number;
}

const nameCharactersMax = 200;

/** Resolves with a verified connection. Throws a HubUntrustedError that says whose certificate was refused and why. */
export async function connectTls(target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  const socket = await handshake(target, signal);
  if (socket.authorized) return socket;
  const error = untrusted(socket, target.host);
  socket.destroy();
  throw error;
}

/** A connection of which nothing is known: for looking at what the other end presents. */
export async function handshake(target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  signal.throwIfAborted();
  const { host, port, through, secureContext, timeoutMs } = target;
  const socket = process.getBuiltinModule('node:tls').connect({
    host,
    ...(through === undefined ? { port, lookup: lookUp } : { socket: through }),
    servername: serverName(host),
    secureContext,
    rejectUnauthorized: false,
  });
  const done = Promise.withResolvers<void>();
  const onAbort = (): void => done.reject(signal.reason);
  const onError = (error: Error): void => done.reject(explained(error));
  const onClose = (): void => done.reject(new Error('the connection was closed during the TLS handshake'));
  const timer = setTimeout(() => done.reject(new Error(`no TLS connection within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('secureConnect', () => done.resolve());
  socket.on('error', onError).on('close', onClose);
  try {
    await done.promise;
    return socket;
  } catch (error) {
    // What still comes of it has nobody who waits for it.
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.off('error', onError).off('close', onClose);
  }
}

function explained(error: Error): Error {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!code.startsWith('ERR_SSL_') && code !== 'EPROTO') return error;
  return new Error(`the TLS handshake failed (${code}): is this the agents' port of a hub that uses TLS?`, { cause: error });
}

function untrusted(socket: TLSSocket, host: string): HubUntrustedError {
  // Typed as an Error, it is the code of one.
  const code = String(socket.authorizationError);
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return new HubUntrustedError('it presents no certificate: refused');
  const { subject, issuer } = { subject: oneLine(certificate.subject), issuer: oneLine(certificate.issuer) };
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const names = oneLine(certificate.subjectAltName);
      return new HubUntrustedError(`its certificate is not for ${printable(host)} but for ${names}: refused`);
    }
    case 'CERT_HAS_EXPIRED':
      return new HubUntrustedError(
        `its certificate (subject ${subject}, until ${dateOf(certificate.validToDate)}) or the authority's has expired: refused`,
      );
    case 'CERT_NOT_YET_VALID':
      return new HubUntrustedError(
        `its certificate (subject ${subject}) is valid only from ${dateOf(certificate.validFromDate)}: refused; is the clock of this machine right?`,
      );
    default:
      return new HubUntrustedError(
        `it presents a certificate of another authority (subject ${subject}, issuer ${issuer}): refused${reasonOf(code)}`,
      );
  }
}

const otherAuthority: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A name that was copied from the real authority, signed with another key, is told by OpenSSL in words of its own. */
function reasonOf(code: string): string {
  return otherAuthority.has(code) ? '' : ` (${printable(code)})`;
}

function dateOf(date: Date): string {
  return date.toISOString();
}

/** Names of a certificate are whatever its maker wrote. */
function oneLine(names: string | undefined): string {
  const text = (names ?? 'nobody').replaceAll('\n', ', ');
  return printable(text.length > nameCharactersMax ? `${text.slice(0, nameCharactersMax)}…` : text);
}
