/** Where agents reach this hub, as it tells the other hubs and, by them, the agents. */
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import type { HubOptions } from '../options.ts';

export const noAddressHint =
  'agents cannot be sent to this hub, as nobody knows where they reach it: set cluster.address to the host:port of its agents listener';

/** `wss://host:port`; empty where the listener is bound to all addresses and no option says which one agents see. */
export function ownAddress(
  { cluster, advertise }: Pick<HubOptions, 'cluster' | 'advertise'>,
  listener: { readonly bound: string; readonly tls: boolean },
): string {
  const address = cluster.address ?? advertise[0] ?? (isOneAddress(listener.bound) ? listener.bound : undefined);
  return address === undefined ? '' : `${listener.tls ? 'wss' : 'ws'}://${address}`;
}

function isOneAddress(bound: string): boolean {
  const host = parseHostPort(bound)?.host;
  return host !== undefined && host !== '0.0.0.0' && host !== '::';
}
