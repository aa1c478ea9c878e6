/** From an address in the configuration to a port that is bound: for every listener of the hub. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { BlockList, isIPv6, type Server } from 'node:net';
import { assert } from '@tributary/shared/assert.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';

/** An address the hub cannot listen on. The message names the option's value and what is accepted. */
export class ListenAddressError extends Error {
  override readonly name = 'ListenAddressError';
  readonly code = 'LISTEN_ADDRESS';
}

export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** Only this machine reaches it. Told from the address that a name stands for, not from the name. */
  readonly isLoopback: boolean;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `host:port`; an IPv6 address stands in brackets. Rejects with a ListenAddressError. */
export async function listenAddress(address: string): Promise<ListenAddress> {
  const parsed = parseHostPort(address);
  if (parsed === undefined) {
    throw new ListenAddressError(`cannot listen on ${address}: give host:port, such as 127.0.0.1:7701 or [::1]:7701`);
  }
  const host = await resolved(parsed.host, address);
  return { host, port: parsed.port, isLoopback: loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4') };
}

async function resolved(host: string, address: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ListenAddressError(`cannot listen on ${address}: ${host} is not known on this machine`, { cause });
  }
}

/** Binds the server. `address` is what the configuration says, for the message of the ListenAddressError that it rejects with. */
export async function listenOn(server: Server, { host, port }: ListenAddress, address: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenAddressError(`cannot listen on ${address}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return 'another program has it';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  if (code === 'EACCES') return 'the hub may not take this port: choose one from 1024 on';
  return String(cause);
}

/** `host:port` as bound. */
export function boundAddress(server: Server): string {
  const bound = server.address();
  assert(bound !== null && typeof bound === 'object', 'the listener is bound to a port');
  return hostPortText(bound.address, bound.port);
}

export function hostPortText(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
