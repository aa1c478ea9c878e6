/** Hubs of one site that die, hang, come back and send agents away: each line arrives once, whoever took it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { suite, test } from 'node:test';
import { ConnectProxy } from '@tributary/protocol/uplink/testing/connect-proxy.ts';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import { eventually, UplinkUnderTest } from './testing/uplink-under-test.ts';

const logFile = '/var/log/a';

/** Takes connections and never says anything. */
async function silentHub(owned: AsyncDisposableStack): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return `ws://127.0.0.1:${address.port}`;
}

suite('several hubs of one site', () => {
  test('one that hangs is not waited for', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [await silentHub(owned), site.url] }));
    await unit.append('one\n');
    await unit.delivered();
    assert.deepEqual(unit.waits, []);
  });

  test('one that dies is replaced by another at once; nothing is lost or doubled', async () => {
    await using owned = new AsyncDisposableStack();
    const first = await TestSite.start();
    const second = owned.use(await TestSite.start({ sameSiteAs: first }));
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [first.url, second.url], own: { probeIntervalMs: 60_000 } }));
    await unit.append('one\n');
    await unit.delivered();
    first.pause();
    await unit.append('two\n');
    await eventually('it is under way', () => unit.uplink.inFlightBytes > 0);
    await first[Symbol.asyncDispose]();
    await unit.append('three\n');
    await unit.delivered();
    assert.equal(unit.uplink.status().hub, second.url);
    assert.equal(second.text(logFile), 'one\ntwo\nthree\n');
  });

  test('the preferred one is gone back to when it answers, and not before', async () => {
    await using owned = new AsyncDisposableStack();
    const second = owned.use(await TestSite.start());
    const port = second.port;
    const gone = await TestSite.start();
    const preferred = gone.url;
    const preferredPort = gone.port;
    await gone[Symbol.asyncDispose]();
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [preferred, second.url], own: { probeIntervalMs: 20 } }));
    let expected = '';
    for (let line = 0; line < 50; line += 1) {
      await unit.append(`line ${line}\n`);
      expected += `line ${line}\n`;
    }
    await unit.delivered();
    assert.equal(unit.uplink.status().hub, `ws://127.0.0.1:${port}`);
    assert.equal(second.hellos.length, 1, 'while the preferred one is away nothing changes');
    const first = owned.use(await TestSite.start({ port: preferredPort, sameSiteAs: second }));
    const writing = (async (): Promise<void> => {
      for (let line = 50; line < 200; line += 1) {
        expected += `line ${line}\n`;
        await unit.append(`line ${line}\n`);
      }
    })();
    await eventually('the preferred one serves', () => unit.uplink.status().hub === preferred && first.hellos.length === 1);
    await writing;
    await unit.delivered();
    assert.equal(first.text(logFile), expected);
    assert.equal(first.duplicates + second.duplicates, 0, 'nothing was sent twice');
    assert.deepEqual(unit.own.buffer.losses(), {});
  });

  test('a preferred one that takes connections and opens none costs nothing', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const preferred = await silentHub(owned);
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [preferred, site.url], own: { probeIntervalMs: 20 } }));
    for (let line = 0; line < 30; line += 1) {
      await unit.append(`line ${line}\n`);
      await unit.delivered();
    }
    assert.equal(unit.uplink.status().hub, site.url);
    assert.deepEqual([site.hellos.length, unit.events.filter((name) => name === 'disconnected').length], [1, 0]);
  });

  test('a preferred one that never answers a Hello is asked once, and then seldom', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const mute = owned.use(await TestSite.start({ sameSiteAs: site, mute: true }));
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [mute.url, site.url], own: { probeIntervalMs: 20 } }));
    await eventually('the other one serves', () => unit.uplink.status().hub === site.url && site.hellos.length === 1);
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1000) {
      await unit.append('line\n');
      await unit.delivered();
    }
    assert.deepEqual([mute.hellos.length, site.hellos.length], [1, 1], 'nothing is cut short for one that did not answer');
  });

  test('a name that nobody knows is passed over at once', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const gone = await TestSite.start();
    await gone[Symbol.asyncDispose]();
    const hubs = ['ws://tributary.invalid:7701', gone.url, site.url];
    const unit = owned.use(await UplinkUnderTest.start({ hubs }));
    await unit.append('one\n');
    await unit.delivered();
    assert.deepEqual(
      unit.waits.filter((ms) => ms > 0),
      [],
    );
  });

  test('through a proxy: one that it cannot reach is passed over, and its tunnel is given up', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const proxy = owned.use(await ConnectProxy.start());
    proxy.silentFor = '127.0.0.1:9';
    const hubs = ['ws://127.0.0.1:9', site.url];
    const unit = owned.use(await UplinkUnderTest.start({ hubs, proxy: `http://${proxy.address}` }));
    await unit.append('one\n');
    await unit.delivered();
    assert.equal(unit.uplink.status().hub, site.url);
    await eventually('only what is used is open', () => proxy.requests.length === 2 && proxy.tunnels === 1);
  });

  test('a connection that is old before its Welcome comes is left after it', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    site.pause();
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [site.url], own: { connectionMaxAgeMs: 20 } }));
    await eventually('the Hello waits', () => site.connections === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    site.resume();
    await eventually('it is left for another', () => site.hellos.length > 2);
    site.pause();
    await eventually('the next one waits', () => unit.uplink.status().state === 'connecting');
    assert.equal(unit.uplink.status().trouble, '', 'nobody has to do anything about it');
  });

  test('a connection gets about as old as it may, and is left with nothing unanswered', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [site.url], own: { connectionMaxAgeMs: 100 } }));
    let expected = '';
    for (let line = 0; site.hellos.length < 4; line += 1) {
      await unit.append(`line ${line}\n`);
      expected += `line ${line}\n`;
    }
    await unit.delivered();
    assert.equal(site.text(logFile), expected);
    assert.equal(site.duplicates, 0);
    assert.deepEqual(unit.waits, [], 'nobody waits for the next one');
  });

  test('balanced agents find a hub of their own', async () => {
    await using owned = new AsyncDisposableStack();
    const first = owned.use(await TestSite.start());
    const second = owned.use(await TestSite.start({ sameSiteAs: first }));
    const hubs = [first.url, second.url];
    const unit = owned.use(await UplinkUnderTest.start({ hubs, own: { hubPolicy: 'balanced' } }));
    const turned = owned.use(await UplinkUnderTest.start({ hubs: hubs.toReversed(), own: { hubPolicy: 'balanced' } }));
    await eventually('both are connected', () => [unit, turned].every(({ uplink }) => uplink.status().state === 'connected'));
    assert.equal(unit.uplink.status().hub, turned.uplink.status().hub, 'the order of the list does not matter');
  });
});

