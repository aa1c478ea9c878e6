/**
 * A page of another site can have its own name lead to this machine (DNS rebinding); for the browser it is then of the same origin as what
 * answers here. Such a request has the other site's name in `Host`. With TLS the certificate tells the two apart; without it, which is
 * on the loopback only, nothing is answered but to addresses and to this hub's own names.
 */
import { isIP } from 'node:net';
import { isLoopbackHost, parseHostPort } from '@tributary/shared/network/listen-address.ts';
import type { HubOptions } from '../../options.ts';

/** As the configuration has them. */
export function ownNames({
  advertise,
  oidc,
  listeners,
}: Pick<HubOptions, 'advertise' | 'oidc' | 'listeners'>): readonly string[] {
  const addresses = [...advertise, ...(listeners.http === undefined ? [] : [listeners.http.address])];
  const names = addresses.flatMap((address) => parseHostPort(address)?.host.toLowerCase() ?? []);
  return oidc === undefined ? names : [...names, new URL(oidc.public_url).hostname];
}

/** `host`: the header. A request without one is of no browser. */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host) ?? [];
  const name = (bracketed ?? plain).toLowerCase().replace(/\.$/, '');
  return isIP(name) !== 0 || isLoopbackHost(name) || names.includes(name);
}
