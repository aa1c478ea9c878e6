/** The uplink over real sockets: what it sends, where it goes when there is no way, and that each line arrives once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { hopelessRetryMs, retryMsMax, retryMsMin } from '@tributary/protocol/uplink/limits.ts';
import { ConnectProxy } from '@tributary/protocol/uplink/testing/connect-proxy.ts';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import { eventually, UplinkUnderTest } from './testing/uplink-under-test.ts';

const logFile = '/var/log/a';

/** A server that is no hub: what it does with who comes is told by `serve`. */
class StrayServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    const address = server.address();
    assert(typeof address === 'object' && address !== null);
    this.port = address.port;
    this.#server = server;
  }

  static async start(serve: (socket: Socket) => void): Promise<StrayServer> {
    const server = createServer((socket) => serve(socket.on('error', () => socket.destroy()).resume())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StrayServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** A port at which nobody listens. */
async function deadPort(): Promise<number> {
  await using server = await StrayServer.start(() => undefined);
  return server.port;
}

test('sends what the buffer has, and what comes later', async () => {
  await using site = await TestSite.start();
  await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
  await unit.append('one\n');
  await unit.append('two\n');
  await unit.delivered();
  assert.equal(site.text(logFile), 'one\ntwo\n');
  await unit.append('three\n');
  await unit.delivered();
  assert.equal(site.text(logFile), 'one\ntwo\nthree\n');
  const { state, hub, hubId, siteId, trouble, attempts } = unit.uplink.status();
  assert.deepEqual({ state, hub, trouble, attempts }, { state: 'connected', hub: site.url, trouble: '', attempts: 1 });
  assert.deepEqual([hubId, siteId], ['bb'.repeat(16), 'cc'.repeat(16)]);
  assert.equal(unit.uplink.inFlightBytes, 0);
  assert.equal(site.duplicates, 0);
});

test('a new buffer asks the site for its streams first', async () => {
  await using site = await TestSite.start();
  {
    await using before = await UplinkUnderTest.start({ hubs: [site.url] });
    await before.append('one\n');
    await before.delivered();
  }
  await using unit = await UplinkUnderTest.start({ hubs: [site.url], fresh: true });
  await eventually('the streams are adopted', () => unit.events.includes('recovered'));
  assert.equal(unit.own.buffer.needsRecovery, false);
  assert.deepEqual(
    unit.own.buffer.streams().map(({ identity, position }) => [identity.path, position]),
    [[logFile, 4]],
  );
});

test('a connection that ends before the streams are adopted leaves nobody waiting', async (t) => {
  await using site = await TestSite.start();
  await using unit = await UplinkUnderTest.start({ hubs: [site.url], fresh: true });
  const adopt = unit.own.buffer.adopt.bind(unit.own.buffer);
  t.mock.method(unit.own.buffer, 'adopt', async (streams: Parameters<typeof adopt>[0]) => {
    site.cut();
    await eventually('the connection ended', () => site.connections === 0);
    await adopt(streams);
  });
  await eventually('the streams are adopted', () => unit.events.includes('recovered'));
  await unit.append('one\n');
  await unit.delivered();
});

suite('a connection that breaks', () => {
  test('is made again, and each line arrives once', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    let expected = '';
    for (let round = 0; round < 20; round += 1) {
      await unit.append(`line ${round}\n`);
      expected += `line ${round}\n`;
      if (round % 3 === 0) await unit.delivered();
      if (round % 2 === 0) site.cut();
    }
    await unit.delivered();
    assert.equal(site.text(logFile), expected);
    assert(site.hellos.length > 5);
  });

  test('with batches that were not answered: they are sent again', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    await unit.append('one\n');
    await unit.delivered();
    site.pause();
    await unit.append('two\n');
    await eventually('it is under way', () => unit.uplink.inFlightBytes > 0);
    site.cut();
    site.resume();
    await unit.delivered();
    assert.equal(site.text(logFile), 'one\ntwo\n');
    assert.deepEqual(unit.own.buffer.losses(), {});
  });

  test('waits longer after each try, up to a limit, and says once what is wrong', async () => {
    const port = await deadPort();
    await using unit = await UplinkUnderTest.start({ hubs: [`ws://127.0.0.1:${port}`] });
    await eventually('many tries', () => unit.waits.length >= 10);
    const waits = unit.waits.slice(0, 10);
    const bounds = waits.map((_, at) => Math.min(retryMsMin * 2 ** at, retryMsMax));
    assert.deepEqual(
      waits,
      bounds.map((bound) => Math.floor(bound * (1 - Number.EPSILON))),
    );
    assert.match(unit.uplink.status().trouble, /ECONNREFUSED/);
    const told = unit.log.filter(({ level }) => level !== 'debug');
    assert.deepEqual(
      told.map(({ level }) => level),
      ['warn'],
    );
    await unit.append('one\n');
    await using site = await TestSite.start({ port });
    await unit.delivered();
    assert.equal(site.text(logFile), 'one\n');
  });
});

