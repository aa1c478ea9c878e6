import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamLabels } from '../containers/stream-labels.ts';
import type { ContainerPath } from './container-path.ts';
import { podFields } from './pod-fields.ts';
import { parsePod, parsePodList, type Pod, tellsOf } from './pod.ts';

const place: ContainerPath = { namespace: 'shop', pod: 'web', uid: 'u1', container: 'nginx', restarts: 0, containerId: '' };
const options = { cluster: undefined, isKeptLabel: () => true, isKeptAnnotation: () => false };
const pod: Pod = {
  namespace: 'shop',
  name: 'web',
  uid: 'u1',
  createdMs: Date.parse('2026-11-21T10:00:05Z'),
  labels: {},
  annotations: {},
  node: 'node-1',
  ip: '10.0.0.7',
  owner: undefined,
  containers: [],
};

function fields(changes: Partial<Pod>, path = place): Record<string, string> {
  return { ...streamLabels(podFields(path, { ...pod, ...changes }, options)).labels };
}

test('a ReplicaSet’s Deployment and a Job’s CronJob are told where both parts of the name fit', () => {
  const set = { kind: 'ReplicaSet', name: 'web-front-7d4b9c' };
  assert.equal(fields({ owner: set, labels: { 'pod-template-hash': '7d4b9c' } })['kubernetes.deployment.name'], 'web-front');
  assert.equal(fields({ owner: set })['kubernetes.deployment.name'], undefined);
  assert.equal(fields({ owner: set })['kubernetes.replicaset.name'], 'web-front-7d4b9c');
  const minutes = Date.parse('2026-11-21T10:00:00Z') / 60_000;
  const job = fields({ owner: { kind: 'Job', name: `backup-${minutes}` } });
  assert.deepEqual([job['kubernetes.job.name'], job['kubernetes.cronjob.name']], [`backup-${minutes}`, 'backup']);
  assert.equal(fields({ owner: { kind: 'Job', name: 'import-20240101' } })['kubernetes.cronjob.name'], undefined);
  for (const kind of ['StatefulSet', 'DaemonSet']) {
    assert.equal(fields({ owner: { kind, name: 'db' } })[`kubernetes.${kind.toLowerCase()}.name`], 'db');
  }
});

test('a container’s id is that of the start whose log it is', () => {
  const status = { name: 'nginx', image: 'nginx:1', restarts: 2, id: 'containerd://now', lastId: 'containerd://before' };
  const idOf = (restarts: number): string | undefined => {
    return fields({ containers: [status] }, { ...place, restarts })['container.id'];
  };
  assert.deepEqual([0, 1, 2].map(idOf), [undefined, 'before', 'now']);
});

test('of answers of another shape nothing is believed', () => {
  for (const wrong of [undefined, null, 7, 'x', [], {}, { metadata: 7 }, { metadata: { name: 'a', namespace: 1 } }]) {
    assert.equal(parsePod(wrong), undefined);
  }
  const odd = parsePod({
    metadata: { name: 'a', namespace: 'b', labels: { x: 1, y: 'z' }, ownerReferences: 'no' },
    status: { containerStatuses: [7] },
  });
  assert.deepEqual([odd?.labels, odd?.owner, odd?.containers.length], [{ y: 'z' }, undefined, 1]);
  assert.deepEqual(parsePodList({ items: [7, {}], metadata: 'x' }), { pods: [], next: '' });
});

test('before the status of a container is told, its image is the one that was asked for', () => {
  const spec = { containers: [{ name: 'nginx', image: 'nginx:1' }], initContainers: [{ name: 'init', image: 'busybox:2' }] };
  const status = { containerStatuses: [{ name: 'nginx', image: '', restartCount: 0, state: { waiting: {} } }] };
  const parsed = parsePod({ metadata: { namespace: 'shop', name: 'web' }, spec, status });
  assert(parsed !== undefined);
  assert.deepEqual(
    parsed.containers.map(({ name, image, id }) => [name, image, id]),
    [
      ['nginx', 'nginx:1', ''],
      ['init', 'busybox:2', ''],
    ],
  );
  assert.equal(tellsOf(parsed, place), false);
});
