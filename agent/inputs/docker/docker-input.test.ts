import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Input, InputEvents } from '../input.ts';
import { eventually, testOptions } from '../testing/input-under-test.ts';
import { type RecordedEvent, recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink, type RecordedStream } from '../testing/recording-sink.ts';
import { createDockerInput } from './docker-input.ts';
import { configWaitMs, sweepIntervalMs } from './limits.ts';
import type { DockerInputOptions } from './options.ts';

const nothing = { names: [], images: [], labels: [] };
const defaults = {
  ...testOptions,
  max_line_bytes: 65_536,
  include: nothing,
  exclude: nothing,
  type_label: 'tributary.type',
  container_labels: ['*'],
} satisfies Omit<DockerInputOptions, 'root'>;

/** As Docker writes it: HTML is escaped, and the time has nanoseconds. */
function jsonLine(log: string, stream = 'stdout'): string {
  const text = JSON.stringify(log).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
  return `{"log":${text},"stream":"${stream}","time":"2026-11-21T10:00:00.123456789Z"}\n`;
}

/** Docker's folder, and an input that reads it. */
class DockerUnderTest implements AsyncDisposable {
  readonly root: string;
  readonly sink = new RecordingSink();
  readonly events: RecordedEvent[] = [];
  #input: Input | undefined;
  #abort = new AbortController();
  #run: Promise<void> = Promise.resolve();

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<DockerUnderTest> {
    const root = await mkdtemp(join(tmpdir(), 'tributary-docker-'));
    await mkdir(join(root, 'containers'));
    return new DockerUnderTest(root);
  }

  folder(id: string): string {
    return join(this.root, 'containers', id);
  }

  log(id: string, suffix = ''): string {
    return join(this.folder(id), `${id}-json.log${suffix}`);
  }

  /** What Docker writes when a container is created; its log comes with its first line. */
  async create(name: string, image: string, labels: Record<string, string> = {}): Promise<string> {
    const id = randomBytes(32).toString('hex');
    await mkdir(this.folder(id));
    await this.configure(id, { name, image, labels });
    return id;
  }

  async configure(
    id: string,
    { name, image, labels }: { name: string; image: string; labels: Record<string, string> },
  ): Promise<void> {
    const config = {
      StreamConfig: {},
      State: { Running: true, Pid: 4711 },
      ID: id,
      Created: '2026-11-21T09:59:59.5Z',
      Path: '/docker-entrypoint.sh',
      Config: { Hostname: id.slice(0, 12), Env: ['SECRET=hidden'], Cmd: ['nginx'], Image: image, Labels: labels },
      Image: `sha256:${'ab'.repeat(32)}`,
      LogPath: this.log(id),
      Name: `/${name}`,
      Driver: 'overlay2',
    };
    await writeFile(join(this.folder(id), 'config.v2.json.tmp'), JSON.stringify(config));
    await rename(join(this.folder(id), 'config.v2.json.tmp'), join(this.folder(id), 'config.v2.json'));
  }

  start(options: Partial<DockerInputOptions> = {}, clock: Clock = systemClock): void {
    this.#abort = new AbortController();
    this.#input = createDockerInput({
      name: 'test',
      options: { ...defaults, root: this.root, ...options },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock,
      defaults: { tenant: 'acme', host: 'here', labels: { site: 'one' } },
    });
    this.#run = this.#input.run(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }

  streamOf(id: string): RecordedStream | undefined {
    return [...this.sink.recorded.values()].findLast(({ identity, ended }) => identity.path.includes(id) && !ended);
  }

  textOf(id: string): string {
    const streams = [...this.sink.recorded.values()].filter(({ identity }) => identity.path.includes(id));
    return streams.map(({ bytes }) => bytes.toString('latin1')).join('');
  }

  async expect(id: string, text: string): Promise<void> {
    await eventually(`${id} is pushed`, () => this.textOf(id) === text).catch(() => undefined);
    assert.equal(this.textOf(id), text);
  }

  eventsOf(name: keyof InputEvents): readonly RecordedEvent[] {
    return this.events.filter((event) => event[0] === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

test('a container’s log is a stream with its name, image and labels, and the file’s own bytes', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('web', 'registry:5000/shop/web:1.25', { 'com.example.team': 'blue', 'tributary.type': 'nginx' });
  await appendFile(own.log(id), jsonLine('hello <b>\n') + jsonLine('problem\n', 'stderr'));
  own.start();
  await own.expect(id, jsonLine('hello <b>\n') + jsonLine('problem\n', 'stderr'));
  const stream = own.streamOf(id);
  assert.deepEqual(stream?.attributes, {
    tenant: 'acme',
    type: 'nginx',
    host: 'here',
    encoding: 'utf-8',
    counted: false,
    labels: {
      site: 'one',
      'container.id': id,
      'container.name': 'web',
      'container.runtime': 'docker',
      'container.image.name': 'registry:5000/shop/web',
      'container.image.tag': '1.25',
      'container.labels.com_example_team': 'blue',
      'container.labels.tributary_type': 'nginx',
    },
  });
  assert.deepEqual(
    own.eventsOf('sourceStarted').map(([, path]) => path),
    ['docker:web'],
  );
});

test('lines that Docker split are one record', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('web', 'web');
  const long = jsonLine('a'.repeat(16_384)) + jsonLine('b'.repeat(16_384)) + jsonLine('end\n');
  await appendFile(own.log(id), jsonLine('short\n') + long + jsonLine('next\n'));
  own.start();
  await own.expect(id, jsonLine('short\n') + long + jsonLine('next\n'));
  assert.deepEqual(own.streamOf(id)?.texts, [jsonLine('short\n'), long, jsonLine('next\n')]);
});

