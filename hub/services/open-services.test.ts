/** Services as small fakes of ours; test/e2e/open-services.test.ts asks a real Redis. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { eventually } from '../testing/eventually.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { answerBytesMax, askIntervalMs } from './limits.ts';
import { openServices, type ServiceOptions, watchServices } from './open-services.ts';

/** An address of this machine that is not its loopback. */
const own = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const skip = own === undefined && 'this machine has no address beside its loopback';

interface Fake extends AsyncDisposable {
  readonly port: number;
  asked: number;
}

async function fakeHttp(handle: RequestListener, host = own): Promise<Fake> {
  const fake = { port: 0, asked: 0 };
  const server = createHttpServer((request, response) => {
    fake.asked += 1;
    assert.equal(request.headers.authorization, undefined);
    handle(request, response);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const dispose = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return Object.assign(fake, { port: portOf(server.address()), [Symbol.asyncDispose]: dispose });
}

async function fakeTcp(handle: (socket: Socket) => void): Promise<Fake> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    handle(socket);
  });
  server.listen(0, own);
  await once(server, 'listening');
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: portOf(server.address()), asked: 0, [Symbol.asyncDispose]: dispose };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const elasticsearchAnswer = {
  name: 'node-1',
  cluster_name: 'logs',
  version: { number: '9.1.0' },
  tagline: 'You Know, for Search',
};

function at({ port }: Fake, kind: ServiceOptions['kind'], host = own): ServiceOptions[] {
  return [{ kind, url: `${kind === 'redis' ? 'redis' : 'http'}://${host}:${port}` }];
}

test('an Elasticsearch (a fake) that tells strangers its cluster is a red finding, with what to do', { skip }, async () => {
  await using fake = await fakeHttp(json(200, elasticsearchAnswer));
  const [finding] = await openServices([{ kind: 'elasticsearch', url: `http://reader:pa55word@${own}:${fake.port}` }]);
  assert.equal(finding?.level, 'red');
  assert.equal(finding?.subject, `http://${own}:${fake.port}`);
  assert.match(finding?.reason ?? '', /answers anybody without credentials: .*; turn its security on/);
  assert.doesNotMatch(JSON.stringify(finding), /pa55word/);
});

test('one that wants credentials, redirects, errs or is something else is none', { skip }, async () => {
  await using elsewhere = await fakeHttp(json(200, elasticsearchAnswer));
  const answers: RequestListener[] = [
    json(401, { error: 'missing authentication credentials', cluster_name: 'logs' }),
    json(403, elasticsearchAnswer),
    (_, response) => void response.writeHead(302, { location: `http://${own}:${elsewhere.port}/` }).end(),
    (_, response) => void response.end('<html>welcome</html>'),
    (_, response) => void response.end('x'.repeat(4 * answerBytesMax)),
    json(200, ['cluster_name']),
  ];
  for (const answer of answers) {
    await using fake = await fakeHttp(answer);
    assert.deepEqual(await openServices(at(fake, 'elasticsearch')), []);
    assert.equal(fake.asked, 1);
  }
  assert.equal(elsewhere.asked, 0, 'a redirect is not followed');
});

test('on the loopback it may answer whom it likes, also under another name', async () => {
  await using fake = await fakeHttp(json(200, elasticsearchAnswer), '127.0.0.1');
  assert.deepEqual(
    await openServices([...at(fake, 'elasticsearch', '127.0.0.1'), ...at(fake, 'elasticsearch', 'localhost')]),
    [],
  );
});

test('one that the hub calls by the loopback is found when it listens everywhere', { skip }, async () => {
  await using fake = await fakeHttp(json(200, elasticsearchAnswer), '0.0.0.0');
  for (const host of ['127.0.0.1', 'localhost']) {
    const [finding] = await openServices(at(fake, 'elasticsearch', host));
    assert.equal(finding?.subject, `http://${host}:${fake.port}`);
    assert.match(finding.reason, /, reached at [\d.]+, answers anybody/);
  }
});

test('a name that means nothing is no finding', async () => {
  assert.deepEqual(await openServices([{ kind: 'redis', url: 'redis://no-such-host.invalid' }]), []);
});

test('a Kibana (a fake) is open when it tells more than that it is there', { skip }, async () => {
  await using open = await fakeHttp(
    json(200, {
      name: 'kibana',
      version: { number: '9.1.0' },
      status: { overall: { level: 'available' }, plugins: { many: 'x'.repeat(200_000) } },
    }),
  );
  await using redacted = await fakeHttp(json(200, { status: { overall: { level: 'available' } } }));
  assert.partialDeepStrictEqual(await openServices(at(open, 'kibana')), [{ kind: 'open-service', level: 'red' }]);
  assert.deepEqual(await openServices(at(redacted, 'kibana')), []);
});

test('a Redis (a fake) that says nothing, too much or nonsense costs nothing and is no finding', { skip }, async () => {
  await using endless = await fakeTcp((socket) => {
    const more = (): void => {
      while (socket.write('+'.repeat(65_536)));
    };
    socket.on('drain', more);
    more();
  });
  await using closing = await fakeTcp((socket) => void socket.end());
  await using refusing = await fakeTcp((socket) => void socket.write('-NOAUTH Authentication required.\r\n'));
  const services = [...at(endless, 'redis'), ...at(closing, 'redis'), ...at(refusing, 'redis')];
  assert.deepEqual(await openServices(services), []);
  assert.deepEqual(await openServices([{ kind: 'redis', url: `redis://${own}:${await freePort()}` }]), [], 'nobody is there');
});

test('services are asked at the start and every few minutes', { skip }, async () => {
  let status = 200;
  await using fake = await fakeHttp((request, response) => json(status, elasticsearchAnswer)(request, response));
  const clock = new ManualClock();
  const findings = new RecordingFindings();
  const stop = new AbortController();
  const running = watchServices({ services: at(fake, 'elasticsearch'), findings, clock }, stop.signal);
  await eventually('it is found', () => findings.all().length === 1 && clock.sleeping === 1);
  status = 401;
  clock.advance(askIntervalMs);
  await eventually('it is closed', () => findings.all().length === 0 && fake.asked === 2);
  stop.abort();
  await running;
});

async function freePort(): Promise<number> {
  await using fake = await fakeTcp(() => undefined);
  return fake.port;
}
