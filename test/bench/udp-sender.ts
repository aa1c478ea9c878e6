/**
 * Sends syslog messages over UDP at a steady rate, as a program of its own: `udp-sender.ts PORT RATE SECONDS SOURCES`. Many a system
 * call, as whatever sends must be faster than whatever receives. Each message says which one it is. Prints what it did, as JSON.
 */
import { addressOf } from '@tributary/shared/ffi/linux/libc.ts';
import { closeSocket, openUdpSocket } from '@tributary/shared/ffi/linux/socket.ts';
import { loadFfi } from '@tributary/shared/ffi/quiet-ffi.ts';

const messages = 64;
const headerBytes = 64;
/** Between sends; a rate of 500,000 a second comes in bursts of 100. */
const pauseMs = 0.2;

const head = '<134>1 2026-11-21T10:00:00.000Z web1 haproxy 1234 - - ';
const text =
  '10.1.2.3:51234 [21/Nov/2026:10:00:00.000] http-in app/web2 0/0/1/12/13 200 1523 - - ---- 5/5/1/1/0 0/0 "GET /api/v1/items HTTP/1.1"';
const counterDigits = 10;
const message = Buffer.from(`${head}${'0'.repeat(counterDigits)} ${text}`);

const { functions } = loadFfi().dlopen(null, {
  sendmmsg: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
});

/** One socket's messages: only their counters change. */
class Source {
  readonly #fd = openUdpSocket({ address: '127.0.0.1', port: 0, reusePort: false });
  readonly #headers = new ArrayBuffer(messages * headerBytes);
  readonly #memory: ArrayBuffer[] = [this.#headers];
  readonly #bytes: Buffer;

  constructor(port: number) {
    const data = this.#allocate(messages * message.length);
    const vectors = this.#allocate(messages * 16);
    const name = this.#allocate(128);
    const address = new DataView(name);
    address.setUint16(0, 2, true);
    address.setUint16(2, port);
    address.setUint32(4, 0x7f000001);
    this.#bytes = Buffer.from(data);
    const header = new DataView(this.#headers);
    const vector = new DataView(vectors);
    for (let index = 0; index < messages; index += 1) {
      message.copy(this.#bytes, index * message.length);
      vector.setBigUint64(index * 16, addressOf(data) + BigInt(index * message.length), true);
      vector.setBigUint64(index * 16 + 8, BigInt(message.length), true);
      header.setBigUint64(index * headerBytes, addressOf(name), true);
      header.setUint32(index * headerBytes + 8, 16, true);
      header.setBigUint64(index * headerBytes + 16, addressOf(vectors) + BigInt(index * 16), true);
      header.setBigUint64(index * headerBytes + 24, 1n, true);
    }
  }

  /** Sends at most `count` messages that are numbered from `first`; returns how many went. */
  send(first: number, count: number): number {
    const wanted = Math.min(count, messages);
    for (let index = 0; index < wanted; index += 1) {
      let number = first + index;
      const at = index * message.length + head.length;
      for (let digit = counterDigits - 1; digit >= 0; digit -= 1) {
        this.#bytes[at + digit] = 48 + (number % 10);
        number = Math.floor(number / 10);
      }
    }
    return Math.max(0, functions.sendmmsg(this.#fd, this.#headers, wanted, 0));
  }

  close(): void {
    closeSocket(this.#fd);
  }

  #allocate(bytes: number): ArrayBuffer {
    const memory = new ArrayBuffer(Math.max(bytes, 128));
    this.#memory.push(memory);
    return memory;
  }
}

const [port = 0, rate = 0, seconds = 0, sources = 1] = process.argv.slice(2).map(Number);
const open = Array.from({ length: sources }, () => new Source(port));
const sleeping = new Int32Array(new SharedArrayBuffer(4));
const total = Math.round(rate * seconds);
const startMs = performance.now();
let sent = 0;
for (let turn = 0; sent < total; turn += 1) {
  const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * rate));
  if (due <= sent) Atomics.wait(sleeping, 0, 0, pauseMs);
  else sent += open[turn % open.length]?.send(sent, due - sent) ?? 0;
}
const tookSeconds = (performance.now() - startMs) / 1000;
for (const source of open) source.close();
process.stdout.write(`${JSON.stringify({ sent, seconds: tookSeconds, messageBytes: message.length })}\n`);
