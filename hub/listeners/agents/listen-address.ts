import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';

/** An address the hub cannot or must not listen on. The message names the option's value and what is accepted. */
export class ListenAddressError extends Error {
  override readonly name = 'ListenAddressError';
  readonly code = 'LISTEN_ADDRESS';
}

export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `host:port`; an IPv6 address stands in brackets. Only loopback is accepted: nothing is open by default (invariant 9). */
export async function listenAddress(address: string): Promise<ListenAddress> {
  const parts = /^(?:\[(?<six>[^\]]*)\]|(?<name>[^:]*)):(?<port>\d{1,5})$/.exec(address)?.groups;
  const host = parts?.['six'] ?? parts?.['name'] ?? '';
  const port = Number(parts?.['port'] ?? Number.NaN);
  if (host === '' || !(port <= 65_535)) {
    throw new ListenAddressError(`cannot listen on ${address}: give host:port, such as 127.0.0.1:7701 or [::1]:7701`);
  }
  const found = await resolved(host, address);
  if (!loopback.check(found, isIPv6(found) ? 'ipv6' : 'ipv4')) {
    throw new ListenAddressError(
      `will not listen on ${address}: only loopback (127.0.0.1, ::1, localhost) is accepted, as TLS comes with enrolment`,
    );
  }
  return { host: found, port };
}

async function resolved(host: string, address: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ListenAddressError(`cannot listen on ${address}: ${host} is not known on this machine`, { cause });
  }
}
