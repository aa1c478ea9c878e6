import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { eventually } from '../testing/input-under-test.ts';
import type { DatagramBlock, DatagramLoss, DatagramSource, DatagramSourceOptions } from './datagrams.ts';
import { blocksMax } from './limits.ts';
import { openThreadDatagrams } from './linux/thread-datagrams.ts';
import type { DatagramAddress } from './listen-address.ts';
import { openNodeDatagrams } from './node-datagrams.ts';

const loopback: DatagramAddress = { scheme: 'udp', host: '127.0.0.1', port: 0 };

interface Received {
  readonly sender: string;
  readonly text: string;
  readonly isPartial: boolean;
}

/** A source with everything it handed over. */
class SourceUnderTest implements AsyncDisposable {
  readonly records: Received[] = [];
  readonly losses: DatagramLoss[] = [];
  readonly failures: Error[] = [];
  readonly held: DatagramBlock[] = [];
  holds = false;
  blocks = 0;
  #source: DatagramSource | undefined;

  async open(
    open: (options: DatagramSourceOptions) => Promise<DatagramSource>,
    given: Partial<DatagramSourceOptions>,
  ): Promise<void> {
    this.#source = await open({
      addresses: [loopback],
      sockets: 1,
      recordBytesMax: 65_536,
      receiveBufferBytes: 4_000_000,
      socketMode: 0o600,
      clock: systemClock,
      handlers: {
        onBlock: (block) => this.#take(block),
        onLost: (loss) => void this.losses.push(loss),
        onFailed: (error) => void this.failures.push(error),
      },
      ...given,
    });
  }

  get port(): number {
    const [address] = this.#source?.addresses ?? [];
    assert(address?.scheme === 'udp');
    return address.port;
  }

  get texts(): string[] {
    return this.records.map(({ text }) => text);
  }

  releaseHeld(): void {
    for (const block of this.held.splice(0)) block.release();
  }

  async stop(): Promise<void> {
    await this.#source?.stop();
    this.#source = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #take(block: DatagramBlock): void {
    this.blocks += 1;
    const content = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length);
    let at = 0;
    for (const { sender, lengths, cuts, bytes } of block.runs) {
      const ends = new Set(cuts.map(({ offset }) => offset));
      let offset = 0;
      for (const length of lengths) {
        const text = content.toString('latin1', at + offset, at + offset + length);
        offset += length;
        this.records.push({ sender, text, isPartial: ends.has(offset) });
      }
      assert.equal(offset, bytes);
      at += bytes;
    }
    if (this.holds) this.held.push(block);
    else block.release();
  }
}

async function send(port: number, messages: readonly (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const message of messages) {
    const sent = Promise.withResolvers<void>();
    socket.send(message, port, '127.0.0.1', (error) => (error === null ? sent.resolve() : sent.reject(error)));
    await sent.promise;
  }
  socket.close();
  await once(socket, 'close');
}

const kinds = { 'by Node': openNodeDatagrams, 'by threads': openThreadDatagrams };

