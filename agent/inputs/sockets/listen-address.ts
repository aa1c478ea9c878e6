/** Where an input listens: `udp://127.0.0.1:5514`, `tcp://[::1]:601`, `unix:/run/log.sock` (stream), `unix-dgram:/run/log.sock`. */
import { isIP, isIPv6 } from 'node:net';

export interface NetworkAddress {
  readonly scheme: 'udp' | 'tcp';
  /** A numeric address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface UnixAddress {
  readonly scheme: 'unix' | 'unix-dgram';
  readonly path: string;
}

export type ListenAddress = NetworkAddress | UnixAddress;
export type DatagramAddress = (NetworkAddress & { readonly scheme: 'udp' }) | (UnixAddress & { readonly scheme: 'unix-dgram' });
export type StreamAddress = (NetworkAddress & { readonly scheme: 'tcp' }) | (UnixAddress & { readonly scheme: 'unix' });

const networkPattern = /^(udp|tcp):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/;
const unixPattern = /^(unix|unix-dgram):(\/.+)$/;
/** Of sun_path, less the byte that ends it. */
const pathBytesMax = 107;

/** Undefined when the text is no such address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const unix = unixPattern.exec(text);
  if (unix !== null) {
    const [, scheme, path = ''] = unix;
    if (Buffer.byteLength(path) > pathBytesMax || path.includes('\0')) return undefined;
    return { scheme: scheme === 'unix' ? 'unix' : 'unix-dgram', path };
  }
  const [, scheme, ipv6, ipv4, digits] = networkPattern.exec(text) ?? [];
  const host = ipv6 ?? ipv4 ?? '';
  const port = Number(digits);
  if (isIP(host) === 0 || isIPv6(host) !== (ipv6 !== undefined) || port > 65_535) return undefined;
  return { scheme: scheme === 'udp' ? 'udp' : 'tcp', host, port };
}

export function formatListenAddress(address: ListenAddress): string {
  if ('path' in address) return `${address.scheme}:${address.path}`;
  const { scheme, host, port } = address;
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** True of what only this machine can reach. */
export function isLocalAddress(address: ListenAddress): boolean {
  if ('path' in address) return true;
  if (!isIPv6(address.host)) return address.host.startsWith('127.');
  return new URL(`http://[${address.host}]`).hostname === '[::1]';
}

export function isStreamAddress(address: ListenAddress): address is StreamAddress {
  return !isDatagramAddress(address);
}

export function isDatagramAddress(address: ListenAddress): address is DatagramAddress {
  return address.scheme === 'udp' || address.scheme === 'unix-dgram';
}
