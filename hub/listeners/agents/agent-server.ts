/**
 * The server beneath the agents' listener: HTTP, or HTTPS that asks for a certificate. TLS lets everybody finish the handshake, so that
 * who has no good certificate can enrol, or can be told what is wrong; nobody is believed for it.
 */
import { constants } from 'node:crypto';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from '@tributary/shared/log.ts';
import type { HubTls } from '../../certificates/hub-tls.ts';
import type { AgentListenerLimits } from './limits.ts';

/** SSL_OP_NO_RENEGOTIATION: Node has it, its types have not. */
const noRenegotiation = 1 << 30;

export type ListenerTls = Pick<HubTls, 'material' | 'agentsContext'>;

export function createAgentServer(tls: ListenerTls | undefined, limits: AgentListenerLimits): HttpServer | HttpsServer {
  const options = {
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
    noDelay: true,
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.handshakeTimeoutMs),
    maxHeaderSize: limits.headerBytesMax,
  };
  if (tls === undefined) return createHttpServer(options);
  return createHttpsServer({
    ...options,
    ...secureContext(tls),
    handshakeTimeout: limits.handshakeTimeoutMs,
    requestCert: true,
    rejectUnauthorized: false,
  });
}

/** From now on the server has the files as they are then; connections that there are keep theirs. Returns its own removal. */
export function followMaterial(server: HttpsServer, tls: ListenerTls, log: Logger): () => void {
  return tls.material.onChanged(() => {
    try {
      server.setSecureContext(secureContext(tls));
    } catch (error) {
      log.error('the agents listener cannot use the new certificates: the ones before are kept', { error });
    }
  });
}

/** Without tickets, every connection shows its certificate anew: one that was revoked has no way around. */
function secureContext(tls: ListenerTls): SecureContextOptions {
  // A peer of TLS 1.2 could change its certificate in the middle of a connection.
  const secureOptions = constants.SSL_OP_NO_TICKET | noRenegotiation;
  return { ...tls.agentsContext(), secureOptions };
}
