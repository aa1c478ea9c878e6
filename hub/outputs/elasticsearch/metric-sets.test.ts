import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Request } from './client/connection.ts';
import { MetricSets } from './metric-sets.ts';

function clusterWith(answer: Answer): {
  readonly server: { request: (request: Request) => Promise<Answer> };
  readonly paths: string[];
} {
  const paths: string[] = [];
  const request = async ({ path }: Request): Promise<Answer> => {
    paths.push(path);
    return answer;
  };
  return { server: { request }, paths };
}

test('the first sets of a tenant have names of their own, those of the cluster before all others', async () => {
  const names = ['metrics-system.cpu-acme', 'metrics-b-other', 'logs-x-acme'].map((name) => ({ name }));
  const { server, paths } = clusterWith({
    status: 200,
    body: { data_streams: names, aliases: [{ name: 'metrics-daily-acme' }] },
  });
  const sets = new MetricSets({ server, max: 4 });
  assert.deepEqual(await sets.rulesOf('acme'), { known: ['daily', 'system.cpu'], isFull: false });
  assert.equal(await sets.admit('acme', ['a', 'b']), true);
  assert.deepEqual(await sets.rulesOf('acme'), { known: ['daily', 'system.cpu', 'a', 'b'], isFull: true });
  assert.equal(await sets.admit('acme', ['a']), true);
  assert.equal(await sets.admit('acme', ['c']), false);
  assert.deepEqual(paths, ['/_resolve/index/metrics-*-acme'], 'it is asked once');
});

test('a cluster that does not answer is asked again, and one that tells nothing begins with nothing', async () => {
  const away = clusterWith({ status: 503, body: {} });
  const sets = new MetricSets({ server: away.server, max: 4 });
  await assert.rejects(sets.rulesOf('acme'), { name: 'NoAnswerError' });
  await assert.rejects(sets.rulesOf('acme'), { name: 'NoAnswerError' });
  assert.equal(away.paths.length, 2);
  const { server } = clusterWith({ status: 404, body: {} });
  assert.deepEqual(await new MetricSets({ server, max: 4 }).rulesOf('acme'), { known: [], isFull: false });
});

test('who takes documents over from another hub asks again, as that one may have used up the room', async () => {
  const body: { data_streams: { name: string }[] } = { data_streams: [] };
  const { server } = clusterWith({ status: 200, body });
  const sets = new MetricSets({ server, max: 2 });
  assert.equal((await sets.rulesOf('acme')).isFull, false);
  body.data_streams.push({ name: 'metrics-a-acme' }, { name: 'metrics-b-acme' });
  sets.forget('acme');
  assert.deepEqual(await sets.rulesOf('acme'), { known: ['a', 'b'], isFull: true });
  assert.equal(await sets.admit('acme', ['z']), false, 'the other one sent it to the rest');
});
