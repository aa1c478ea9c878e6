import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText } from '@tributary/shared/prometheus/exposition.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { OpenSchedule } from '@tributary/shared/schedule/schedule.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { MetricBook } from '../metrics/metric-book.ts';
import { bookMetrics } from '../metrics/book-metrics.ts';
import { type AuditEvent, RegistryError } from '../registry/registry.ts';
import { eventually } from '../testing/eventually.ts';
import { MemoryMeta, RecordingFindings } from '../testing/recording-health.ts';
import { Housekeeping } from './housekeeping.ts';
import type { HousekeepingKind, Removal } from './removal.ts';
import { keepReport, lastSuccessMs } from './run-report.ts';
import type { CheckHeld } from './still-held.ts';

const hourMs = 3_600_000;
const lock = { name: 'housekeeping', token: 1 };

/** Things by name, some of which cannot be removed. */
class TestKind implements HousekeepingKind {
  readonly name: string;
  readonly atOnce = 2;
  readonly things: Set<string>;
  stuck = '';
  isUnreadable = false;

  constructor(name: string, ...things: readonly string[]) {
    this.name = name;
    this.things = new Set(things);
  }

  async *plan(nowMs: number): AsyncGenerator<Removal> {
    if (this.isUnreadable) throw new Error('the disk does not answer');
    for (const subject of this.things) yield { subject, tenant: 'shop', type: 'web', bytes: 10, why: `at ${nowMs}` };
  }

  async remove({ subject }: Removal, check: CheckHeld): Promise<void> {
    check();
    if (subject === this.stuck) throw new Error('it is held');
    this.things.delete(subject);
  }
}

