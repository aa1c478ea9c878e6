import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopQuietMs } from '../sockets/limits.ts';
import { eventually } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { portOf, SocketInputUnderTest } from '../testing/socket-input-under-test.ts';
import { createSyslogInput } from './syslog-input.ts';

const tcp = 'tcp://127.0.0.1:0';
const udp = 'udp://127.0.0.1:0';

async function sendUdp(address: string | undefined, messages: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const message of messages) {
    const sent = Promise.withResolvers<void>();
    socket.send(message, portOf(address ?? ''), '127.0.0.1', (error) => (error === null ? sent.resolve() : sent.reject(error)));
    await sent.promise;
  }
  socket.close();
  await once(socket, 'close');
}

async function allOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

suite('syslog', () => {
  test('records of connections, of either framing, in a stream of the sender', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], labels: { role: 'web' } });
    const first = await syslog.connect(address);
    first.write('<1>one\n6 <2>tw');
    await syslog.expect(['<1>one']);
    first.end('o<3>three');
    await syslog.expect(['<1>one', '<2>two', '<3>three']);
    const second = await syslog.connect(address);
    second.end('<4>four\n');
    await syslog.expect(['<1>one', '<2>two', '<3>three', '<4>four']);
    const [stream, ...others] = syslog.streams;
    assert.equal(others.length, 0);
    assert.deepEqual(stream?.attributes, {
      tenant: 'acme',
      type: 'syslog',
      host: 'here',
      encoding: 'utf-8',
      counted: true,
      labels: { site: 'one', role: 'web', 'source.address': '127.0.0.1' },
    });
    assert.equal(stream.overflow, 'block');
    assert.deepEqual(stream.cuts, [{ offset: '<1>one<2>two<3>three'.length, cause: 'end' }]);
  });

  test('datagrams of several senders', { skip: process.platform !== 'linux' }, async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: ['udp://127.0.0.1:0', 'udp://127.0.0.2:0'] });
    await sendUdp(address, ['<1>one\n', '<2>two']);
    await syslog.expect(['<1>one\n', '<2>two']);
    assert.deepEqual(
      syslog.streams.map(({ attributes, overflow }) => [attributes.labels['source.address'], overflow]),
      [['127.0.0.1', 'drop_newest']],
    );
  });

  test('a unix socket of either kind', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const path = syslog.path('log.sock');
    const [address] = await syslog.start({ listen: [`unix:${path}`], socket_mode: '0622' });
    assert.equal(statSync(path).mode & 0o777, 0o622);
    (await syslog.connect(address)).end('<1>one\n');
    await syslog.expect(['<1>one']);
    assert.equal(syslog.streams[0]?.attributes.labels['source.address'], undefined);
    assert.equal(syslog.streams[0]?.identity.path, `unix:${path}`);
    await syslog.stop();
    assert.throws(() => statSync(path), { code: 'ENOENT' });
  });

  test('what is on its way at the stop is taken, the streams are ended, and the next start has new ones', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [tcpAddress, udpAddress] = await syslog.start({ listen: [tcp, udp] });
    const socket = await syslog.connect(tcpAddress);
    const ended = once(socket, 'end');
    socket.resume();
    socket.write('<1>one\n<2>unfini');
    await syslog.expect(['<1>one']);
    await sendUdp(udpAddress, ['<3>three']);
    const stopped = syslog.stop();
    await ended;
    // The agent ended its half: what the sender had begun is still read.
    socket.end('shed\n');
    await stopped;
    assert.deepEqual(syslog.texts.toSorted(), ['<1>one', '<2>unfinished', '<3>three']);
    assert.ok(syslog.streams.every(({ ended: isEnded }) => isEnded));
    const before = syslog.streams.length;
    const [again] = await syslog.start({ listen: [tcp] });
    (await syslog.connect(again)).end('<4>four\n');
    await eventually('a new stream', () => syslog.streams.length === before + 1 && syslog.streams.at(-1)?.records === 1);
  });

  test('what came before the stop is taken also where the agent was too busy to read it in time', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp] });
    const socket = await syslog.connect(address);
    socket.write('<1>one\n');
    await syslog.expect(['<1>one']);
    const ended = once(socket, 'end');
    socket.resume();
    const stopped = syslog.stop();
    await ended;
    socket.write('<2>two\n');
    // Nobody has this thread for a while: the time of quiet is over before it is looked what came.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * stopQuietMs);
    await stopped;
    assert.deepEqual(syslog.texts, ['<1>one', '<2>two']);
  });

  test('connections that the agent had not come to accept at the stop are read too', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const path = `unix:${syslog.path('log.sock')}`;
    const [address = ''] = await syslog.start({ listen: [tcp, path] });
    // While they connect and write, this process, which is to accept them, does nothing.
    for (const target of [portOf(address), portOf(address), portOf(address), syslog.path('log.sock')]) {
      const script = `const socket = net.connect(${JSON.stringify(target)}, () => socket.write('<1>waiting\\n', () => process.exit()))`;
      execFileSync(process.execPath, ['-e', script]);
    }
    await syslog.stop();
    assert.deepEqual(syslog.texts, Array.from({ length: 4 }).fill('<1>waiting'));
  });

  test('a listener whose path cannot be removed is closed all the same, and told of', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const path = syslog.path('log.sock');
    const [address] = await syslog.start({ listen: [`unix:${path}`] });
    const socket = await syslog.connect(address);
    rmSync(path);
    mkdirSync(path);
    socket.write('<1>last\n');
    await assert.rejects(syslog.stop(), /log\.sock/);
    assert.deepEqual(syslog.texts, ['<1>last']);
    rmSync(path, { recursive: true });
  });

  test('a sender over TCP waits while there is no room, and nothing is lost', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp] });
    syslog.sink.setRoom(false);
    const socket = await syslog.connect(address);
    const line = `<1>${'x'.repeat(995)}\n`;
    let lines = 0;
    // Until the kernel takes no more: the socket's own buffer grows then.
    while (socket.writableLength < 4_000_000) {
      for (let count = 0; count < 500; count += 1, lines += 1) socket.write(line);
      await sleep(1);
    }
    const pushed = syslog.texts.length;
    assert.ok(pushed < lines);
    await sleep(20);
    assert.equal(syslog.texts.length, pushed, 'nothing more was read');
    syslog.sink.setRoom(true);
    socket.end();
    await eventually('all is pushed', () => syslog.texts.length === lines);
  });

  test('more connections than allowed are refused, and told of once', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], max_connections: 2 });
    const first = await syslog.connect(address);
    const second = await syslog.connect(address);
    first.write('<1>one\n');
    second.write('<2>two\n');
    await eventually('both are there', () => syslog.texts.length === 2);
    for (let count = 0; count < 2; count += 1) {
      const refused = await syslog.connect(address);
      refused.on('error', () => undefined);
      refused.on('end', () => refused.destroy());
      refused.resume();
      await once(refused, 'close');
    }
    assert.equal(syslog.eventsOf('sourceFailed').length, 1);
    first.end();
    await eventually('there is room again', async () => {
      (await syslog.connect(address)).end('<3>three\n');
      return syslog.texts.includes('<3>three');
    });
    assert.equal(syslog.eventsOf('sourceRecovered').length, 1);
  });

  test('only networks that are allowed are listened to', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [tcpAddress, udpAddress] = await syslog.start({ listen: [tcp, udp], allow_cidr: ['10.0.0.0/8'] });
    for (let count = 0; count < 2; count += 1) {
      const socket = await syslog.connect(tcpAddress);
      socket.on('error', () => undefined);
      socket.on('end', () => socket.destroy());
      socket.write('<1>no\n');
      socket.resume();
      await once(socket, 'close');
    }
    await sendUdp(udpAddress, ['<2>no', '<3>no']);
    await eventually('both are told of', () => syslog.eventsOf('sourceSkipped').length === 2);
    assert.deepEqual(
      syslog.eventsOf('sourceSkipped').map(([, path]) => path),
      [`${tcp} 127.0.0.1`, `${udp} 127.0.0.1`],
    );
    await syslog.stop();
    assert.deepEqual(syslog.texts, []);
  });

  test('beyond the most senders they share a stream; quiet ones are ended', { skip: process.platform !== 'linux' }, async () => {
    const clock = new ManualClock();
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [udp], max_senders: 1, sender_idle: 60_000 }, clock);
    const sendFrom = async (host: string, message: string): Promise<void> => {
      const socket = createSocket('udp4');
      socket.bind({ address: host });
      await once(socket, 'listening');
      const sent = Promise.withResolvers<void>();
      socket.send(message, portOf(address ?? ''), '127.0.0.1', () => sent.resolve());
      await sent.promise;
      socket.close();
      await eventually(`${message} is there`, () => syslog.texts.includes(message));
    };
    await sendFrom('127.0.0.1', 'a');
    await sendFrom('127.0.0.2', 'b');
    await sendFrom('127.0.0.3', 'c');
    await sendFrom('127.0.0.1', 'd');
    const labelsOf = (): unknown[] => syslog.streams.map(({ attributes: { labels }, texts, ended }) => [labels, texts, ended]);
    assert.deepEqual(labelsOf(), [
      [{ site: 'one', 'source.address': '127.0.0.1' }, ['a', 'd'], false],
      [{ site: 'one', 'source.shared': 'true' }, ['b', 'c'], false],
    ]);
    clock.advance(100_000);
    await eventually('quiet streams are ended', () => syslog.streams.every(({ ended }) => ended));
    await sendFrom('127.0.0.3', 'e');
    assert.deepEqual(labelsOf().at(-1), [{ site: 'one', 'source.address': '127.0.0.3' }, ['e'], false]);
    const stopping = syslog.stop();
    await eventually('it stops', () => {
      clock.advance(1000);
      return syslog.streams.every(({ ended }) => ended);
    });
    await stopping;
  });

  test('a silent connection is closed only where it is asked for', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], idle_timeout: 50 });
    const socket = await syslog.connect(address);
    socket.write('<1>unfinished');
    socket.resume();
    await once(socket, 'end');
    await syslog.expect(['<1>unfinished']);
  });

  test('the bytes that a message announced and that did not come are counted', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp] });
    (await syslog.connect(address)).end('10 <1>ab');
    await syslog.expect(['<1>ab']);
    await eventually('it is told', () => syslog.eventsOf('lost').length === 1);
    assert.deepEqual(syslog.eventsOf('lost')[0]?.[2], { cause: 'connection-ended', bytes: 5, records: 0 });
  });

  test('a stream that was replaced goes on as the other one', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp] });
    const socket = await syslog.connect(address);
    socket.write('<1>one\n');
    await syslog.expect(['<1>one']);
    await syslog.sink.replace(syslog.streams[0]?.streamId ?? '');
    socket.write('<2>two\n');
    await syslog.expect(['<1>one', '<2>two']);
    assert.deepEqual(
      syslog.streams.map(({ start }) => start),
      [0, 1],
    );
  });

  test('what filters leave out has no position, and is counted', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const filters = { include: [], exclude: ['debug'] };
    const [address] = await syslog.start({ listen: [tcp], filters, max_message_bytes: 10 });
    (await syslog.connect(address)).end('<1>a\n<1>debug\n<1>b long one\n<1>c\n');
    await syslog.expect(['<1>a', '<1>b long ', 'one', '<1>c']);
    assert.deepEqual(syslog.streams[0]?.cuts, [{ offset: 14, cause: 'too-long' }]);
    assert.deepEqual(syslog.eventsOf('filtered')[0]?.[2], { excluded: 1, sampledOut: 0, redacted: 0 });
  });

  test('an address that is taken is told of and tried again; the others go on', async () => {
    await using first = new SocketInputUnderTest(createSyslogInput);
    const [taken = '', takenUdp = ''] = await first.start({ listen: [tcp, udp] });
    await using second = new SocketInputUnderTest(createSyslogInput);
    const clock = new ManualClock();
    const free = `unix:${second.path('log.sock')}`;
    const starting = second.start({ listen: [free, taken, takenUdp, udp] }, clock);
    await eventually('both troubles are told of', () => second.eventsOf('sourceFailed').length === 2);
    assert.deepEqual(
      second.eventsOf('sourceFailed').map(([, path]) => path),
      [takenUdp, taken],
    );
    (await second.connect(free)).end('<1>one\n');
    await sendUdp(String(second.eventsOf('listening').find(([, , address]) => String(address).startsWith('udp'))?.[2]), [
      '<2>two',
    ]);
    await eventually('both are taken', () => second.texts.length === 2);
    await first.stop();
    await eventually('it listens everywhere', () => {
      clock.advance(1000);
      return second.eventsOf('listening').length === 4;
    });
    const addresses = await starting;
    (await second.connect(addresses[1])).end('<3>three\n');
    await sendUdp(addresses[2], ['<4>four']);
    await eventually('these are taken too', () => second.texts.length === 4);
    assert.deepEqual(
      second.eventsOf('sourceRecovered').map(([, path]) => path),
      [takenUdp, taken],
    );
    const stopping = second.stop();
    await eventually('it stops', () => {
      clock.advance(1000);
      return second.input?.sources().length === 0;
    });
    await stopping;
  });

  test('a port that sockets share is not shared with another agent', { skip: process.platform !== 'linux' }, async () => {
    await using first = new SocketInputUnderTest(createSyslogInput);
    const [address = ''] = await first.start({ listen: [udp], sockets: 1 });
    const port = portOf(address);
    await first.stop();
    const listen = [`udp://127.0.0.1:${port}`];
    await first.start({ listen, sockets: 2 });
    await using second = new SocketInputUnderTest(createSyslogInput);
    const starting = second.start({ listen, sockets: 2 });
    await eventually('it is told', () => second.eventsOf('sourceFailed').length === 1);
    await first.stop();
    await starting;
  });

  test('a sender that the agent itself does not read is not silent', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], idle_timeout: 1000 });
    syslog.sink.setRoom(false);
    const socket = await syslog.connect(address);
    const line = `<1>${'x'.repeat(995)}\n`;
    for (let count = 0; count < 1000; count += 1) socket.write(line);
    await eventually('the first are pushed', () => syslog.texts.length > 0);
    await sleep(1800);
    syslog.sink.setRoom(true);
    await eventually('all are pushed', () => syslog.texts.length === 1000);
    socket.resume();
    await once(socket, 'end');
  });
});

