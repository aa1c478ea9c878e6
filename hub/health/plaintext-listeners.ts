/** Listeners that other machines reach without TLS, because the configuration says so (invariant 9): each stands in the findings. */
import { isLoopbackHost, parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { agentsUseTls } from '../config/rules.ts';
import type { HubOptions } from '../options.ts';
import type { Finding } from './findings.ts';

export function plaintextListeners(options: HubOptions): Finding[] {
  const { agents, push } = options.listeners;
  const found: Finding[] = [];
  if (!agentsUseTls(options) && isReached(agents.address)) found.push(finding('agents', agents.address));
  for (const [index, { address }] of push.entries()) {
    if (isReached(address)) found.push(finding(`push[${index}]`, address));
  }
  return found;
}

function isReached(address: string): boolean {
  return !isLoopbackHost(parseHostPort(address)?.host ?? '');
}

function finding(listener: string, address: string): Finding {
  return {
    kind: 'plaintext-listener',
    subject: `listeners.${listener} ${address}`,
    level: 'yellow',
    reason: `listeners.${listener} at ${address} takes logs without TLS: whoever is on the way can read them and send others; let senders use TLS as soon as they can`,
  };
}
