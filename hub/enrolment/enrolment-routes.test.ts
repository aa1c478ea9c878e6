import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { renewPath } from '@tributary/protocol/enrolment/messages.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { PeerVerdict } from '../intake/peer-identity.ts';
import { Strangers } from '../intake/strangers.ts';
import { boundAddress, listenAddress, listenOn } from '../listeners/listen-address.ts';
import { eventually } from '../testing/eventually.ts';
import type { EnrolmentOutcome } from './enrolment.ts';
import { enrolmentRoutes } from './enrolment-routes.ts';

const timeout = { timeout: 120_000 };

interface Served extends AsyncDisposable {
  readonly logged: readonly LogEntry[];
  renew(): Promise<Response>;
}

/** The routes alone, over HTTP, with `renew` as their registry and authority. */
async function serve(renew: () => Promise<EnrolmentOutcome>): Promise<Served> {
  const logged: LogEntry[] = [];
  const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
  const strangers = new Strangers({ log, registry: undefined });
  const routes = enrolmentRoutes({ enrolments: { enrol: renew, renew }, log, strangers, atOnceMax: 1 });
  const verdict = (): PeerVerdict => ({ kind: 'refused', error: 'no-certificate', hint: '' });
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    routes.handle(request, response, { path: renewPath, address: '192.0.2.1', remote: '192.0.2.1:5', verdict });
  });
  await listenOn(server, await listenAddress('127.0.0.1:0'), '127.0.0.1:0');
  const body = JSON.stringify({ publicKey: 'AAAA', proof: 'AAAA' });
  return {
    logged,
    renew: () => fetch(`http://${boundAddress(server)}${renewPath}`, { method: 'POST', body }),
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

test('when many enrol at once the rest is asked to come again', timeout, async () => {
  const gate = Promise.withResolvers<EnrolmentOutcome>();
  let underWay = 0;
  await using server = await serve(() => {
    underWay += 1;
    return gate.promise;
  });
  const first = server.renew();
  await eventually('the first is under way', () => underWay === 1);
  const second = await server.renew();
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1']);
  assert.partialDeepStrictEqual(await second.json(), { error: 'unavailable' });
  gate.resolve({ kind: 'refusal', refusal: { error: 'certificate', hint: 'no' }, isFailure: true });
  assert.equal((await first).status, 401);
});

test('a fault of ours is told as nothing but one, and is in the log', timeout, async () => {
  await using server = await serve(() => Promise.reject(new Error('secret of the house')));
  const answer = await server.renew();
  assert.equal(answer.status, 503);
  assert.doesNotMatch(await answer.text(), /secret/);
  assert.ok(server.logged.some(({ level, fields }) => level === 'error' && String(fields['error']).includes('secret')));
});