suite('the site', () => {
  test('lost its store: what is retained is sent again', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    await unit.append('one\n');
    await unit.append('two\n');
    await unit.delivered();
    site.streams.clear();
    site.storeId = 'dd'.repeat(16);
    site.cut();
    await eventually('it has them again', () => site.text(logFile) === 'one\ntwo\n');
    assert(unit.log.some(({ level, message }) => level === 'warn' && message.includes('another store')));
    assert.equal(unit.own.buffer.siteStore, site.storeId);
    assert.deepEqual(site.gaps, []);
  });

  test('has other content than was sent: a new stream begins with what it has not', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    await unit.append('one\n');
    await unit.delivered();
    const [stream] = site.streams.values();
    assert(stream !== undefined);
    stream.heldMark = 'ff'.repeat(8);
    site.cut();
    await unit.append('two\n');
    await unit.delivered();
    assert(unit.events.includes('replaced'));
    assert.equal(site.text(logFile), 'one\n|two\n');
    await unit.append('three\n');
    await unit.delivered();
    assert.equal(site.text(logFile), 'one\n|two\nthree\n');
  });

  for (const code of ['version', 'clone', 'unauthorized'] as const) {
    test(`refuses the agent (${code}): tried again, but seldom`, async () => {
      const hint = 'a person can help';
      await using site = await TestSite.start({ reject: { code, hint, retryAfterMs: 0 } });
      await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
      await eventually('a second try', () => site.hellos.length >= 2);
      assert.equal(unit.waits[0], hopelessRetryMs);
      assert.equal(unit.uplink.status().trouble, `${code}: ${hint}`);
      assert.equal(unit.log.filter(({ level }) => level === 'error').length, 1);
    });
  }

  test('is busy and says for how long', async () => {
    await using site = await TestSite.start({ reject: { code: 'unavailable', hint: 'no room', retryAfterMs: 54_321 } });
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    await eventually('a wait', () => unit.waits.length > 0);
    assert.equal(unit.waits[0], 54_321);
  });
});

test('a stream that ended is told to the site, and forgotten', async () => {
  await using site = await TestSite.start();
  await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
  await unit.append('one\n');
  await unit.delivered();
  const [stream] = unit.own.buffer.streams();
  assert(stream !== undefined);
  unit.own.buffer.endStream(stream.streamId);
  unit.uplink.closeStream(stream.streamId, 4);
  await eventually('the site knows', () => site.streams.get(stream.streamId)?.closed === true);
  assert.equal(unit.own.buffer.endedStreams().length, 1, 'a batch of it is still retained');
  unit.own.clock.advance(300_001);
  unit.own.buffer.trim();
  unit.own.buffer.trim();
  await eventually('it is forgotten', () => unit.own.buffer.endedStreams().length === 0);
  assert.equal(unit.own.buffer.stream(stream.streamId).position, 4, 'its file is remembered');
  assert.equal(unit.own.buffer.ackedTo(stream.streamId), 4);
});

suite('several hubs', () => {
  test('a dead one is passed over at once', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [`ws://127.0.0.1:${await deadPort()}`, site.url] });
    await unit.append('one\n');
    await unit.delivered();
    assert.equal(unit.uplink.status().hub, site.url);
    assert.deepEqual(unit.waits, []);
  });

  test('one that drains is left for the one it names, and that for those of the configuration', async () => {
    await using first = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [first.url] });
    await unit.append('one\n');
    await unit.delivered();
    {
      await using second = await TestSite.start();
      for (const [streamId, stream] of first.streams) second.streams.set(streamId, { ...stream });
      first.drain([second.url]);
      await eventually('the other is used', () => unit.uplink.status().hub === second.url);
      await unit.append('two\n');
      await unit.delivered();
      assert.equal(second.text(logFile), 'one\ntwo\n');
      assert.equal(first.text(logFile), 'one\n');
      for (const [streamId, stream] of second.streams) first.streams.set(streamId, { ...stream });
    }
    await unit.append('three\n');
    await unit.delivered();
    assert.equal(unit.uplink.status().hub, first.url);
    assert.equal(first.text(logFile), 'one\ntwo\nthree\n');
  });

  test('one that drains with batches unanswered answers them first', async () => {
    await using first = await TestSite.start();
    await using second = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [first.url, second.url] });
    await unit.append('one\n');
    await unit.delivered();
    first.drain([]);
    await eventually('the other is used', () => unit.uplink.status().hub === second.url);
  });
});

