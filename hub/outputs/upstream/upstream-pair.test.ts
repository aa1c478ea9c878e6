import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpstreamPair, type WayReport } from './upstream-pair.ts';

const well = { connected: true, waits: false, answered: 0 };
const away = { connected: false, waits: true, answered: 0 };
const there = { connected: true };

/** Looks every 250 ms from one time to another. Returns when it turned, and to whom. */
function turns(
  pair: UpstreamPair,
  [fromMs, toMs]: [number, number],
  report: (ms: number) => WayReport,
  standby = there,
): string[] {
  const found: string[] = [];
  for (let ms = fromMs; ms < toMs; ms += 250) if (pair.look(ms, report(ms), standby)) found.push(`${ms} ${pair.active}`);
  return found;
}

test('the standby is sent to when there was no connection for the time, and no longer than that', () => {
  const pair = new UpstreamPair({ afterMs: 10_000 });
  assert.deepEqual(
    turns(pair, [0, 5000], () => well),
    [],
  );
  assert.deepEqual(
    turns(pair, [5000, 20_000], () => away),
    ['14750 standby'],
  );
  assert.deepEqual(
    turns(pair, [20_000, 30_000], () => well),
    ['23000 primary'],
  );
});

test('a connection over which nothing is taken is none', () => {
  const pair = new UpstreamPair({ afterMs: 10_000 });
  assert.deepEqual(
    turns(pair, [0, 12_000], () => ({ connected: true, waits: true, answered: 7 })),
    ['10000 standby'],
  );
  const slow = new UpstreamPair({ afterMs: 10_000 });
  const answers = (ms: number): WayReport => ({ connected: true, waits: true, answered: Math.floor(ms / 9000) });
  assert.deepEqual(turns(slow, [0, 60_000], answers), []);
});

test('one that comes and goes is not gone back to', () => {
  const pair = new UpstreamPair({ afterMs: 1000 });
  const flapping = (ms: number): WayReport => (ms % 2000 === 0 ? well : away);
  assert.deepEqual(
    turns(pair, [0, 2000], () => away),
    ['1000 standby'],
  );
  assert.deepEqual(turns(pair, [2000, 30_000], flapping), []);
});

test('one that can be reached and takes nothing is tried less and less often, until it lasts', () => {
  const pair = new UpstreamPair({ afterMs: 10_000 });
  const stuck = (): WayReport => ({ connected: true, waits: pair.active === 'primary', answered: 0 });
  assert.deepEqual(turns(pair, [0, 61_000], stuck), [
    '10000 standby',
    '13000 primary',
    '23000 standby',
    '29000 primary',
    '39000 standby',
    '51000 primary',
  ]);
  assert.deepEqual(
    turns(pair, [61_000, 200_000], () => well),
    [],
  );
  assert.deepEqual(turns(pair, [200_000, 214_000], stuck), ['209750 standby', '212750 primary']);
});

test('without a standby that can be reached nothing changes', () => {
  const pair = new UpstreamPair({ afterMs: 1000 });
  const gone = { connected: false };
  assert.deepEqual(
    turns(pair, [0, 10_000], () => away, gone),
    [],
  );
  assert.deepEqual(
    turns(pair, [10_000, 11_000], () => away),
    ['10000 standby'],
  );
  assert.deepEqual(
    turns(pair, [11_000, 12_000], () => well, gone),
    ['11000 primary'],
  );
});
