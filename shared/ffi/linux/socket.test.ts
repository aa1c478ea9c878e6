import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { libc } from './libc.ts';
import { DatagramReceiver, ReadinessPoll, Waker } from './datagram-receiver.ts';
import {
  boundPort,
  closeSocket,
  droppedByKernel,
  openUdpSocket,
  openUnixDatagramSocket,
  setReceiveBuffer,
  type UdpSocketOptions,
} from './socket.ts';

const waitMs = 5000;

suite('datagram sockets of Linux', { skip: process.platform !== 'linux' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockets-'));
  after(() => rmSync(folder, { recursive: true }));

  /** A socket bound to a free port, with what it received so far. */
  function openReceiver(options: Partial<UdpSocketOptions> = {}, slotBytes = 2048): Disposable & { receiver: DatagramReceiver } {
    const fd = openUdpSocket({ address: '127.0.0.1', port: 0, reusePort: false, ...options });
    return { receiver: new DatagramReceiver({ fd, slots: 4, slotBytes }), [Symbol.dispose]: () => closeSocket(fd) };
  }

  async function send(type: 'udp4' | 'udp6', port: number, messages: readonly string[]): Promise<void> {
    const socket = createSocket(type);
    for (const message of messages) {
      const sent = Promise.withResolvers<void>();
      const address = type === 'udp6' ? '::1' : '127.0.0.1';
      socket.send(message, port, address, (error) => (error === null ? sent.resolve() : sent.reject(error)));
      await sent.promise;
    }
    socket.close();
    await once(socket, 'close');
  }

  function textsOf(receiver: DatagramReceiver, count: number): string[] {
    return Array.from({ length: count }, (_, index) => {
      const from = receiver.offsetOf(index);
      return receiver.bytes.toString('latin1', from, from + Math.min(receiver.lengthOf(index), receiver.slotBytes));
    });
  }

  test('several datagrams come with one call, each with its sender', async () => {
    using open = openReceiver();
    const { receiver } = open;
    assert.equal(receiver.receive(), 0);
    await send('udp4', boundPort(receiver.fd), ['one', '', 'three', 'four', 'five']);
    assert.equal(new ReadinessPoll([receiver.fd]).wait(waitMs), true);
    assert.equal(receiver.receive(), 4);
    assert.deepEqual(textsOf(receiver, 4), ['one', '', 'three', 'four']);
    assert.equal(receiver.senderOf(0), '127.0.0.1');
    assert.equal(receiver.senderKey(0), 0x7f000001);
    assert.equal(receiver.receive(), 1);
    assert.deepEqual(textsOf(receiver, 1), ['five']);
    assert.equal(new ReadinessPoll([receiver.fd]).wait(0), false);
  });

  test('of a datagram that is too long for its slot the whole length is told', async () => {
    using open = openReceiver({}, 4);
    await send('udp4', boundPort(open.receiver.fd), ['much too long', 'fits']);
    assert.equal(open.receiver.receive(), 2);
    assert.deepEqual([open.receiver.lengthOf(0), open.receiver.lengthOf(1)], [13, 4]);
    assert.deepEqual(textsOf(open.receiver, 2), ['much', 'fits']);
  });

  test('IPv6', async (context) => {
    let open: ReturnType<typeof openReceiver>;
    try {
      open = openReceiver({ address: '::1' });
    } catch (error) {
      context.skip(String(error));
      return;
    }
    await send('udp6', boundPort(open.receiver.fd), ['six']);
    assert.equal(open.receiver.receive(), 1);
    assert.equal(open.receiver.senderOf(0), '::1');
    assert.equal(open.receiver.senderKey(0), undefined);
    open[Symbol.dispose]();
  });

  test('what does not fit the receive buffer is dropped and counted', async () => {
    using open = openReceiver();
    const { fd } = open.receiver;
    assert.ok(setReceiveBuffer(fd, 4096) >= 4096);
    assert.equal(droppedByKernel(fd), 0);
    const message = 'x'.repeat(1000);
    await send(
      'udp4',
      boundPort(fd),
      Array.from({ length: 100 }, () => message),
    );
    let received = 0;
    for (let count = open.receiver.receive(); count > 0; count = open.receiver.receive()) received += count;
    assert.ok(received > 0 && received < 100);
    assert.equal(droppedByKernel(fd), 100 - received);
  });

  test('a port that is taken is an error, unless both share it', () => {
    using first = openReceiver({ reusePort: true });
    const port = boundPort(first.receiver.fd);
    using second = openReceiver({ reusePort: true, port });
    assert.equal(boundPort(second.receiver.fd), port);
    assert.throws(() => openReceiver({ port }), { code: 'EADDRINUSE', syscall: 'bind' });
  });

  test('a unix datagram socket', () => {
    const path = join(folder, 'log.sock');
    const fd = openUnixDatagramSocket(path);
    const receiver = new DatagramReceiver({ fd, slots: 2, slotBytes: 2048 });
    assert.equal(receiver.receive(), 0);
    assert.throws(() => openUnixDatagramSocket(path), { code: 'EADDRINUSE' });
    assert.throws(() => openUnixDatagramSocket(join(folder, 'x'.repeat(200))), RangeError);
    closeSocket(fd);
  });

  test('a poll ends when it is woken', () => {
    using waker = Waker.open();
    const poll = new ReadinessPoll([waker.fd]);
    assert.equal(poll.wait(0), false);
    Waker.of(waker.fd).wake();
    waker.wake();
    assert.equal(poll.wait(waitMs), true);
    waker.clear();
    waker.clear();
    assert.equal(poll.wait(0), false);
  });

  test('the error number is that of the call before', () => {
    assert.equal(libc().socket(-1, 0, 0), -1);
    assert.equal(libc().errorNumber(), 97);
  });
});