suite('an address', () => {
  test('of IPv6', async (t) => {
    const site = await TestSite.start({ host: '::1' }).catch(() => undefined);
    if (site === undefined) return t.skip('this machine has no IPv6');
    await using _ = site;
    await using unit = await UplinkUnderTest.start({ hubs: [site.url] });
    await unit.append('one\n');
    await unit.delivered();
    assert.equal(site.text(logFile), 'one\n');
  });

  test('with another path is no hub', async () => {
    await using site = await TestSite.start();
    await using unit = await UplinkUnderTest.start({ hubs: [`${site.url}/elsewhere`] });
    await eventually('it is told', () => unit.uplink.status().trouble !== '');
    assert.match(unit.uplink.status().trouble, /400|404/);
  });

  test('at which something else listens is no hub', async () => {
    await using server = await StrayServer.start((socket) => socket.end('220 mail.example ESMTP\r\n'));
    await using unit = await UplinkUnderTest.start({ hubs: [server.url] });
    await eventually('it is told', () => unit.uplink.status().trouble !== '');
    assert.match(unit.uplink.status().trouble, /Parse Error/);
  });

  test('that does not answer can be given up at once', async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await StrayServer.start(() => asked.resolve());
    await using unit = await UplinkUnderTest.start({ hubs: [server.url] });
    await asked.promise;
    await unit.stop();
    assert.deepEqual(
      unit.log.map(({ message }) => message),
      [],
      'its time is not waited for',
    );
  });
});

suite('a proxy', () => {
  test('is asked for a tunnel, with name and password', async () => {
    await using site = await TestSite.start();
    await using proxy = await ConnectProxy.start();
    const url = `http://user:p%40ss@${proxy.address}`;
    await using unit = await UplinkUnderTest.start({ hubs: [site.url], proxy: url });
    await unit.append('one\n');
    await unit.delivered();
    assert.equal(site.text(logFile), 'one\n');
    const [request = ''] = proxy.requests;
    assert(request.startsWith(`CONNECT 127.0.0.1:${site.port} HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n`));
    assert(request.includes(`\r\nProxy-Authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}\r\n`));
  });

  test('is asked for an address of IPv6 in brackets', async () => {
    await using proxy = await ConnectProxy.start('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    await using unit = await UplinkUnderTest.start({ hubs: ['ws://[::1]:7701'], proxy: `http://${proxy.address}` });
    await eventually('it is told', () => unit.uplink.status().trouble !== '');
    assert(proxy.requests[0]?.startsWith('CONNECT [::1]:7701 HTTP/1.1\r\n') === true);
  });

  test('that refuses is named, with its answer and without the password', async () => {
    await using proxy = await ConnectProxy.start('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const url = `http://user:secret@${proxy.address}`;
    await using unit = await UplinkUnderTest.start({ hubs: ['ws://127.0.0.1:1'], proxy: url });
    await eventually('it is told', () => unit.uplink.status().trouble !== '');
    assert.match(unit.uplink.status().trouble, /the proxy refused 127\.0\.0\.1:1: HTTP\/1\.1 407/);
    assert(!JSON.stringify(unit.log).includes('secret'));
  });

  test('that does not answer can be given up at once', async () => {
    await using proxy = await ConnectProxy.start('');
    await using unit = await UplinkUnderTest.start({ hubs: ['ws://127.0.0.1:1'], proxy: `http://${proxy.address}` });
    await eventually('it is asked', () => proxy.requests.length > 0);
    await unit.stop();
    assert.deepEqual(
      unit.log.map(({ message }) => message),
      [],
      'its time is not waited for',
    );
  });

  test('that is not there is a trouble like another', async () => {
    const proxy = `http://127.0.0.1:${await deadPort()}`;
    await using unit = await UplinkUnderTest.start({ hubs: ['ws://127.0.0.1:1'], proxy });
    await eventually('many tries', () => unit.waits.length >= 3);
    assert.match(unit.uplink.status().trouble, /ECONNREFUSED/);
  });
});
