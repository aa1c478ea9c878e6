import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { machineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
import type { Input } from '../input.ts';
import { eventually } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type RecordedEvent, recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { createMetricsInput } from './metrics-input.ts';
import type { MetricsInputOptions } from './options.ts';
import { nextDueMs, periodMsOf } from './schedule.ts';
import { testMetricsOptions } from './testing/metric-fields.ts';

const skip = process.platform === 'linux' ? undefined : 'the files of a machine are those of Linux';

type Told = Record<string, Record<string, unknown>>;

interface Unit extends AsyncDisposable {
  readonly input: Input;
  readonly sink: RecordingSink;
  readonly clock: ManualClock;
  readonly events: RecordedEvent[];
  readonly root: string;
  /** Of the sets; and of the machine as a whole. */
  readonly documents: () => readonly Told[];
  readonly samples: () => readonly Told[];
  /** Lets time pass once the input sleeps, and waits until it sleeps again. */
  readonly turn: (ms: number) => Promise<void>;
}

async function start(t: TestContext, options: Partial<MetricsInputOptions>, sink = new RecordingSink()): Promise<Unit> {
  const root = mkdtempSync(join(tmpdir(), 'tributary-metrics-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'proc'));
  writeFileSync(join(root, 'proc/loadavg'), '1.00 2.00 3.00 1/2 3\n');
  writeFileSync(join(root, 'proc/uptime'), '500.25 1\n');
  const clock = new ManualClock();
  const events: RecordedEvent[] = [];
  const input = createMetricsInput({
    name: 'metrics-1',
    options: { ...testMetricsOptions, containers: false, host_root: root, ...options },
    sink,
    events: recordingEvents(events),
    clock,
    defaults: { tenant: 'acme', host: 'here', labels: { site: 'one' } },
    agentId: 'aa'.repeat(16),
  });
  const abort = new AbortController();
  const done = input.run(abort.signal);
  const sleeps = async (): Promise<void> => await eventually('the input sleeps', () => clock.sleeping === 1);
  const all = (): Told[] => sink.texts('metrics-1').map((text): Told => JSON.parse(text));
  return {
    input,
    sink,
    clock,
    events,
    root,
    documents: () => all().filter(({ event }) => event?.['dataset'] !== machineMeasured),
    samples: () => all().filter(({ event }) => event?.['dataset'] === machineMeasured),
    turn: async (ms) => {
      await sleeps();
      clock.advance(ms);
      // Whoever was woken needs a moment to wake.
      await immediate();
      await sleeps();
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await done;
    },
  };
}

test('documents are records of a stream of the platform channel', { skip }, async (t) => {
  const unit = await start(t, { sets: ['load'], labels: { rack: '7' } });
  await unit.turn(0);
  const [stream] = unit.sink.of('metrics-1');
  assert.deepEqual(
    { ...stream?.attributes },
    {
      tenant: 'acme',
      type: 'platform',
      host: 'here',
      encoding: 'utf-8',
      counted: true,
      labels: { site: 'one', rack: '7' },
    },
  );
  assert.equal(stream?.overflow, 'drop_newest');
  const [document] = unit.documents();
  const { version, ...agent } = document?.['agent'] ?? {};
  assert.ok(typeof version === 'string');
  assert.deepEqual(agent, { id: 'aa'.repeat(16), name: 'here', type: 'tributary' });
  assert.deepEqual(
    { ...document, agent: {} },
    {
      '@timestamp': '1970-01-01T00:00:00.000Z',
      ecs: { version: '8.17.0' },
      host: { name: 'here' },
      agent: {},
      event: { kind: 'metric', module: 'system', dataset: 'system.load', duration: 0 },
      metricset: { name: 'load', period: 10_000 },
      service: { type: 'system' },
      system: { load: { cores: 1, '1': 1, '5': 2, '15': 3, norm: { '1': 1, '5': 2, '15': 3 } } },
      labels: { site: 'one', rack: '7' },
    },
  );
  const [source] = unit.input.sources();
  assert.deepEqual({ ...source, streamId: '' }, { path: 'metrics-1', streamId: '', position: 2, size: 2, state: 'reading' });
  await unit[Symbol.asyncDispose]();
  assert.equal(unit.sink.of('metrics-1')[0]?.ended, true, 'nothing more comes of the stream');
});

test('how the machine is, is told in one document of what was measured in the turn', { skip }, async (t) => {
  await using unit = await start(t, { sets: ['load', 'memory', 'uptime'], intervals: { memory: 20_000 } });
  writeFileSync(join(unit.root, 'proc/meminfo'), 'MemTotal: 100 kB\nMemAvailable: 75 kB\nSwapTotal: 10 kB\nSwapFree: 5 kB\n');
  await unit.turn(20_000);
  await unit.turn(10_000);
  const [, first, second] = unit.samples();
  assert.deepEqual(first?.['tributary'], { machine: { load1: 1, memory: 25, swap: 50 } });
  assert.deepEqual(first?.['event'], { kind: 'metric', module: 'tributary', dataset: 'tributary.machine', duration: 0 });
  assert.deepEqual(second?.['tributary'], { machine: { load1: 1 } });
});

test('each set is measured on its own interval', { skip }, async (t) => {
  await using unit = await start(t, { sets: ['load', 'uptime'], intervals: { load: 5000, uptime: 12_000 } });
  for (let turn = 0; turn < 24; turn += 1) await unit.turn(1000);
  const times = (dataset: string): unknown[] =>
    unit
      .documents()
      .filter(({ event }) => event?.['dataset'] === dataset)
      .map((document) => Date.parse(JSON.stringify(document['@timestamp']).slice(1, -1)));
  assert.deepEqual(times('system.load'), [0, 5000, 10_000, 15_000, 20_000]);
  assert.deepEqual(times('system.uptime'), [0, 12_000, 24_000]);
});

test('what could not be measured in time is left out, not made up for', { skip }, async (t) => {
  await using unit = await start(t, { sets: ['load'] });
  await unit.turn(35_000);
  assert.equal(unit.documents().length, 2);
  await unit.turn(5000);
  assert.equal(unit.documents().length, 3, 'and it goes on in its rhythm');
});

test('a set that the machine does not tell is told once, the others go on, and it is asked again', { skip }, async (t) => {
  await using unit = await start(t, { sets: ['memory', 'load'] });
  await unit.turn(10_000);
  await unit.turn(10_000);
  const failures = unit.events.filter(([name]) => name === 'sourceFailed');
  assert.deepEqual(
    failures.map(([, path]) => path),
    ['metrics-1 memory'],
  );
  assert.equal(unit.documents().length, 3);
  writeFileSync(join(unit.root, 'proc/meminfo'), 'MemTotal: 100 kB\nMemFree: 50 kB\nMemAvailable: 60 kB\n');
  await unit.turn(10_000);
  assert.deepEqual(unit.events.at(-1)?.slice(0, 2), ['sourceRecovered', 'metrics-1 memory']);
  assert.equal(unit.documents().length, 5);
});

test('while there is no room nothing is measured', { skip }, async (t) => {
  const unit = await start(t, { sets: ['load'] });
  await eventually('the first one is pushed', () => unit.documents().length === 1);
  unit.sink.setRoom(false);
  await eventually('the input sleeps', () => unit.clock.sleeping === 1);
  unit.clock.advance(10_000);
  await eventually('it waits for room', () => unit.documents().length === 2 && unit.clock.sleeping === 0);
  unit.clock.advance(100_000);
  unit.sink.setRoom(true);
  await eventually('it goes on', () => unit.documents().length === 3);
  await eventually('the input sleeps', () => unit.clock.sleeping === 1);
  unit.sink.setRoom(false);
  unit.clock.advance(10_000);
  await unit[Symbol.asyncDispose]();
});

test('a stream that a killed process left is ended at the next start; another input has its own', { skip }, async (t) => {
  const sink = new RecordingSink();
  const attributes = { tenant: 'acme', type: 'platform', host: 'here', encoding: 'utf-8', counted: true, labels: {} };
  const identity = { path: '', device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  const left = await sink.openStream({ identity: { ...identity, path: 'metrics-1' }, attributes, start: 0 });
  const other = await sink.openStream({ identity: { ...identity, path: 'agent' }, attributes, start: 0 });
  await using unit = await start(t, { sets: ['load'] }, sink);
  await unit.turn(0);
  assert.equal(sink.recorded.get(left.streamId)?.ended, true);
  assert.equal(sink.recorded.get(other.streamId)?.ended, false);
  await unit.sink.replace(unit.input.sources()[0]?.streamId ?? '');
  await unit.turn(10_000);
  assert.equal(unit.documents().length, 2, 'a stream that was replaced goes on');
});

test('slow sets have a slower interval of their own', () => {
  assert.equal(periodMsOf('cpu', testMetricsOptions), 10_000);
  assert.equal(periodMsOf('filesystem', testMetricsOptions), 60_000);
  assert.equal(periodMsOf('filesystem', { ...testMetricsOptions, interval: 120_000 }), 120_000);
  assert.equal(periodMsOf('filesystem', { ...testMetricsOptions, intervals: { filesystem: 5000 } }), 5000);
  assert.equal(nextDueMs(0, 10, 9), 10);
  assert.equal(nextDueMs(0, 10, 10), 20);
  assert.equal(nextDueMs(0, 10, 31), 40);
});
