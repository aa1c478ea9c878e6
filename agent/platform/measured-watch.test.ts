import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { newCounters } from '../counters.ts';
import { documentBytesMax, firstMeasuredMs, measuredFilesMax } from './limits.ts';
import { MeasuredWatch, type MeasuredWatchParts } from './measured-watch.ts';

type Status = ReturnType<MeasuredWatchParts['status']>;

const uplink: Status['uplink'] = {
  state: 'connected',
  hub: 'wss://hub:7701',
  hubId: undefined,
  siteId: undefined,
  trouble: '',
  connectedSinceMs: 0,
  attempts: 0,
  hubs: [],
};
const noTls = {
  source: 'none',
  certificate: undefined,
  site: undefined,
  authorities: [],
  problem: '',
  renewal: undefined,
} as const;
const records = { found: 2, appended: 10, acked: 6, unacked: 4, dropped: 1, rejected: 1 };

class Unit {
  readonly clock = new ManualClock();
  readonly told: AgentMeasured[] = [];
  readonly counters = newCounters();
  state: Status['buffer']['state'] = 'open';
  sources: Status['sources'] = [];
  cpuMs = 0;
  readonly watch: MeasuredWatch;

  constructor(periodMs = 10_000) {
    this.watch = new MeasuredWatch({
      status: () => this.status(),
      booked: { counters: this.counters, batcher: { stagedRecords: 3 }, buffer: { status: () => ({ records }) } },
      tell: (measured) => this.told.push(measured),
      clock: this.clock,
      periodMs,
      cpuUsage: () => ({ user: this.cpuMs * 1000, system: 0 }),
    });
  }

  /** After so long. */
  look(afterMs = 10_000): AgentMeasured | undefined {
    const before = this.told.length;
    this.clock.advance(afterMs);
    this.watch.look();
    return this.told[before];
  }

  readFile(position: number, size: number): void {
    const [source] = this.sources;
    const streamId = source?.streamId ?? 'ab'.repeat(16);
    this.sources = [{ input: 'file-1', path: '/var/log/a', streamId, position, size, state: 'reading', lag: size - position }];
  }

  status(): Status {
    const lag = this.sources.reduce((sum, source) => sum + source.lag, 0);
    const sums = { sources: this.sources.length, failed: 0, lag };
    const base = { overflow: 'block', listen: [], listening: [], trouble: '', failing: 0 } as const;
    return {
      state: 'running',
      startedMs: 0,
      uplink,
      tls: noTls,
      buffer: {
        batches: 2,
        unackedBatches: 1,
        unackedBytes: 70,
        retainedBytes: 100,
        maxBytes: 1000,
        reserveBytes: 0,
        records,
        state: this.state,
        inFlightBytes: 0,
        losses: 0,
        positionsLost: 0,
        lostByCause: {},
      },
      inputs: [
        { ...base, ...sums, name: 'file-1', kind: 'file', type: 'app' },
        { ...base, name: 'metrics-2', kind: 'metrics', type: 'platform', sources: 1, failed: 0, lag: 0 },
      ],
      sources: this.sources,
      sourcesTotal: this.sources.length,
      rates: { recordsRead: 3, bytesRead: 300, bytesSent: 30 },
      memory: { rssBytes: 50_000_000 },
      counters: this.counters,
    };
  }
}

test('it is told while something changes, once more after it, and then once a minute', () => {
  const unit = new Unit();
  const told: boolean[] = [];
  unit.readFile(0, 0);
  for (const position of [10, 20, 30, 30, 30, 30, 30, 30, 30, 30, 30]) {
    unit.readFile(position, position);
    told.push(unit.look() !== undefined);
  }
  assert.deepEqual(told, [true, true, true, true, false, false, false, false, false, true, false]);
});

test('what is measured of the machine makes no agent busy, and a full buffer is told seldom', () => {
  const unit = new Unit();
  unit.look();
  unit.look();
  const [metrics] = [{ input: 'metrics-2', path: 'metrics-2', streamId: 'cd'.repeat(16), state: 'reading', lag: 0 } as const];
  unit.sources = [{ ...metrics, position: 5, size: 5 }];
  assert.ok(unit.look() !== undefined, 'a source came');
  unit.look();
  unit.sources = [{ ...metrics, position: 40, size: 40 }];
  assert.equal(unit.look(), undefined);
  const full = new Unit();
  full.state = 'full';
  const times = Array.from({ length: 12 }, (_, turn) => {
    full.readFile(turn, turn);
    return full.look();
  });
  assert.equal(times.filter((measured) => measured !== undefined).length, 2);
});

test('its books, its memory and its processor time are told', () => {
  const unit = new Unit();
  Object.assign(unit.counters, { recordsRead: 14, recordsSkipped: 1 });
  unit.counters.filtered.excluded = 5;
  unit.cpuMs = 200;
  const measured = unit.look();
  assert.deepEqual(measured?.books, {
    read: 21,
    acked: 6,
    buffered: 7,
    filtered: 5,
    lost: { 'buffer-full': 2, rejected: 1 },
    unaccounted: 0,
  });
  assert.deepEqual(measured.process, { rss_bytes: 50_000_000, cpu_percent: 2 });
  assert.deepEqual(measured.rates, { records: 3, bytes: 300, sent_bytes: 30 });
});

test('a file that is behind is told with how long it has been, and when it was read last', () => {
  const unit = new Unit();
  unit.readFile(10, 10);
  assert.equal(unit.look()?.files?.[0]?.lag_seconds, undefined);
  for (const size of [40, 50]) {
    unit.readFile(10, size);
    unit.look();
  }
  unit.readFile(20, 60);
  const [file] = unit.look()?.files ?? [];
  assert.deepEqual([file?.lag, file?.lag_seconds, file?.last_read_ms], [40, 20, 40_000]);
  unit.readFile(45, 60);
  assert.equal(unit.look()?.files, undefined, 'files are told every half minute');
  unit.look(20_000);
  assert.equal(unit.told.at(-1)?.files?.[0]?.lag_seconds, 40, 'what lay before 45 is read');
});

test('an event is bounded, whatever there is', () => {
  const unit = new Unit();
  unit.sources = Array.from({ length: 20_000 }, (_, number) => {
    const path = `/var/log/${'x'.repeat(4000)}${number}`;
    return { input: 'file-1', path, streamId: 'ab'.repeat(16), position: 0, size: 9, state: 'reading', lag: 9 };
  });
  const measured = unit.look();
  assert.equal(measured?.files?.length, measuredFilesMax);
  assert.equal(measured.files_total, 20_000);
  assert.ok(JSON.stringify(measured).length < documentBytesMax / 2);
});

test('it looks soon after the start, and ends when it is told to', async () => {
  const unit = new Unit();
  const abort = new AbortController();
  const done = unit.watch.run(abort.signal);
  unit.clock.advance(firstMeasuredMs);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(unit.told.length, 1);
  abort.abort();
  await done;
});