class House {
  readonly clock = new ManualClock();
  readonly logged: LogEntry[] = [];
  readonly audit: AuditEvent[] = [];
  readonly meta: MemoryMeta;
  readonly findings = new RecordingFindings();
  readonly metrics = new MetricBook({ refused: () => assert.fail('every metric is counted') });
  readonly schedules: string[] = [];
  schedule = '15 3 * * *';
  onDue = (): void => undefined;
  isHeld = true;
  keptUntilMs = Infinity;
  onRecord = async (): Promise<void> => undefined;
  sweeps = 0;
  readonly housekeeping: Housekeeping;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(kinds: readonly HousekeepingKind[], sweep: () => void = () => undefined, meta = new MemoryMeta()) {
    this.meta = meta;
    const listeners = new Set<(message: string) => void>();
    const cluster: Pick<Cluster, 'underLock' | 'hubId' | 'announce' | 'onAnnounced'> = {
      hubId: 'aa',
      underLock: async (name, signal, work) => {
        await work({ ...lock, name, isHeld: async () => this.isHeld, keptUntilMs: () => this.keptUntilMs }, signal);
      },
      announce: (message) => listeners.forEach((listener) => listener(message)),
      onAnnounced: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const openSchedule: OpenSchedule = async ({ expression, onDue }) => {
      this.schedules.push(expression);
      this.onDue = onDue;
      return { nextMs: () => undefined, [Symbol.dispose]: () => undefined };
    };
    this.housekeeping = new Housekeeping({
      clock: this.clock,
      logger: createLogger({ level: 'warn', sink: (entry) => this.logged.push(entry) }),
      cluster,
      registry: {
        record: async (event) => {
          await this.onRecord();
          this.audit.push(event);
        },
        meta: (key) => this.meta.meta(key),
        setMeta: (values, how) => this.meta.setMeta(values, how),
      },
      metrics: this.metrics,
      findings: this.findings,
      kinds: () => kinds,
      schedule: () => this.schedule,
      archive: {
        sweep: async () => {
          this.sweeps += 1;
          sweep();
        },
      },
      openSchedule,
    });
    this.#running = this.housekeeping.run(this.#stop.signal);
  }

  /** Until it waits for something to do. */
  async begun(): Promise<void> {
    await eventually('it has a schedule and waits', () => this.schedules.length > 0 && this.clock.sleeping === 1);
    assert.equal(this.sweeps, 0);
    this.clock.advance(10_000);
    await eventually('it has swept', () => this.sweeps === 1 && this.clock.sleeping === 1);
  }

  get ended(): Promise<void> {
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

test('a sweep that fails is tried again, and who has lost the lock sweeps no more', async () => {
  const house: House = new House([], () => {
    if (house.sweeps === 1) throw new Error('the folder is away');
  });
  await house.begun();
  assert.equal(house.sweeps, 1);
  house.clock.advance(hourMs);
  await eventually('it sweeps', () => house.sweeps === 2 && house.clock.sleeping === 1);
  assert.deepEqual(
    house.logged.map(({ message }) => message),
    ['the archive folder could not be looked over'],
  );
  house.isHeld = false;
  house.clock.advance(hourMs);
  await house.ended;
  assert.equal(house.sweeps, 2);
});

test('what is due goes, each told to the trail before it does, and counted', async () => {
  const [one, other] = [new TestKind('archive', 'a', 'b', 'c'), new TestKind('streams', 'd')];
  await using house = new House([one, other]);
  await house.begun();
  assert.equal(house.housekeeping.last, undefined);
  house.onDue();
  await eventually('it is done', () => house.housekeeping.last?.state === 'done');
  assert.deepEqual([...one.things, ...other.things], []);
  assert.equal(lastSuccessMs(house.meta), house.clock.now());
  const { kinds } = await eventually('it tells', () => house.housekeeping.last);
  assert.deepEqual(kinds, [
    { kind: 'archive', removed: 3, bytes: 30, failed: 0 },
    { kind: 'streams', removed: 1, bytes: 10, failed: 0 },
  ]);
  assert.deepEqual(
    house.audit.map(({ action, outcome, details }) => [action, outcome, details['subject']]),
    ['a', 'b', 'c', 'd'].map((subject) => ['data-removed', 'success', subject]),
  );
  const text = expositionText(bookMetrics(house.metrics.families));
  assert.match(text, /tributary_hub_housekeeping_freed_bytes_total\{tenant="shop",type="web",kind="archive"\} 30/);
});

test('what cannot go keeps nothing else, is told, and goes with the next run', async () => {
  const [stuck, unreadable, fine] = [new TestKind('archive', 'a', 'b'), new TestKind('indices'), new TestKind('streams', 'd')];
  stuck.stuck = 'a';
  unreadable.isUnreadable = true;
  await using house = new House([stuck, unreadable, fine]);
  await house.begun();
  house.onDue();
  await eventually('it is done', () => house.housekeeping.last?.state === 'done');
  assert.deepEqual([...stuck.things, ...fine.things], ['a']);
  assert.equal(lastSuccessMs(house.meta), undefined, 'not all went');
  assert.deepEqual(house.housekeeping.last?.notes, [
    'archive: cannot be rid of a: it is held',
    'indices: cannot be looked through: the disk does not answer',
  ]);
  assert.partialDeepStrictEqual(house.findings.all(), [{ kind: 'housekeeping-failed', level: 'yellow' }]);
  assert.deepEqual(
    house.audit.filter(({ outcome }) => outcome === 'failure').map(({ details }) => details['subject']),
    ['a'],
  );
  stuck.stuck = '';
  unreadable.isUnreadable = false;
  const wish = await house.housekeeping.ask({ actor: 'console:anna', address: '' });
  await eventually('it is done again', () => house.housekeeping.last?.wish === wish && house.housekeeping.last.state === 'done');
  assert.deepEqual([[...stuck.things], house.findings.all()], [[], []]);
});

test('who asks while another wish waits for its run waits for the same run', async () => {
  const kind = new TestKind('archive', 'a');
  await using house = new House([kind]);
  await house.begun();
  const gate = Promise.withResolvers<void>();
  house.onRecord = () => gate.promise;
  house.onDue();
  await eventually('a run is under way', () => house.housekeeping.last?.state === 'running');
  const asked = ['anna', 'berta'].map((name) => house.housekeeping.ask({ actor: `console:${name}`, address: '' }));
  gate.resolve();
  const [first, second] = await Promise.all(asked);
  assert.equal(first, second);
  const isDone = (wish: string | undefined): boolean =>
    house.housekeeping.last?.wish === wish && house.housekeeping.last?.state === 'done';
  await eventually('their run is done', () => isDone(first));
  const third = await house.housekeeping.ask({ actor: 'console:anna', address: '' });
  assert.notEqual(third, first);
  await eventually('that one is done, too', () => isDone(third));
});

test('a plan changes nothing, and says what cannot be looked through', async () => {
  const [archive, indices] = [new TestKind('archive', 'a', 'b'), new TestKind('indices')];
  indices.isUnreadable = true;
  await using house = new House([archive, indices]);
  const { removals, kinds, notes } = await house.housekeeping.plan();
  assert.deepEqual(
    removals.map(({ kind, subject }) => `${kind} ${subject}`),
    ['archive a', 'archive b'],
  );
  assert.partialDeepStrictEqual(kinds, [{ kind: 'archive', count: 2, bytes: 20 }, { count: 0 }]);
  assert.deepEqual(notes, ['indices cannot be looked through: the disk does not answer']);
  assert.deepEqual([archive.things.size, house.audit], [2, []]);
});

test('a run that was broken off goes on at once, and who loses the lock in the middle removes nothing more', async () => {
  const kind = new TestKind('archive', 'a', 'b', 'c', 'd');
  const meta = new MemoryMeta();
  await keepReport(meta, { state: 'running', hubId: 'bb', startedMs: 1, endedMs: null, wish: '', kinds: [], notes: [] }, lock);
  await using house = new House([kind], undefined, meta);
  const remove = kind.remove.bind(kind);
  kind.remove = async (removal, check) => {
    await remove(removal, check);
    if (removal.subject === 'b') house.isHeld = false;
  };
  await house.ended;
  assert.deepEqual([...kind.things], ['c', 'd']);
  assert.partialDeepStrictEqual(house.housekeeping.last, { state: 'running', hubId: 'aa' });
});

test('who is stopped for a minute between what is told and what is removed removes nothing, and tells no failure', async () => {
  const kind = new TestKind('archive', 'a', 'b', 'c');
  await using house = new House([kind]);
  await house.begun();
  house.keptUntilMs = house.clock.monotonic() + 10_000;
  house.onRecord = async () => {
    house.isHeld = false;
    house.clock.advance(60_000);
  };
  house.onDue();
  await house.ended;
  assert.deepEqual([...kind.things], ['a', 'b', 'c']);
  assert.deepEqual(
    house.audit.map(({ outcome }) => outcome),
    ['success', 'success'],
    'what is under way was told: the next one tells it again',
  );
  assert.partialDeepStrictEqual(house.housekeeping.last, { state: 'running' });
  assert.deepEqual([house.findings.all(), house.logged], [[], []]);
});

test('what the registry refuses under a lock that is over is not removed', async () => {
  const kind = new TestKind('archive', 'a', 'b');
  await using house = new House([kind]);
  await house.begun();
  house.onRecord = async () => {
    house.isHeld = false;
    throw new RegistryError('REGISTRY_CONFLICT', 'another hub does this now');
  };
  house.onDue();
  await house.ended;
  assert.deepEqual([[...kind.things], house.audit, house.findings.all()], [['a', 'b'], [], []]);
});

test('what was broken off as the lock was not renewed in time goes on once it was', async () => {
  const kind = new TestKind('archive', 'a', 'b', 'c');
  await using house = new House([kind]);
  await house.begun();
  house.keptUntilMs = house.clock.monotonic() + 2000;
  house.onDue();
  await eventually('it waits', () => house.audit.length > 0 && house.clock.sleeping === 1);
  assert.equal(kind.things.size, 3);
  house.keptUntilMs = Infinity;
  house.clock.advance(5000);
  await eventually('it is done', () => house.housekeeping.last?.state === 'done');
  assert.deepEqual([...kind.things], []);
});

test('another schedule holds when the configuration was read again', async () => {
  await using house = new House([]);
  await house.begun();
  house.schedule = '0 0 * * 0';
  house.housekeeping.changed();
  await eventually('it follows the other one', () => house.schedules.length === 2);
  assert.deepEqual(house.schedules, ['15 3 * * *', '0 0 * * 0']);
});

test('a clock that was set a year ahead has nothing go, until it is right again or a person says that it is', async () => {
  const kind = new TestKind('archive', 'a');
  await using house = new House([kind]);
  await house.begun();
  let aheadMs = 0;
  house.clock.now = () => house.clock.monotonic() + aheadMs;
  const set = (days: number): void => void (aheadMs += days * 24 * hourMs);
  set(365);
  house.onDue();
  await eventually('it is told', () => house.findings.all().some(({ reason }) => /set the clock/.test(reason)));
  assert.deepEqual([[...kind.things], house.housekeeping.last, house.sweeps], [['a'], undefined, 1]);
  assert.match((await house.housekeeping.plan()).notes.join(), /set the clock/);
  house.clock.advance(hourMs);
  await eventually('it waits again', () => house.clock.sleeping === 1);
  assert.equal(house.sweeps, 1, 'nor is it looked for leftovers');
  set(-365);
  house.onDue();
  await eventually('it is done', () => house.housekeeping.last?.state === 'done');
  assert.deepEqual([[...kind.things], house.findings.all()], [[], []]);
  kind.things.add('b');
  set(30);
  const wish = await house.housekeeping.ask({ actor: 'console:anna', address: '' });
  await eventually(
    'it is done as asked',
    () => house.housekeeping.last?.wish === wish && house.housekeeping.last.state === 'done',
  );
  kind.things.add('c');
  house.onDue();
  await eventually('the clock is believed from then on', () => kind.things.size === 0);
});
