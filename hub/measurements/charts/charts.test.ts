import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { headsMax, idleHeadMs, rollGraceMs, writeIntervalMs } from '../limits.ts';
import { type Chunk, chunkStart, type MeasurementStore, type RollPlace, tiers } from '../store/measurement-store.ts';
import { type Chart, type ChartQuery, readChart } from './charts.ts';
import { rollOne } from './roll-up.ts';
import { SeriesBook } from './series-book.ts';

const { fine, coarse } = tiers;
const subject = 'a1'.repeat(16);
const startMs = 1_000_000 * coarse.chunkMs;

/** Keeps what it is given, as a store does. */
class Kept implements Pick<MeasurementStore, 'read' | 'write' | 'due' | 'rolled'> {
  readonly chunks = new Map<string, Chunk>();
  readonly marks = new Map<string, RollPlace>();
  isBroken = false;
  writes = 0;

  async write(chunks: readonly Chunk[]): Promise<void> {
    if (this.isBroken) throw new Error('the disk is full');
    for (const chunk of chunks) {
      this.writes += 1;
      this.chunks.set(`${chunk.tier} ${chunk.subject} ${chunk.startMs}`, chunk);
      const place = { subject: chunk.subject, startMs: chunkStart('coarse', chunk.startMs) };
      if (chunk.tier === 'fine') this.marks.set(`${place.subject} ${place.startMs}`, place);
    }
  }

  async read(...[of, { fromMs, toMs }]: Parameters<MeasurementStore['read']>): Promise<readonly Chunk[]> {
    const found = [...this.chunks.values()].filter((chunk) => chunk.subject === of.subject && chunk.tier === of.tier);
    const within = found.filter((chunk) => chunk.startMs >= fromMs && chunk.startMs < toMs);
    return within.toSorted((one, other) => one.startMs - other.startMs);
  }

  async due(beforeMs: number, limit: number): Promise<readonly RollPlace[]> {
    return [...this.marks.values()].filter((mark) => mark.startMs < beforeMs).slice(0, limit);
  }

  async rolled(places: readonly RollPlace[]): Promise<void> {
    for (const place of places) this.marks.delete(`${place.subject} ${place.startMs}`);
  }
}

class Unit {
  readonly clock = new ManualClock(startMs);
  readonly kept = new Kept();
  book = new SeriesBook({ store: this.kept, clock: this.clock });

  /** One value every so often, from now on. */
  measure(name: string, values: readonly number[], everyMs: number = fine.stepMs): void {
    for (const value of values) {
      this.book.add({ subject, atMs: this.clock.now(), values: { [name]: value } });
      this.clock.advance(everyMs);
    }
  }

  chart(query: Partial<ChartQuery> = {}): Promise<Chart> {
    const range = { subject, fromMs: startMs, toMs: this.clock.now(), points: 300 };
    return readChart({ book: this.book, store: this.kept, nowMs: this.clock.now() }, { ...range, ...query });
  }

  async roll(): Promise<void> {
    for (const place of await this.kept.due(this.clock.now() - coarse.chunkMs - rollGraceMs, 1000))
      await rollOne({ store: this.kept }, place);
  }
}

test('a chart has each value in its step, from memory as from the store', async () => {
  const unit = new Unit();
  unit.measure('cpu', [10, 20, 30]);
  const fromMemory = await unit.chart();
  assert.deepEqual(fromMemory, { fromMs: startMs, stepMs: fine.stepMs, series: new Map([['cpu', [10, 20, 30]]]) });
  await unit.book.flush(true);
  unit.book = new SeriesBook({ store: unit.kept, clock: unit.clock });
  assert.deepEqual(await unit.chart(), fromMemory);
  unit.measure('cpu', [40]);
  assert.deepEqual((await unit.chart()).series.get('cpu'), [10, 20, 30, 40]);
});

test('fewer points are averages, and only what is asked for is told', async () => {
  const unit = new Unit();
  unit.measure('cpu', [10, 20, 30, 40, 50, 60]);
  unit.book.add({ subject, atMs: startMs, values: { load1: 1 } });
  const { stepMs, series } = await unit.chart({ points: 3, isWanted: (name) => name === 'cpu' });
  assert.equal(stepMs, 2 * fine.stepMs);
  assert.deepEqual([...series], [['cpu', [15, 35, 55]]]);
});

test('what is told once a minute is drawn through, a longer silence is a hole', async () => {
  const unit = new Unit();
  unit.measure('lag', [5, 6], 60_000);
  unit.clock.advance(60_000);
  unit.measure('lag', [7]);
  const values = (await unit.chart()).series.get('lag') ?? [];
  assert.deepEqual(values.slice(0, 8), [5, 5, 5, 5, 5, 5, 6, 6]);
  assert.deepEqual(values.slice(13, 18), [6, null, null, null, null]);
  assert.equal(values.at(-1), 7);
});

