import { isIP } from 'node:net';

/** The name that TLS asks for: it knows none for an address. */
export function serverName(host: string): string {
  return isIP(host) === 0 ? host : '';
}