suite('confirm', () => {
  test('a sender is answered when all it sent is durable, and not before', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], confirm: true });
    const other = await syslog.connect(address);
    other.write('<1>zero\n');
    await syslog.expect(['<1>zero']);
    const streamId = syslog.streams[0]?.streamId ?? '';
    syslog.sink.stored.set(streamId, 1);
    const socket = await syslog.connect(address);
    socket.end('<1>one\n<2>two\n');
    const answer = allOf(socket);
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    await syslog.expect(['<1>zero', '<1>one', '<2>two']);
    other.write('<1>three\n');
    await syslog.expect(['<1>zero', '<1>one', '<2>two', '<1>three']);
    syslog.sink.stored.set(streamId, 2);
    await sleep(50);
    assert.equal(isAnswered, false);
    syslog.sink.stored.set(streamId, 3);
    assert.equal(await answer, 'OK 2\n');
  });

  test('an agent that stops does not confirm what is not durable', async () => {
    await using syslog = new SocketInputUnderTest(createSyslogInput);
    const [address] = await syslog.start({ listen: [tcp], confirm: true });
    const socket = await syslog.connect(address);
    socket.write('<1>one\n');
    await syslog.expect(['<1>one']);
    syslog.sink.stored.set(syslog.streams[0]?.streamId ?? '', 0);
    socket.end();
    const answer = allOf(socket);
    await syslog.stop();
    assert.equal(await answer, '');
  });
});
