import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Input, InputEvents } from '../input.ts';
import { eventually, testOptions } from '../testing/input-under-test.ts';
import { type RecordedEvent, recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink, type RecordedStream } from '../testing/recording-sink.ts';
import { createKubernetesInput } from './kubernetes-input.ts';
import { sweepIntervalMs } from './limits.ts';
import type { KubernetesInputOptions, MetadataOptions } from './options.ts';
import { FakeApiServer, type FakePod } from './testing/fake-api-server.ts';

const uid = 'f2c9b2c4-9f5a-4b0e-9d3c-2a1b0c9d8e7f';
const nothing = { namespaces: [], pods: [], containers: [] };

const pod: FakePod = {
  namespace: 'shop',
  name: 'web-7d4b9c-x2x',
  uid,
  labels: { 'app.kubernetes.io/name': 'web', 'pod-template-hash': '7d4b9c' },
  annotations: { 'tributary.type': 'nginx', 'example.com/team': 'blue', other: 'x' },
  owner: { kind: 'ReplicaSet', name: 'web-7d4b9c' },
  containers: [{ name: 'nginx', image: 'registry:5000/nginx:1.25' }],
};

function cri(text: string, tag = 'F', stream = 'stdout'): string {
  return `2026-11-21T10:00:00.123456789+00:00 ${stream} ${tag} ${text}\n`;
}

