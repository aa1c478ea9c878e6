import type { SecureContext } from 'node:tls';
import type { KeyMaterial } from '@tributary/shared/tls/key-material.ts';

export type LeastVersion = '1.3' | '1.2';

/**
 * What TLS uses of this agent's certificates. What is in `ca` is trusted by itself, also where it is not the root of its authority.
 * Without `ca` the system's own authorities are; they are loaded only then, as they take megabytes.
 */
export function secureContextOf(context: KeyMaterial['context'], leastVersion: LeastVersion = '1.3'): SecureContext {
  const tls = process.getBuiltinModule('node:tls');
  return tls.createSecureContext({
    ...context,
    ca: context.ca ?? tls.getCACertificates('system'),
    allowPartialTrustChain: true,
    minVersion: leastVersion === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
  });
}
