/**
 * Datagram sockets of Linux, as file descriptors: Node has no unix datagram sockets, and its UDP sockets hand over one datagram at a
 * time. Layouts: sockaddr_in, sockaddr_in6 (netinet/in.h), sockaddr_un (sys/un.h).
 */
import { closeSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { addressFamilyIPv4, addressFamilyIPv6 } from './address-families.ts';
import { checked, libc } from './libc.ts';

const addressFamilyUnix = 1;
const socketDatagram = 2;
const socketNonBlocking = 0o4000;
const socketCloseOnExec = 0o2000000;

const levelSocket = 1;
const optionReceiveBuffer = 8;
const optionReusePort = 15;
const optionReceiveBufferForce = 33;
const optionMemoryInfo = 55;
const levelIPv6 = 41;
const optionIPv6Only = 26;

/** Words of what SO_MEMINFO answers (linux/sock_diag.h); the last is the count of drops. */
const memoryInfoWords = 9;
const memoryInfoDrops = 8;

const unixPathBytesMax = 107;

export interface UdpSocketOptions {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Several sockets share the port; each datagram comes to one of them, those of one sender to the same. */
  readonly reusePort: boolean;
}

/** Bound, and never waiting. The caller closes it. */
export function openUdpSocket({ address, port, reusePort }: UdpSocketOptions): number {
  const family = isIPv6(address) ? addressFamilyIPv6 : addressFamilyIPv4;
  return openSocket(family, (fd) => {
    if (family === addressFamilyIPv6) setOption(fd, { level: levelIPv6, option: optionIPv6Only, value: 1 });
    if (reusePort) setOption(fd, { level: levelSocket, option: optionReusePort, value: 1 });
    bind(fd, family === addressFamilyIPv6 ? ipv6Address(address, port) : ipv4Address(address, port));
  });
}

/** Bound to a path that must not exist yet, and never waiting. The caller closes it and removes the path. */
export function openUnixDatagramSocket(path: string): number {
  const bytes = Buffer.from(path);
  if (bytes.length > unixPathBytesMax) throw new RangeError(`the path of a unix socket has at most 107 bytes: ${path}`);
  const address = Buffer.from(new ArrayBuffer(2 + unixPathBytesMax + 1));
  address.writeUInt16LE(addressFamilyUnix, 0);
  bytes.copy(address, 2);
  return openSocket(addressFamilyUnix, (fd) => bind(fd, address));
}

export function closeSocket(fd: number): void {
  closeSync(fd);
}

/** The port that the system chose. */
export function boundPort(fd: number): number {
  const address = new DataView(new ArrayBuffer(128));
  const length = new Uint32Array(new ArrayBuffer(128));
  length[0] = address.byteLength;
  checked('getsockname', libc().getsockname(fd, address, length));
  return address.getUint16(2);
}

/**
 * Asks for a receive buffer of this size, beyond the system's limit where the process may (CAP_NET_ADMIN). Returns the size that it
 * has now: the kernel doubles what is asked for, as its bookkeeping is counted too.
 */
export function setReceiveBuffer(fd: number, bytes: number): number {
  try {
    setOption(fd, { level: levelSocket, option: optionReceiveBufferForce, value: bytes });
  } catch {
    setOption(fd, { level: levelSocket, option: optionReceiveBuffer, value: bytes });
  }
  return readOption(fd, optionReceiveBuffer, 1)[0] ?? 0;
}

/** Datagrams that the kernel dropped because the receive buffer was full, since the socket was opened. Wraps at 2^32. */
export function droppedByKernel(fd: number): number {
  return readOption(fd, optionMemoryInfo, memoryInfoWords)[memoryInfoDrops] ?? 0;
}

function openSocket(family: number, setUp: (fd: number) => void): number {
  const fd = checked('socket', libc().socket(family, socketDatagram | socketNonBlocking | socketCloseOnExec, 0));
  try {
    setUp(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function bind(fd: number, address: Buffer): void {
  checked('bind', libc().bind(fd, address, address.length));
}

function setOption(fd: number, { level, option, value }: { level: number; option: number; value: number }): void {
  const buffer = new ArrayBuffer(128);
  new DataView(buffer).setInt32(0, value, true);
  checked('setsockopt', libc().setsockopt(fd, level, option, buffer, 4));
}

function readOption(fd: number, option: number, words: number): Uint32Array {
  const value = new Uint32Array(new ArrayBuffer(128), 0, words);
  const length = new Uint32Array(new ArrayBuffer(128), 0, 1);
  length[0] = value.byteLength;
  checked('getsockopt', libc().getsockopt(fd, levelSocket, option, value, length));
  return value;
}

function ipv4Address(address: string, port: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(16));
  bytes.writeUInt16LE(addressFamilyIPv4, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

function ipv6Address(address: string, port: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(28));
  bytes.writeUInt16LE(addressFamilyIPv6, 0);
  bytes.writeUInt16BE(port, 2);
  ipv6Groups(address).forEach((group, index) => bytes.writeUInt16BE(group, 8 + index * 2));
  return bytes;
}

/** The eight groups of an address that is known to be valid. */
function ipv6Groups(address: string): number[] {
  // The URL parser writes an IPv4 tail as two groups.
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = host.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
