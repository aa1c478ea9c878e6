/**
 * Takes many datagrams from a socket with one system call, recvmmsg(2). Each comes into a slot of its own; what it returned holds
 * until the next call. Layouts: struct mmsghdr and iovec of 64-bit Linux.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { addressFamilyIPv4, addressFamilyIPv6 } from './address-families.ts';
import { addressOf, checked, lastError, libc } from './libc.ts';

const messageHeaderBytes = 64;
const nameAt = 0;
const nameLengthAt = 8;
const vectorAt = 16;
const vectorCountAt = 24;
const receivedAt = 56;
const vectorBytes = 16;
const nameBytes = 32;

const flagDoNotWait = 0x40;
/** The length that comes back is that of the datagram, even if the slot was too small for it. */
const flagWholeLength = 0x20;

/** Slots begin on different cache lines of a set: without it, neighbours at 64 KiB would push each other out. */
const slotGapBytes = 192;

export interface DatagramReceiverOptions {
  readonly fd: number;
  readonly slots: number;
  readonly slotBytes: number;
}

export class DatagramReceiver {
  readonly fd: number;
  /** Where the slots are, each at `offsetOf(index)`. */
  readonly bytes: Buffer;
  readonly slotBytes: number;
  readonly #slots: number;
  readonly #strideBytes: number;
  readonly #headers: ArrayBuffer;
  readonly #view: DataView;
  /** Their addresses are in the headers: held here so that they stay. */
  readonly #vectors: ArrayBuffer;
  readonly #names: ArrayBuffer;
  readonly #nameView: DataView;

  constructor({ fd, slots, slotBytes }: DatagramReceiverOptions) {
    this.fd = fd;
    this.slotBytes = slotBytes;
    this.#slots = slots;
    this.#strideBytes = slotBytes + slotGapBytes;
    const data = new ArrayBuffer(slots * this.#strideBytes);
    this.bytes = Buffer.from(data);
    this.#vectors = new ArrayBuffer(Math.max(slots * vectorBytes, 128));
    this.#names = new ArrayBuffer(Math.max(slots * nameBytes, 128));
    this.#nameView = new DataView(this.#names);
    this.#headers = new ArrayBuffer(slots * messageHeaderBytes);
    this.#view = new DataView(this.#headers);
    const vectors = new DataView(this.#vectors);
    for (let index = 0; index < slots; index += 1) {
      vectors.setBigUint64(index * vectorBytes, addressOf(data) + BigInt(this.offsetOf(index)), true);
      vectors.setBigUint64(index * vectorBytes + 8, BigInt(slotBytes), true);
      const header = index * messageHeaderBytes;
      this.#view.setBigUint64(header + nameAt, addressOf(this.#names) + BigInt(index * nameBytes), true);
      this.#view.setBigUint64(header + vectorAt, addressOf(this.#vectors) + BigInt(index * vectorBytes), true);
      this.#view.setBigUint64(header + vectorCountAt, 1n, true);
    }
  }

  /** Takes what is there, at most one datagram per slot, and waits for none. Returns how many. */
  receive(): number {
    this.#freeNames();
    const count = libc().recvmmsg(this.fd, this.#headers, this.#slots, flagDoNotWait | flagWholeLength, 0n);
    if (count >= 0) return count;
    const error = lastError('recvmmsg');
    if (error.code === 'EAGAIN' || error.code === 'EINTR') return 0;
    throw error;
  }

  offsetOf(index: number): number {
    return index * this.#strideBytes;
  }

  /** Length of the datagram as it was sent: beyond `slotBytes` it was cut off. */
  lengthOf(index: number): number {
    return this.#view.getUint32(index * messageHeaderBytes + receivedAt, true);
  }

  /** A number that senders of other addresses do not have; undefined when an address needs `senderOf`. */
  senderKey(index: number): number | undefined {
    const at = index * nameBytes;
    return this.#nameView.getUint16(at, true) === addressFamilyIPv4 ? this.#nameView.getUint32(at + 4) : undefined;
  }

  /** Address of the sender, without its port; '' when it has none (a unix socket). */
  senderOf(index: number): string {
    const at = index * nameBytes;
    const family = this.#nameView.getUint16(at, true);
    const bytes = new Uint8Array(this.#names, at, nameBytes);
    if (family === addressFamilyIPv4) return bytes.subarray(4, 8).join('.');
    if (family === addressFamilyIPv6) return ipv6Text(this.#nameView, at + 8);
    return '';
  }

  /** Each call writes the lengths of the names that came; the next may have longer ones. */
  #freeNames(): void {
    for (let index = 0; index < this.#slots; index += 1) {
      this.#view.setUint32(index * messageHeaderBytes + nameLengthAt, nameBytes, true);
    }
  }
}

/** Waits until one of the descriptors can be read, at most `timeoutMs`. */
export class ReadinessPoll {
  readonly #entries: ArrayBuffer;
  readonly #count: number;

  constructor(fds: readonly number[]) {
    this.#count = fds.length;
    this.#entries = new ArrayBuffer(Math.max(fds.length * 8, 128));
    const view = new DataView(this.#entries);
    fds.forEach((fd, index) => {
      view.setInt32(index * 8, fd, true);
      view.setInt16(index * 8 + 4, 1, true);
    });
  }

  /** False when the time was over, or a signal came. */
  wait(timeoutMs: number): boolean {
    const ready = libc().poll(this.#entries, BigInt(this.#count), Math.ceil(timeoutMs));
    if (ready >= 0) return ready > 0;
    const error = lastError('poll');
    if (error.code === 'EINTR') return false;
    throw error;
  }
}

/** A descriptor by which one thread wakes another that polls it. Several wakes before it is cleared are one. */
export class Waker implements Disposable {
  readonly fd: number;
  readonly #isOwner: boolean;

  private constructor(fd: number, isOwner: boolean) {
    this.fd = fd;
    this.#isOwner = isOwner;
  }

  static open(): Waker {
    const closeOnExec = 0o2000000;
    const nonBlocking = 0o4000;
    return new Waker(checked('eventfd', libc().eventfd(0, closeOnExec | nonBlocking)), true);
  }

  /** The same descriptor in another thread. */
  static of(fd: number): Waker {
    return new Waker(fd, false);
  }

  wake(): void {
    writeSync(this.fd, new BigUint64Array([1n]));
  }

  clear(): void {
    try {
      readSync(this.fd, new BigUint64Array(1));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isOwner) closeSync(this.fd);
  }
}

function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + index * 2).toString(16));
  // The URL parser writes the shortest form.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
