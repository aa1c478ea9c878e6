/** The address of a hub's agents listener, as configurations, tokens and hubs name it. */
import { isLoopbackHost } from './listen-address.ts';

export function isHubAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  return (protocol === 'ws:' || protocol === 'wss:') && hostname !== '' && username === '';
}

/** Whether what is sent to this hub leaves the machine without TLS. */
export function isOpenlyReached(hub: string, proxy: string | undefined): boolean {
  // What is no address is told as that.
  if (!URL.canParse(hub) || (proxy !== undefined && !URL.canParse(proxy))) return false;
  const { protocol, hostname } = new URL(hub);
  if (protocol === 'wss:') return false;
  return !isLoopbackHost(proxy === undefined ? hostname : new URL(proxy).hostname);
}