test('a head is written after its time and seldom, and forgotten when its stretch is over', async () => {
  const unit = new Unit();
  unit.measure('cpu', [1]);
  await unit.book.flush();
  assert.equal(unit.kept.writes, 0);
  unit.clock.advance(writeIntervalMs);
  await unit.book.flush();
  await unit.book.flush();
  assert.equal(unit.kept.writes, 1);
  unit.clock.advance(fine.chunkMs + idleHeadMs);
  await unit.book.flush();
  unit.kept.chunks.clear();
  assert.deepEqual([...(await unit.chart()).series], [], 'nothing of it is in memory any more');
});

test('a store that fails is tried again, and nothing is lost', async () => {
  const unit = new Unit();
  unit.measure('cpu', [1, 2]);
  unit.kept.isBroken = true;
  await assert.rejects(unit.book.flush(true), /full/);
  unit.kept.isBroken = false;
  await unit.book.flush(true);
  unit.book = new SeriesBook({ store: unit.kept, clock: unit.clock });
  assert.deepEqual((await unit.chart()).series.get('cpu'), [1, 2]);
});

test('what comes late goes where it belongs, over what is stored', async () => {
  const unit = new Unit();
  unit.measure('cpu', [1, 2, 3]);
  await unit.book.flush(true);
  unit.clock.advance(2 * fine.chunkMs);
  await unit.book.flush();
  unit.book.add({ subject, atMs: startMs + fine.stepMs, values: { cpu: 9, load1: 4 } });
  await unit.book.flush(true);
  unit.book = new SeriesBook({ store: unit.kept, clock: unit.clock });
  const { series } = await unit.chart({ toMs: startMs + 3 * fine.stepMs });
  assert.deepEqual(series.get('cpu'), [1, 9, 3]);
  assert.deepEqual(series.get('load1'), [null, 4, null]);
});

test('what another hub measured is shown here, and written there', async () => {
  const unit = new Unit();
  unit.book.add({ subject, atMs: startMs, values: { cpu: 5 } }, false);
  unit.clock.advance(fine.stepMs);
  await unit.book.flush(true);
  assert.equal(unit.kept.writes, 0);
  assert.deepEqual((await unit.chart()).series.get('cpu'), [5]);
});

test('times out of all reason are nowhere', async () => {
  const unit = new Unit();
  unit.book.add({ subject, atMs: startMs - 3 * fine.keptMs, values: { cpu: 5 } });
  unit.book.add({ subject, atMs: startMs + 3_600_000, values: { cpu: 5 } });
  await unit.book.flush(true);
  assert.equal(unit.kept.writes, 0);
});

test('a month is drawn of averages, the newest of them made as they are asked for', async () => {
  const unit = new Unit();
  for (let chunk = 0; chunk < 2 * (coarse.chunkMs / fine.chunkMs); chunk += 1) {
    unit.measure(
      'cpu',
      Array.from({ length: fine.chunkMs / fine.stepMs }, (_, step) => (step % 2) * 2 + chunk),
    );
    await unit.book.flush(true);
  }
  unit.clock.advance(rollGraceMs + 1000);
  await unit.roll();
  const rolled = [...unit.kept.chunks.values()].filter(({ tier }) => tier === 'coarse');
  assert.deepEqual(
    rolled.map((chunk) => chunk.startMs),
    [startMs, startMs + coarse.chunkMs],
  );
  unit.measure('cpu', [50]);
  const { stepMs, series } = await unit.chart({ points: 20 });
  assert.equal(stepMs % coarse.stepMs, 0);
  const values = series.get('cpu') ?? [];
  assert.equal(values[0], 1.25);
  assert.equal(values.at(-1), 50);
  // Late for a chunk that is rolled: it is rolled again.
  unit.book.add({ subject, atMs: startMs, values: { cpu: 500 } });
  await unit.book.flush(true);
  await unit.roll();
  const again = await unit.chart({ points: 20 });
  assert.ok((again.series.get('cpu')?.[0] ?? 0) > 1.25);
});

/** An agent that was away for a day brings the end of a stretch whose beginning is not there any more. */
test('what comes very late takes nothing from the averages that were made before', async () => {
  const unit = new Unit();
  unit.measure('cpu', [10, 20]);
  await unit.book.flush(true);
  unit.clock.advance(coarse.chunkMs + rollGraceMs);
  await unit.roll();
  const soon = { fromMs: startMs, toMs: startMs + coarse.chunkMs, points: 20 };
  assert.equal((await unit.chart(soon)).series.get('cpu')?.[0], 15);
  for (const [key, { tier }] of unit.kept.chunks) if (tier === 'fine') unit.kept.chunks.delete(key);
  unit.book.add({ subject, atMs: startMs + 4 * 3_600_000, values: { cpu: 90 } });
  await unit.book.flush(true);
  await unit.roll();
  const values = (await unit.chart(soon)).series.get('cpu') ?? [];
  assert.equal(values[0], 15);
  assert.ok(values.includes(90));
});

test('of more heads than there may be nothing is kept, and those that are there go on', () => {
  const unit = new Unit();
  const add = (number: number): void => unit.book.add({ subject: `${number}`, atMs: startMs, values: { cpu: 1 } });
  for (let number = 0; number < headsMax; number += 1) add(number);
  assert.equal(unit.book.dropped, 0);
  add(headsMax);
  add(0);
  assert.equal(unit.book.dropped, 1);
});
