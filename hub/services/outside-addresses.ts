/**
 * Where a service is asked: at every address that its name has, but not on the loopback. One whose name stands for this machine's loopback
 * may be open all the same, when it listens everywhere: it is asked at this machine's other addresses.
 */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import { addressesMax, askDeadlineMs } from './limits.ts';

/** None where the name means nothing. */
export async function outsideAddresses(host: string): Promise<readonly string[]> {
  const found = await within(lookup(host, { all: true }), askDeadlineMs);
  const named = (found ?? []).map(({ address }) => address);
  const outside = named.filter((address) => !isHere(address));
  return [...new Set([...outside, ...(outside.length < named.length ? ownAddresses() : [])])].slice(0, addressesMax);
}

/** The system connects to the loopback where no address is meant. */
function isHere(address: string): boolean {
  return isLoopbackHost(address.replace(/^::ffff:/, '')) || address === '0.0.0.0' || address === '::';
}

/** Those of a link alone say nothing without its name. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses = []) => addresses)
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
}

async function within<Result>(asked: Promise<Result>, ms: number): Promise<Result | undefined> {
  const settled = new AbortController();
  const late = sleep(ms, undefined, { signal: settled.signal }).catch(() => undefined);
  const result = await Promise.race([asked.catch(() => undefined), late]);
  settled.abort();
  return result;
}
