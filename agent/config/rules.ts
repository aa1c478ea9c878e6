/** Rules that the schema of the configuration shares with the command line, which does without the schema's library. */

import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';

/** Names that become folders in an archive: tenants and types. */
export const namePattern = /^[a-z0-9_]{1,50}$/;
export const nameRule = 'must be 1 to 50 of a-z, 0-9 and _';

export const hubRule = 'must be an address such as wss://hub.example.com:7701';

export function isHubAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  return (protocol === 'ws:' || protocol === 'wss:') && hostname !== '' && username === '';
}

export const plaintextRule =
  'would send everything in the clear: use wss:// (tributary-agent enroll TOKEN), or say plaintext: true for the whole agent';

/** Whether what is sent to this hub leaves the machine without TLS. */
export function isOpenlyReached(hub: string, proxy: string | undefined): boolean {
  // What is no address is told as that.
  if (!URL.canParse(hub) || (proxy !== undefined && !URL.canParse(proxy))) return false;
  const { protocol, hostname } = new URL(hub);
  if (protocol === 'wss:') return false;
  return !isLoopbackHost(proxy === undefined ? hostname : new URL(proxy).hostname);
}
