import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Run, SourceStatus, StreamState } from '../../inputs/input.ts';
import { eventually } from '../../inputs/testing/input-under-test.ts';
import { type LocalRoutes, serveLocal } from '../status-server.ts';
import { readTap } from './read-tap.ts';
import { serveTap, type TappedAgent } from './serve-tap.ts';
import type { SkippedRecords, TappedRecord } from './tapped-record.ts';
import { Taps } from './taps.ts';

const web = 'aa'.repeat(16);
const app = 'bb'.repeat(16);
const messages = 'cc'.repeat(16);

function stateOf(streamId: string, path: string, type: string, more: { encoding?: string; counted?: boolean } = {}): StreamState {
  const { encoding = 'utf-8', counted = false } = more;
  const identity = { path, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  const attributes = { tenant: 'acme', type, host: 'here', encoding, counted, labels: {} };
  return { streamId, identity, attributes, start: 0, position: 0, mark: '', ended: false };
}

function runOf(streamId: string, text: string, more: Partial<Run> = {}): Run {
  const bytes = Buffer.from(text);
  const records = text.split('\n').length - 1;
  const marks = { fromMark: '', toMark: '' };
  return {
    streamId,
    from: 0,
    to: bytes.length,
    bytes,
    records,
    cuts: [],
    lengths: [],
    drops: [],
    ...marks,
    overflow: 'block',
    ...more,
  };
}

/** An agent of which only the streams and their inputs are there, with its socket. */
class TapUnderTest implements AsyncDisposable {
  readonly taps = new Taps();
  readonly told: (TappedRecord | SkippedRecords)[] = [];
  readonly #stop = new AbortController();
  readonly #owned = new AsyncDisposableStack();
  #socketPath = '';
  #done: Promise<'none' | 'over'> = Promise.resolve('none');

  readonly #agent: TappedAgent = {
    buffer: {
      stream: (streamId) => {
        const state = this.#states.find((one) => one.streamId === streamId);
        assert(state !== undefined);
        return state;
      },
    },
    inputs: {
      sources: () => {
        this.asked += 1;
        return this.#states.map(({ streamId, identity: { path } }) => ({
          ...this.#source(streamId, path),
          input: inputs[path] ?? '',
        }));
      },
    },
  };
  readonly #states = [
    stateOf(web, '/var/log/web/access.log', 'nginx'),
    stateOf(app, '/var/log/app.log', 'app', { encoding: 'windows-1252' }),
    stateOf(messages, 'udp://127.0.0.1:514 192.0.2.1', 'syslog', { counted: true }),
  ];
  asked = 0;

  async serve(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'tributary-tap-'));
    this.#owned.defer(async () => await rm(folder, { recursive: true }));
    this.#socketPath = join(folder, 'agent.sock');
    const agent = this.#agent;
    const routes: LocalRoutes = { 'GET /tap': async (request) => await serveTap({ ...request, agent, taps: this.taps }) };
    this.#owned.use(await serveLocal(this.#socketPath, routes));
  }

  /** Resolves when the tap is in place. */
  async tap(query: Readonly<Record<string, string>> = {}): Promise<void> {
    const asked = { socketPath: this.#socketPath, query: new URLSearchParams(query), signal: this.#stop.signal };
    this.#done = readTap(asked, (_line, told) => void this.told.push(told));
    this.#done.catch(() => undefined);
    await eventually('the tap is in place', () => this.taps.count > 0);
  }

  /** A client that reads nothing. */
  connect(request: string): Socket {
    const socket = connect(this.#socketPath);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(request);
    return socket;
  }

  async refused(query: Readonly<Record<string, string>>): Promise<void> {
    await readTap(
      { socketPath: this.#socketPath, query: new URLSearchParams(query), signal: this.#stop.signal },
      () => undefined,
    );
  }

  get records(): TappedRecord[] {
    return this.told.filter((one): one is TappedRecord => !('skipped' in one));
  }

  get skipped(): number {
    return this.told.reduce((sum, one) => sum + ('skipped' in one ? one.skipped : 0), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done.catch(() => undefined);
    await eventually('nobody looks any more', () => this.taps.count === 0);
    await this.#owned[Symbol.asyncDispose]();
  }

  #source(streamId: string, path: string): SourceStatus {
    return { path, streamId, position: 0, size: 0, state: 'reading' };
  }
}

const inputs: Readonly<Record<string, string>> = {
  '/var/log/web/access.log': 'file-1',
  '/var/log/app.log': 'file-1',
  'udp://127.0.0.1:514 192.0.2.1': 'syslog-2',
};

test('records are told as they are shipped, with their places', async () => {
  await using unit = new TapUnderTest();
  await unit.serve();
  await unit.tap();
  const drops = [{ offset: 4, span: 100, records: 3 }];
  unit.taps.offer(runOf(web, 'one\ntwo\nhalf', { from: 1000, records: 3, drops, cuts: [{ offset: 12, cause: 'idle' }] }));
  unit.taps.offer(runOf(app, '', { bytes: Buffer.from([0x80, 10]), records: 1 }));
  unit.taps.offer(runOf(messages, 'ab', { from: 7, lengths: [1, 1], records: 2 }));
  await eventually('all are told', () => unit.records.length === 6);
  assert.deepEqual(
    unit.records.map(({ time: _time, ...told }) => told).slice(0, 3),
    [
      { text: 'one', position: 1000, bytes: 4 },
      { text: 'two', position: 1104, bytes: 4 },
      { text: 'half', position: 1108, bytes: 4, partial: true },
    ].map((told) => ({ input: 'file-1', path: '/var/log/web/access.log', tenant: 'acme', type: 'nginx', ...told })),
  );
  assert.equal(unit.records[3]?.text, '\u20ac');
  assert.deepEqual(
    unit.records.slice(4).map(({ input, position, text }) => [input, position, text]),
    [
      ['syslog-2', 7, 'a'],
      ['syslog-2', 8, 'b'],
    ],
  );
  assert.equal(unit.asked, 1, 'inputs are asked once for all');
});

for (const [query, expected] of [
  [{ input: 'syslog-2' }, ['c']],
  [{ type: 'app' }, ['b']],
  [{ path: '/var/log/**/*.log' }, ['a', 'b']],
  [{ path: '/var/log/app.log' }, ['b']],
  [{ path: '/var/log/*', type: 'app', input: 'file-1' }, ['b']],
] as const) {
  test(`only what is asked for: ${JSON.stringify(query)}`, async () => {
    await using unit = new TapUnderTest();
    await unit.serve();
    await unit.tap(query);
    for (const [stream, text] of [
      [web, 'a\n'],
      [app, 'b\n'],
      [messages, 'c\n'],
    ] as const) {
      unit.taps.offer(runOf(stream, text, stream === messages ? { lengths: [2] } : {}));
    }
    await eventually('they are told', () => unit.records.length >= expected.length);
    assert.deepEqual(
      unit.records.map(({ text }) => text),
      expected,
    );
    assert.equal(unit.skipped, 0);
  });
}

test('no more than the rate is told, and what is left out is counted', async () => {
  await using unit = new TapUnderTest();
  await unit.serve();
  await unit.tap({ rate: '5' });
  unit.taps.offer(runOf(web, 'x\n'.repeat(1000)));
  await eventually('the others are counted', () => unit.skipped > 0);
  assert.equal(unit.records.length, 5);
  assert.equal(unit.skipped, 995);
  unit.taps.offer(runOf(web, 'next\n'));
  await eventually('the next second has its own', () => unit.records.length === 6);
});

test('a rate that is none is refused with a reason', async () => {
  await using unit = new TapUnderTest();
  await unit.serve();
  await assert.rejects(unit.refused({ rate: '0' }), /rate must be a number of records a second from 1 to 10000/);
});

test('without anybody a run is looked at by nobody', () => {
  const taps = new Taps();
  const runs: Run[] = [];
  const looking = taps.add((run) => runs.push(run));
  taps.offer(runOf(web, 'a\n'));
  looking[Symbol.dispose]();
  taps.offer(runOf(web, 'b\n'));
  assert.equal(runs.length, 1);
  assert.equal(taps.count, 0);
});

test('one that cannot be told of a record is ended, and what is shipped goes on', async () => {
  await using unit = new TapUnderTest();
  await unit.serve();
  await unit.tap();
  unit.taps.offer(runOf('unknown', 'one\n'));
  await eventually('it is ended', () => unit.taps.count === 0);
});

test('readers that do not read cost no more than a little memory each, and there are so many of them at most', async () => {
  await using unit = new TapUnderTest();
  await unit.serve();
  const deaf = Array.from({ length: 16 }, () => unit.connect('GET /tap?rate=10000 HTTP/1.1\r\nHost: x\r\n\r\n'));
  await eventually('all are in place', () => unit.taps.count === deaf.length);
  await assert.rejects(unit.refused({}), /16 others look already/);
  const before = process.memoryUsage().external + process.memoryUsage().heapUsed;
  const run = runOf(web, `${'x'.repeat(999)}\n`.repeat(1000));
  for (let push = 0; push < 20; push += 1) unit.taps.offer(run);
  const grown = process.memoryUsage().external + process.memoryUsage().heapUsed - before;
  assert.ok(grown < 150_000_000, `${grown} bytes for ${deaf.length} readers`);
  for (const socket of deaf) socket.destroy();
  await eventually('nobody looks any more', () => unit.taps.count === 0);
});