for (const [kind, open] of Object.entries(kinds)) {
  const isLinuxOnly = open === openThreadDatagrams;
  suite(`datagrams ${kind}`, { skip: isLinuxOnly && process.platform !== 'linux' }, () => {
    test('many sockets are no warning', async () => {
      const warnings: string[] = [];
      const warned = (warning: Error): void => void warnings.push(warning.message);
      process.on('warning', warned);
      await using source = new SourceUnderTest();
      await source.open(open, { sockets: 12 });
      await send(source.port, ['one']);
      await eventually('it came', () => source.records.length === 1);
      await source.stop();
      process.off('warning', warned);
      assert.deepEqual(warnings, []);
    });

    test('each datagram is a record of its sender, in order; an empty one is none', async () => {
      await using source = new SourceUnderTest();
      await source.open(open, {});
      await send(source.port, ['<13>one', '', 'two\n', Buffer.from([0, 255, 10, 0])]);
      await eventually('all came', () => source.records.length === 3);
      assert.deepEqual(source.texts, ['<13>one', 'two\n', '\0\xff\n\0']);
      assert.ok(source.records.every(({ sender, isPartial }) => sender === '127.0.0.1' && !isPartial));
    });

    test('a long one is cut into records that are marked partial', async () => {
      await using source = new SourceUnderTest();
      await source.open(open, { recordBytesMax: 1000 });
      await send(source.port, ['a'.repeat(1000), 'b'.repeat(2500)]);
      await eventually('all came', () => source.records.length === 4);
      assert.deepEqual(
        source.records.map(({ text, isPartial }) => [text.length, isPartial]),
        [
          [1000, false],
          [1000, true],
          [1000, true],
          [500, false],
        ],
      );
    });

    test('the longest datagram there is arrives whole', async () => {
      await using source = new SourceUnderTest();
      await source.open(open, {});
      await send(source.port, ['x'.repeat(65_507)]);
      await eventually('it came', () => source.records.length === 1);
      assert.equal(source.texts[0]?.length, 65_507);
    });

    test('a port that is taken is an error, and nothing stays open', async () => {
      await using source = new SourceUnderTest();
      await source.open(open, {});
      const address: DatagramAddress = { ...loopback, port: source.port };
      await assert.rejects(new SourceUnderTest().open(open, { addresses: [loopback, address] }), { code: 'EADDRINUSE' });
    });
  });
}

suite('datagrams by threads, on Linux', { skip: process.platform !== 'linux' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'datagrams-'));
  after(() => rmSync(folder, { recursive: true }));

  test('what came before the stop is handed over by it', async () => {
    await using source = new SourceUnderTest();
    await source.open(openThreadDatagrams, {});
    const messages = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    await send(source.port, messages);
    await source.stop();
    assert.deepEqual(source.texts, messages);
    assert.deepEqual(source.failures, []);
  });

  test('while nobody gives blocks back the kernel holds what comes, and counts what it cannot', async () => {
    await using source = new SourceUnderTest();
    await source.open(openThreadDatagrams, { receiveBufferBytes: 400_000 });
    source.holds = true;
    const message = Buffer.alloc(60_000, 'x');
    let sent = 0;
    await eventually('all blocks are taken', async () => {
      await send(source.port, [message]);
      sent += 1;
      return source.held.length === blocksMax;
    });
    await send(
      source.port,
      Array.from({ length: 50 }, () => message),
    );
    sent += 50;
    source.holds = false;
    source.releaseHeld();
    await source.stop();
    const lost = source.losses.reduce((count, { records }) => count + records, 0);
    assert.ok(lost > 0);
    assert.ok(source.losses.every(({ cause }) => cause === 'socket-full'));
    assert.equal(source.records.length + lost, sent);
  });

  test('several sockets share a port', async () => {
    await using source = new SourceUnderTest();
    await source.open(openThreadDatagrams, { sockets: 3 });
    const messages = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    for (const message of messages) await send(source.port, [message]);
    await eventually('all came', () => source.records.length === messages.length);
    assert.deepEqual(source.texts.toSorted(), messages.toSorted());
  });

  test('a unix socket has its mode, replaces one that was left behind, and is removed at the end', async () => {
    const path = join(folder, 'new/log.sock');
    const addresses: DatagramAddress[] = [{ scheme: 'unix-dgram', path }];
    await using source = new SourceUnderTest();
    await source.open(openThreadDatagrams, { addresses, socketMode: 0o622 });
    assert.equal(statSync(path).mode & 0o777, 0o622);
    await assert.rejects(new SourceUnderTest().open(openThreadDatagrams, { addresses }), /is in use by another process/);
    await source.stop();
    assert.throws(() => statSync(path), { code: 'ENOENT' });
    writeFileSync(path, 'no socket');
    await assert.rejects(source.open(openThreadDatagrams, { addresses }), /is no socket/);
    assert.equal(statSync(path).size, 9);
  });
});
