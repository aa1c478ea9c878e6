import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openSchedule } from './schedule.ts';

test('a schedule knows its next time, in its own time zone', async () => {
  const timeZone = 'Asia/Kolkata';
  using schedule = await openSchedule({ expression: '30 4 * * *', timeZone, onDue: () => undefined });
  const next = schedule.nextMs();
  assert(next !== undefined && next > Date.now());
  const there = new Date(next).toLocaleTimeString('en-GB', { timeZone, timeStyle: 'short' });
  assert.equal(there, '04:30');
});

test('it calls when it is due, and not after it was disposed of', async () => {
  const due = Promise.withResolvers<void>();
  let calls = 0;
  const onDue = (): void => {
    calls += 1;
    due.resolve();
  };
  // The schedule's own timer keeps no process alive; this one does.
  const keepAlive = setTimeout(() => due.reject(new Error('not in time')), 5000);
  const schedule = await openSchedule({ expression: '* * * * * *', timeZone: undefined, onDue });
  await due.promise;
  clearTimeout(keepAlive);
  schedule[Symbol.dispose]();
  assert.equal(calls, 1);
});

/** An hourly schedule, begun at half past ten, under a clock that is set while timers go on as they are. */
class Hourly {
  readonly due: string[] = [];
  readonly #timers: TestContext['mock']['timers'];
  readonly #setDate: (nowMs: number) => void;
  #nowMs = Date.UTC(2026, 0, 1, 10, 30);

  private constructor(t: TestContext) {
    const RealDate = Date;
    let dateMs = this.#nowMs;
    this.#setDate = (nowMs) => (dateMs = nowMs);
    const value = class extends RealDate {
      constructor(given?: number | string) {
        super(given ?? dateMs);
      }
      static override now(): number {
        return dateMs;
      }
    };
    Object.defineProperty(globalThis, 'Date', { value, configurable: true, writable: true });
    t.after(() => (globalThis.Date = RealDate));
    this.#timers = t.mock.timers;
    this.#timers.enable({ apis: ['setTimeout'] });
  }

  static async open(t: TestContext): Promise<Hourly> {
    const hourly = new Hourly(t);
    const onDue = (): void => void hourly.due.push(new Date().toISOString().slice(11, 16));
    const schedule = await openSchedule({ expression: '0 * * * *', timeZone: 'UTC', onDue });
    t.after(() => schedule[Symbol.dispose]());
    return hourly;
  }

  set(hour: number, minute: number, second = 0): void {
    this.#nowMs = Date.UTC(2026, 0, 1, hour, minute, second);
    this.#setDate(this.#nowMs);
  }

  pass(minutes: number): void {
    for (let second = 0; second < 60 * minutes; second += 1) {
      this.#nowMs += 1000;
      this.#setDate(this.#nowMs);
      this.#timers.tick(1000);
    }
  }
}

test('a clock that is set back stops no schedule', async (t) => {
  const hourly = await Hourly.open(t);
  hourly.pass(60);
  hourly.set(7, 50);
  hourly.pass(71);
  assert.deepEqual(hourly.due, ['11:00', '08:00', '09:00']);
});

test('what passed while the machine slept is not made up for, and the next time is kept', async (t) => {
  const hourly = await Hourly.open(t);
  hourly.set(14, 20);
  hourly.pass(60);
  assert.deepEqual(hourly.due, ['15:00']);
});

test('a time that is found out a little late is kept', async (t) => {
  const hourly = await Hourly.open(t);
  hourly.set(11, 0, 20);
  hourly.pass(1);
  assert.deepEqual(hourly.due, ['11:00']);
});