/** The kubelet's folder, a stand-in of the API, and an input that reads it. */
class KubernetesUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly api: FakeApiServer;
  readonly sink = new RecordingSink();
  readonly events: RecordedEvent[] = [];
  #input: Input | undefined;
  #abort = new AbortController();
  #run: Promise<void> = Promise.resolve();

  private constructor(folder: string, api: FakeApiServer) {
    this.folder = folder;
    this.api = api;
  }

  static async make(): Promise<KubernetesUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'tributary-kubernetes-'));
    await mkdir(join(folder, 'pods'));
    const api = await FakeApiServer.start();
    await writeFile(join(folder, 'token'), `${api.token}\n`);
    return new KubernetesUnderTest(folder, api);
  }

  /** Path of a container's log; its folder is made. */
  async log(container = 'nginx', of: Pick<FakePod, 'namespace' | 'name' | 'uid'> = pod, restarts = 0): Promise<string> {
    const folder = join(this.folder, 'pods', `${of.namespace}_${of.name}_${of.uid}`, container);
    await mkdir(folder, { recursive: true });
    return join(folder, `${restarts}.log`);
  }

  start(
    options: Partial<Omit<KubernetesInputOptions, 'metadata'>> & { metadata?: Partial<MetadataOptions> } = {},
    clock: Clock = systemClock,
  ): void {
    const metadata: MetadataOptions = {
      from: 'api',
      url: this.api.url,
      token_file: join(this.folder, 'token'),
      ca_file: join(this.folder, 'no-ca'),
      verify_tls: true,
      wait: 60_000,
      ...options.metadata,
    };
    this.#abort = new AbortController();
    this.#input = createKubernetesInput({
      name: 'test',
      options: {
        ...testOptions,
        root: join(this.folder, 'pods'),
        layout: 'pods',
        include: nothing,
        exclude: nothing,
        type_label: 'tributary.type',
        pod_labels: ['*'],
        pod_annotations: [],
        ...options,
        metadata,
      },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock,
      defaults: { tenant: 'acme', host: 'here', labels: {} },
    });
    this.#run = this.#input.run(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }

  streamOf(path: string): RecordedStream | undefined {
    return this.sink.of(path).findLast(({ ended }) => !ended);
  }

  labelsOf(path: string): Readonly<Record<string, string>> {
    return this.streamOf(path)?.attributes.labels ?? {};
  }

  async expect(path: string, text: string): Promise<void> {
    await eventually(`${path} is pushed`, () => this.sink.text(path) === text).catch(() => undefined);
    assert.equal(this.sink.text(path), text, JSON.stringify(this.events));
  }

  eventsOf(name: keyof InputEvents): readonly RecordedEvent[] {
    return this.events.filter((event) => event[0] === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.api[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

test('a container’s log is a stream with what path and API tell, and the file’s own bytes', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.pods = [pod];
  const log = await own.log();
  await appendFile(log, cri('hello') + cri('problem', 'F', 'stderr'));
  own.start({ cluster: 'east', pod_annotations: ['example.com/*'] });
  await own.expect(log, cri('hello') + cri('problem', 'F', 'stderr'));
  assert.equal(own.streamOf(log)?.attributes.type, 'nginx');
  assert.deepEqual(own.labelsOf(log), {
    'kubernetes.namespace': 'shop',
    'kubernetes.pod.name': 'web-7d4b9c-x2x',
    'kubernetes.pod.uid': uid,
    'kubernetes.pod.ip': '10.0.0.7',
    'kubernetes.node.name': 'node-1',
    'kubernetes.container.name': 'nginx',
    'kubernetes.container.status.restarts': '0',
    'kubernetes.deployment.name': 'web',
    'kubernetes.replicaset.name': 'web-7d4b9c',
    'kubernetes.labels.app_kubernetes_io/name': 'web',
    'kubernetes.labels.pod-template-hash': '7d4b9c',
    'kubernetes.annotations.example_com/team': 'blue',
    'container.id': 'nginx-now',
    'container.runtime': 'containerd',
    'container.image.name': 'registry:5000/nginx',
    'container.image.tag': '1.25',
    'orchestrator.type': 'kubernetes',
    'orchestrator.cluster.name': 'east',
    'orchestrator.namespace': 'shop',
    'orchestrator.resource.type': 'pod',
    'orchestrator.resource.name': 'web-7d4b9c-x2x',
    'orchestrator.resource.id': uid,
    'orchestrator.resource.parent.type': 'replicaset',
    'service.name': 'web',
  });
  assert.deepEqual(own.api.questions, ['/api/v1/namespaces/shop/pods/web-7d4b9c-x2x']);
});

test('lines that the runtime split are one record', async () => {
  await using own = await KubernetesUnderTest.make();
  const log = await own.log();
  const long = cri('a'.repeat(200), 'P') + cri('b'.repeat(200), 'P') + cri('end');
  await appendFile(log, cri('short') + long + cri('next'));
  own.start({ metadata: { from: 'none' } });
  await own.expect(log, cri('short') + long + cri('next'));
  assert.deepEqual(own.streamOf(log)?.texts, [cri('short'), long, cri('next')]);
  assert.equal(own.labelsOf(log)['kubernetes.pod.name'], pod.name);
});

test('a start that the API does not tell of yet is waited for, so that the log has the id of its container', async () => {
  await using own = await KubernetesUnderTest.make();
  const started = (restarts: number, isWaiting = false): FakePod => ({
    ...pod,
    containers: [{ name: 'nginx', image: 'registry:5000/nginx:1.25', restarts, isWaiting }],
  });
  own.api.pods = [started(0, true)];
  const log = await own.log();
  await appendFile(log, cri('x'));
  own.start({}, { ...systemClock, sleep: async (ms, signal) => await systemClock.sleep(Math.min(ms, 50), signal) });
  await eventually('it is asked again', () => own.api.questions.length > 1);
  assert.equal(own.streamOf(log), undefined);
  own.api.pods = [started(0)];
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['container.id'], 'nginx-now');
  // The pod is known by now as it was before the container was started again.
  const asked = own.api.questions.length;
  own.api.pods = [started(0)];
  const next = await own.log('nginx', pod, 1);
  await appendFile(next, cri('y'));
  await eventually('it is asked again', () => own.api.questions.length > asked);
  assert.equal(own.streamOf(next), undefined);
  own.api.pods = [started(1)];
  await own.expect(next, cri('y'));
  assert.equal(own.labelsOf(next)['container.id'], 'nginx-now');
});

test('a start that the API never tells of has what is known of its pod', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.pods = [{ ...pod, containers: [{ name: 'nginx', image: 'nginx:1', isWaiting: true }] }];
  const log = await own.log();
  await appendFile(log, cri('x'));
  own.start({ metadata: { wait: 100 } });
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['container.id'], undefined);
  assert.equal(own.labelsOf(log)['container.image.tag'], '1');
  assert.equal(own.labelsOf(log)['kubernetes.deployment.name'], 'web');
  assert.doesNotMatch(String(own.eventsOf('sourceStarted')[0]?.[2]), /without the labels/);
});

test('a container that its pod does not tell of is not waited for longer than any, however quiet its folder is', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.pods = [{ ...pod, containers: [] }];
  const log = await own.log();
  await appendFile(log, cri('x'));
  // Nothing was made in the folder for long: whoever lists it anew only then does not come here again.
  await utimes(dirname(log), 1, 1);
  own.start({ metadata: { wait: 500 }, scan_interval: 3_600_000 });
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['kubernetes.deployment.name'], 'web');
});