test('Swarm and Compose are told in the fields of ECS', async () => {
  await using own = await DockerUnderTest.make();
  const swarm = await own.create('shop_web.1.abc', 'web:1', {
    'com.docker.stack.namespace': 'shop',
    'com.docker.swarm.node.id': 'node1',
    'com.docker.swarm.service.id': 'service1',
    'com.docker.swarm.service.name': 'shop_web',
    'com.docker.swarm.task': '',
    'com.docker.swarm.task.id': 'task1',
    'com.docker.swarm.task.name': 'shop_web.1.abc',
  });
  const compose = await own.create('shop-db-2', 'postgres:17', {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'db',
    'com.docker.compose.container-number': '2',
  });
  for (const id of [swarm, compose]) await appendFile(own.log(id), jsonLine('x\n'));
  own.start({ container_labels: [] });
  for (const id of [swarm, compose]) await own.expect(id, jsonLine('x\n'));
  const of = (id: string): unknown => {
    const { site: _, 'container.id': __, ...labels } = own.streamOf(id)?.attributes.labels ?? {};
    return labels;
  };
  assert.deepEqual(of(swarm), {
    'container.name': 'shop_web.1.abc',
    'container.runtime': 'docker',
    'container.image.name': 'web',
    'container.image.tag': '1',
    'orchestrator.type': 'swarm',
    'orchestrator.namespace': 'shop',
    'orchestrator.resource.type': 'task',
    'orchestrator.resource.name': 'shop_web.1.abc',
    'orchestrator.resource.id': 'task1',
    'orchestrator.resource.parent.type': 'service',
    'service.name': 'shop_web',
    'service.id': 'service1',
    'service.node.name': 'shop_web.1.abc',
    'container.labels.com_docker_swarm_node_id': 'node1',
  });
  assert.deepEqual(of(compose), {
    'container.name': 'shop-db-2',
    'container.runtime': 'docker',
    'container.image.name': 'postgres',
    'container.image.tag': '17',
    'orchestrator.type': 'compose',
    'orchestrator.namespace': 'shop',
    'service.name': 'db',
    'service.node.name': 'db-2',
  });
});

test('containers are included and excluded by name, image and label', async () => {
  await using own = await DockerUnderTest.make();
  const web = await own.create('web-1', 'nginx:1');
  const noisy = await own.create('web-2', 'nginx:1', { 'log.ignore': 'true' });
  const byLabel = await own.create('other', 'busybox', { team: 'blue' });
  const none = await own.create('none', 'busybox', { team: 'red' });
  const all = [web, noisy, byLabel, none];
  for (const id of all) await appendFile(own.log(id), jsonLine(`${id}\n`));
  own.start({
    include: { names: [], images: ['nginx:*'], labels: ['team=blue'] },
    exclude: { ...nothing, labels: ['log.ignore=true'] },
  });
  for (const id of [web, byLabel]) await own.expect(id, jsonLine(`${id}\n`));
  assert.deepEqual(
    all.filter((id) => own.streamOf(id) !== undefined),
    [web, byLabel],
  );
});

test('containers come and go, and what was read of one that is gone is kept', async () => {
  await using own = await DockerUnderTest.make();
  const clock = { ...systemClock, sleep: sleepShorter(sweepIntervalMs) };
  own.start({}, clock);
  const id = await own.create('web', 'web');
  await appendFile(own.log(id), jsonLine('one\n'));
  await own.expect(id, jsonLine('one\n'));
  await appendFile(own.log(id), jsonLine('last\n'));
  await rm(own.folder(id), { recursive: true });
  await eventually('its end is told', () => own.eventsOf('sourceEnded').length === 1);
  await own.expect(id, jsonLine('one\n') + jsonLine('last\n'));
  assert.deepEqual(own.eventsOf('sourceEnded')[0]?.[1], 'docker:web');
});

test('a config that comes later is waited for, and one that never comes does not hold up the log for ever', async () => {
  await using own = await DockerUnderTest.make();
  const later = randomBytes(32).toString('hex');
  const never = randomBytes(32).toString('hex');
  for (const id of [later, never]) {
    await mkdir(own.folder(id));
    await appendFile(own.log(id), jsonLine('x\n'));
  }
  let passedMs = 0;
  own.start({}, { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs });
  await eventually('the folder is looked at', () => own.sink.recorded.size === 0);
  await own.configure(later, { name: 'late', image: 'web', labels: {} });
  await own.expect(later, jsonLine('x\n'));
  assert.equal(own.streamOf(later)?.attributes.labels['container.name'], 'late');
  assert.equal(own.streamOf(never), undefined);
  passedMs = configWaitMs;
  await own.expect(never, jsonLine('x\n'));
  assert.deepEqual(own.streamOf(never)?.attributes.labels, { site: 'one', 'container.id': never, 'container.runtime': 'docker' });
  assert.equal(own.eventsOf('sourceFailed').length, 1);
});