suite('a limited rate', () => {
  test('holds a backlog back, and is used up', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const rateLimit = 400_000;
    const limited = owned.use(await UplinkUnderTest.start({ hubs: [site.url], own: { rateLimit } }));
    let bytes = 0;
    for (let batch = 0; batch < 12; batch += 1) bytes += await limited.appendRandom(40_000);
    const startedMs = performance.now();
    await limited.delivered();
    const seconds = (performance.now() - startedMs) / 1000;
    const leastS = (bytes - rateLimit / 4 - 50_000) / rateLimit;
    assert.ok(seconds > leastS * 0.5, `${bytes} bytes in ${seconds} s`);
    assert.ok(seconds < leastS + 60, `${bytes} bytes in ${seconds} s`);
  });

  test('a backlog of one channel does not hold up another', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    // The backlog takes a minute.
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [site.url], own: { rateLimit: 40_000 } }));
    for (let batch = 0; batch < 60; batch += 1) await unit.appendRandom(40_000);
    const events = await unit.own.openStream('agent', '3', 'platform');
    await unit.own.append(events, 'an event\n');
    await eventually('the event arrived', () => site.text('agent') === 'an event\n');
    assert.ok(unit.own.buffer.status().unackedBatches > 10, 'long before the backlog');
  });

  test('an event does not wait until a large batch is paid for', async () => {
    await using owned = new AsyncDisposableStack();
    const site = owned.use(await TestSite.start());
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [site.url], own: { rateLimit: 16_384 } }));
    await eventually('it is connected', () => site.hellos.length === 1);
    for (let batch = 0; batch < 3; batch += 1) await unit.appendRandom(1_000_000);
    await eventually('a batch went', () => unit.own.buffer.status().unackedBatches === 2);
    const events = await unit.own.openStream('agent', '3', 'platform');
    await unit.own.append(events, 'an event\n');
    await eventually('the event arrived', () => site.text('agent') === 'an event\n');
    // The others wait for a minute each; the answer to the event is a moment behind its arrival.
    await eventually('only the event was acked', () => unit.own.buffer.status().unackedBatches === 2);
  });

  test('what waits for its turn does not hold up a Drain', async () => {
    await using owned = new AsyncDisposableStack();
    const second = owned.use(await TestSite.start());
    const first = owned.use(await TestSite.start({ sameSiteAs: second }));
    const unit = owned.use(await UplinkUnderTest.start({ hubs: [first.url, second.url], own: { rateLimit: 400_000 } }));
    await eventually('it is connected', () => first.hellos.length === 1);
    let bytes = 0;
    for (let batch = 0; batch < 20; batch += 1) bytes += await unit.appendRandom(100_000);
    first.drain([second.url]);
    await eventually('the other one serves', () => second.hellos.length === 1);
    assert.ok(unit.own.buffer.status().unackedBatches > 0, 'long before the backlog');
    await unit.delivered();
    assert.equal(first.duplicates + second.duplicates, 0);
    assert.ok(bytes > 400_000);
  });
});