test('the pods of a full node are asked for one by one in less than the wait', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.delayMs = 30;
  const pods = Array.from({ length: 200 }, (_, index): FakePod => ({ ...pod, name: `web-7d4b9c-${index}`, uid: `uid-${index}` }));
  own.api.pods = pods;
  const logs = await Promise.all(pods.map(async (each) => await own.log('nginx', each)));
  for (const log of logs) await appendFile(log, cri('x'));
  own.start({ metadata: { wait: 5000 } });
  await eventually('all are read', () => own.sink.recorded.size === logs.length);
  assert.deepEqual(
    logs.filter((log) => own.labelsOf(log)['container.id'] === undefined),
    [],
  );
});

test('all pods of a node are asked for at once, in as many answers as there are', async () => {
  await using own = await KubernetesUnderTest.make();
  const others = Array.from({ length: 600 }, (_, index) => ({ namespace: 'other', name: `pod-${index}`, uid: `uid-${index}` }));
  own.api.pods = [...others, pod, { namespace: 'shop', name: 'elsewhere', uid: 'x', node: 'node-2' }];
  const log = await own.log();
  await appendFile(log, cri('x'));
  own.start({ metadata: { node: 'node-1' } });
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['kubernetes.deployment.name'], 'web');
  assert.equal(own.api.questions.length, 3);
});

test('the kubelet answers too', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.pods = [pod];
  const log = await own.log();
  await appendFile(log, cri('x'));
  own.start({ metadata: { from: 'kubelet' } });
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['kubernetes.deployment.name'], 'web');
  assert.deepEqual(own.api.questions, ['/pods']);
});

test('a static pod is known by the hash of its manifest', async () => {
  await using own = await KubernetesUnderTest.make();
  const hash = 'ab'.repeat(16);
  const containers = [{ name: 'etcd', image: 'etcd:3' }];
  own.api.pods = [{ ...pod, name: 'etcd-node-1', uid: 'mirror', annotations: { 'kubernetes.io/config.hash': hash }, containers }];
  const log = await own.log('etcd', { namespace: 'shop', name: 'etcd-node-1', uid: hash });
  await appendFile(log, cri('x'));
  own.start();
  await own.expect(log, cri('x'));
  assert.equal(own.labelsOf(log)['kubernetes.node.name'], 'node-1');
});

test('logs are shipped without labels when nobody answers in time, which is told, and with them when they are back', async () => {
  await using own = await KubernetesUnderTest.make();
  own.api.failure = 503;
  const log = await own.log();
  await appendFile(log, cri('one'));
  own.start({ metadata: { wait: 50 } });
  await own.expect(log, cri('one'));
  assert.equal(own.labelsOf(log)['kubernetes.node.name'], undefined);
  assert.equal(own.eventsOf('sourceFailed').length, 1);
  assert.match(String(own.eventsOf('sourceStarted')[0]?.[2]), /without the labels of its pod/);
  own.api.failure = undefined;
  own.api.pods = [pod];
  await eventually('the API is asked again', () => own.eventsOf('sourceRecovered').length === 1);
  const next = await own.log('nginx', pod, 1);
  await appendFile(next, cri('two'));
  await own.expect(next, cri('two'));
  assert.equal(own.labelsOf(next)['kubernetes.deployment.name'], 'web');
  await own.stop();
  await appendFile(log, cri('three'));
  own.start();
  await own.expect(log, cri('one') + cri('three'));
  assert.equal(own.labelsOf(log)['kubernetes.deployment.name'], 'web', 'after a start the stream goes on under its labels');
});

test('a pod that nobody knows any more, a wrong token and a missing one hold up nothing', async () => {
  await using own = await KubernetesUnderTest.make();
  const log = await own.log();
  await appendFile(log, cri('one'));
  own.start({ metadata: { wait: 50 } });
  await own.expect(log, cri('one'));
  assert.deepEqual(own.eventsOf('sourceFailed'), []);
  await own.stop();
  await writeFile(join(own.folder, 'token'), 'wrong');
  const second = await own.log('second');
  await appendFile(second, cri('two'));
  own.start({ metadata: { wait: 50 } });
  await own.expect(second, cri('two'));
  assert.match(String(own.eventsOf('sourceFailed')[0]?.[2]), /does not know the token/);
  await own.stop();
  await rm(join(own.folder, 'token'));
  const third = await own.log('third');
  await appendFile(third, cri('three'));
  own.start({ metadata: { wait: 50 } });
  await own.expect(third, cri('three'));
});