test('Docker’s rotation loses and doubles nothing, also while nobody reads', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('web', 'web');
  const lines = Array.from({ length: 8 }, (_, index) => jsonLine(`line ${index} ${'x'.repeat(1200)}\n`));
  const write = async (index: number): Promise<void> => await appendFile(own.log(id), lines[index] ?? '');
  await write(0);
  own.start();
  await own.expect(id, lines.slice(0, 1).join(''));
  await rotate(own, id);
  await write(1);
  await own.expect(id, lines.slice(0, 2).join(''));
  await write(2);
  await own.stop();
  await write(3);
  await rotate(own, id);
  await write(4);
  await rotate(own, id);
  await write(5);
  own.start();
  const all = lines.slice(0, 6);
  await eventually('all of it is there', () => own.textOf(id).length >= all.join('').length).catch(() => undefined);
  const pushed = [...own.sink.recorded.values()].flatMap(({ texts }) => texts);
  assert.deepEqual(pushed.toSorted(), all);
  assert.deepEqual(own.eventsOf('lost'), []);
});

test('a rotation between the parts of a line that Docker split: two records, the first is told to be a part', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('web', 'web');
  await appendFile(own.log(id), jsonLine('whole\n') + jsonLine('first part'));
  own.start({ idle_flush: 200 });
  await eventually('the whole line is read', () => own.textOf(id) !== '');
  await rename(own.log(id), own.log(id, '.1'));
  await writeFile(own.log(id), jsonLine(' and the rest\n') + jsonLine('next\n'));
  const pushed = (): string[] => [...own.sink.recorded.values()].flatMap(({ texts }) => texts).toSorted();
  await eventually('all of it is there', () => pushed().length === 4);
  assert.deepEqual(pushed(), ['whole\n', 'first part', ' and the rest\n', 'next\n'].map((text) => jsonLine(text)).toSorted());
});

test('a config that is half written is waited for, as long as it takes where it decides what is read', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('web', 'web', { wide: 'caf\u00e9 '.repeat(500), torn: '\ud83d' });
  const path = join(own.folder(id), 'config.v2.json');
  const config = await readFile(path, 'utf8');
  await writeFile(path, config.slice(0, -20));
  await appendFile(own.log(id), jsonLine('x\n'));
  let passedMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + (passedMs += configWaitMs / 10) };
  own.start({ include: { ...nothing, names: ['web'] } }, clock);
  await eventually('it is told', () => own.eventsOf('sourceFailed').length > 0);
  assert.equal(own.streamOf(id), undefined);
  await writeFile(path, config);
  await own.expect(id, jsonLine('x\n'));
  const labels = own.streamOf(id)?.attributes.labels ?? {};
  assert.equal(labels['container.name'], 'web');
  assert.equal(Buffer.byteLength(labels['container.labels.wide'] ?? ''), 1023, 'no half of a character is left');
  assert.equal(labels['container.labels.torn'], '\ufffd');
  assert.equal(own.eventsOf('sourceFailed').length, 1);
  assert.equal(own.eventsOf('sourceRecovered').length, 1);
});

test('a container that is renamed keeps its stream until the agent starts again, and is never read twice', async () => {
  await using own = await DockerUnderTest.make();
  const id = await own.create('old', 'web');
  await appendFile(own.log(id), jsonLine('one\n'));
  own.start();
  await own.expect(id, jsonLine('one\n'));
  await own.stop();
  await own.configure(id, { name: 'new', image: 'web', labels: {} });
  await appendFile(own.log(id), jsonLine('two\n'));
  own.start();
  await own.expect(id, jsonLine('one\n') + jsonLine('two\n'));
  assert.equal(own.streamOf(id)?.attributes.labels['container.name'], 'new');
});

/** As Docker does with `compress=true`: the newest rotated file stays as it is until the next rotation. */
async function rotate(own: DockerUnderTest, id: string): Promise<void> {
  for (let number = 3; number >= 1; number -= 1) {
    await rename(own.log(id, `.${number}.gz`), own.log(id, `.${number + 1}.gz`)).catch(() => undefined);
  }
  await rename(own.log(id), own.log(id, '.1'));
  await writeFile(own.log(id), '');
  await writeFile(own.log(id, '.1.gz'), gzipSync(await readFile(own.log(id, '.1'))));
  await rm(own.log(id, '.1'));
}

/** Sleeps of this length are over at once, but for a moment. */
function sleepShorter(ms: number): Clock['sleep'] {
  return async (wantedMs, signal) => await systemClock.sleep(wantedMs === ms ? 20 : wantedMs, signal);
}