test('containers are included by each list that is given, and excluded by any', async () => {
  await using own = await KubernetesUnderTest.make();
  const wanted = await own.log('nginx');
  const side = await own.log('istio-proxy');
  const system = await own.log('nginx', { namespace: 'kube-system', name: 'web', uid: 'u2' });
  for (const log of [wanted, side, system]) await appendFile(log, cri('x'));
  own.start({
    metadata: { from: 'none' },
    include: { namespaces: ['shop', 'bank'], pods: ['web-*'], containers: [] },
    exclude: { ...nothing, containers: ['istio-*'] },
  });
  await own.expect(wanted, cri('x'));
  assert.deepEqual([own.streamOf(side), own.streamOf(system)], [undefined, undefined]);
});

test('the kubelet’s rotation loses and doubles nothing, also while nobody reads', async () => {
  await using own = await KubernetesUnderTest.make();
  const log = await own.log();
  const lines = Array.from({ length: 6 }, (_, index) => cri(`line ${index} ${'x'.repeat(900)}`));
  const write = async (index: number): Promise<void> => await appendFile(log, lines[index] ?? '');
  own.start({ metadata: { from: 'none' } });
  await write(0);
  await eventually('the first line is there', () => own.sink.recorded.size === 1);
  await rename(log, `${log}.20260101-120000`);
  await write(1);
  await eventually('the second one is there', () => own.sink.recorded.size === 2);
  await write(2);
  await own.stop();
  await write(3);
  await rename(log, `${log}.20260101-120001`);
  await write(4);
  await writeFile(`${log}.20260101-120000.tmp`, gzipSync(await readFile(`${log}.20260101-120000`)));
  await rename(`${log}.20260101-120000.tmp`, `${log}.20260101-120000.gz`);
  await rm(`${log}.20260101-120000`);
  await write(5);
  own.start({ metadata: { from: 'none' } });
  const pushed = (): string[] => [...own.sink.recorded.values()].flatMap(({ texts }) => texts).toSorted();
  await eventually('all lines are there', () => pushed().length >= 6).catch(() => undefined);
  assert.deepEqual(pushed(), lines);
  assert.deepEqual(own.eventsOf('lost'), []);
});

test('links in /var/log/containers are followed, also to logs that Docker writes', async () => {
  await using own = await KubernetesUnderTest.make();
  const links = join(own.folder, 'containers');
  const docker = join(own.folder, 'docker');
  await mkdir(links);
  await mkdir(docker);
  const id = 'ab'.repeat(32);
  const log = await own.log();
  await appendFile(log, cri('x'));
  const link = join(links, `${pod.name}_shop_nginx-${id}.log`);
  await symlink(log, link);
  const json = `{"log":"${'a'.repeat(16_384)}","stream":"stdout","time":"t"}\n{"log":"end\\n","stream":"stdout","time":"t"}\n`;
  await writeFile(join(docker, `${id}-json.log`), json);
  await symlink(join(docker, `${id}-json.log`), await own.log('docker'));
  const second = join(links, `${pod.name}_shop_docker-${id}.log`);
  await symlink(await own.log('docker'), second);
  own.start({ root: links, layout: 'containers', metadata: { from: 'none' }, max_line_bytes: 65_536 });
  await own.expect(link, cri('x'));
  await own.expect(second, json);
  assert.deepEqual([own.labelsOf(link)['kubernetes.pod.uid'], own.labelsOf(link)['container.id']], [uid, id]);
  assert.deepEqual(own.streamOf(second)?.texts, [json]);
});

test('containers that are gone are told and forgotten', async () => {
  await using own = await KubernetesUnderTest.make();
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms, signal) => await systemClock.sleep(ms === sweepIntervalMs ? 20 : ms, signal),
  };
  const log = await own.log();
  await appendFile(log, cri('x'));
  own.start({ metadata: { from: 'none' } }, clock);
  await own.expect(log, cri('x'));
  await rm(join(own.folder, 'pods', `shop_${pod.name}_${uid}`), { recursive: true });
  await eventually('its end is told', () => own.eventsOf('sourceEnded').length === 1);
  assert.equal(own.eventsOf('sourceEnded')[0]?.[1], 'kubernetes:shop/web-7d4b9c-x2x/nginx');
});
