import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { DayNotes } from '../cluster/day-notes.ts';
import { MemoryMeta, RecordingEvents, RecordingFindings } from '../testing/recording-health.ts';
import { dayMs } from './limits.ts';
import { OwnBook, SiteBook } from './quota-book.ts';
import { Quotas, type QuotaOptions } from './quotas.ts';

const noon = 20_000 * dayMs + dayMs / 2;
const logger = createLogger({ level: 'error', sink: () => undefined });

/** Between the hubs of one test. */
class Notes implements DayNotes {
  readonly hubId: string;
  readonly #all: Map<string, string>;
  isAway = false;

  constructor(hubId: string, all: Map<string, string>) {
    this.hubId = hubId;
    this.#all = all;
  }

  async read(day: number): Promise<ReadonlyMap<string, string>> {
    if (this.isAway) throw new Error('no master answers');
    const ofDay = [...this.#all].filter(([, note]) => note.startsWith(`${day} `));
    return new Map(ofDay.map(([hubId, note]) => [hubId, note.slice(note.indexOf(' ') + 1)]));
  }

  async write(day: number, text: string): Promise<ReadonlyMap<string, string>> {
    this.#all.set(this.hubId, `${day} ${text}`);
    return await this.read(day);
  }
}

class Site {
  readonly clock = new ManualClock(noon);
  readonly meta = new MemoryMeta();
  readonly events = new RecordingEvents();
  readonly findings = new RecordingFindings();
  readonly #notes: Notes | undefined;
  #options: readonly QuotaOptions[] = [];
  #quotas: Quotas | undefined;
  random = (): number => 0;

  private constructor(notes: Notes | undefined) {
    this.#notes = notes;
  }

  static async open(...options: readonly QuotaOptions[]): Promise<Site> {
    const site = new Site(undefined);
    await site.restart(...options);
    return site;
  }

  /** A hub of a site. */
  static async hub(notes: Notes, ...options: readonly QuotaOptions[]): Promise<Site> {
    const site = new Site(notes);
    await site.restart(...options);
    return site;
  }

  get quotas(): Quotas {
    assert.ok(this.#quotas !== undefined);
    return this.#quotas;
  }

  /** As after a crash: only what was stored is known. */
  async restart(...options: readonly QuotaOptions[]): Promise<void> {
    if (options.length > 0) this.#options = options;
    const { clock, meta, events, findings } = this;
    const book = this.#notes === undefined ? new OwnBook(meta) : new SiteBook(this.#notes, this.#notes.hubId);
    const random = (): number => this.random();
    this.#quotas = await Quotas.open({ quotas: this.#options, book, findings, events, logger, clock, random });
  }

  admit(bytes: number, channel = 'acme/app'): string {
    return this.quotas.admit(channel, { bytes, records: 1 }).kind;
  }
}

test('warn takes everything in, and tells at four fifths and at the quota, once a day', async () => {
  const site = await Site.open({ tenant: 'acme', bytes_per_day: 1000, action: 'warn' });
  for (let batch = 0; batch < 15; batch += 1) assert.equal(site.admit(100, batch % 2 === 0 ? 'acme/app' : 'acme/web'), 'take');
  assert.deepEqual(site.events.actions, ['quota-nearly-used', 'quota-used-up']);
  assert.partialDeepStrictEqual(site.quotas.status(), [{ tenant: 'acme', bytes: 1500, state: 'full', droppedBatches: 0 }]);
  assert.partialDeepStrictEqual(site.findings.all(), [{ kind: 'quota-exceeded', level: 'yellow' }]);
  assert.equal(site.admit(1, 'other/app'), 'take');
  assert.equal(site.quotas.status()[0]?.bytes, 1500, 'another tenant has nothing to do with it');
});

test('drop ends the day with the first batch that does not fit, however small the next one is', async () => {
  const site = await Site.open({ tenant: 'acme', type: 'app', bytes_per_day: 1000, action: 'drop' });
  assert.equal(site.admit(900), 'take');
  assert.equal(site.admit(200), 'drop');
  site.quotas.dropped('acme/app', { bytes: 200, records: 7 });
  assert.equal(site.admit(1), 'drop');
  assert.equal(site.admit(1, 'acme/web'), 'take', 'another type');
  assert.partialDeepStrictEqual(site.quotas.status(), [{ bytes: 900, droppedBytes: 200, droppedRecords: 7, droppedBatches: 1 }]);
  assert.partialDeepStrictEqual(site.findings.all(), [{ level: 'red' }]);
});

test('midnight UTC begins anew for every action', async () => {
  const drop = { tenant: 'acme', bytes_per_day: 1000, action: 'drop' } as const;
  const throttle = { tenant: 'slow', bytes_per_day: 1000, action: 'throttle' } as const;
  const site = await Site.open(drop, throttle);
  assert.equal(site.admit(1001), 'drop');
  assert.equal(site.admit(2000, 'slow/app'), 'take', 'the one that uses it up passes, or it never would');
  assert.equal(site.admit(1, 'slow/app'), 'throttle');
  site.clock.advance(dayMs / 2 - 1);
  assert.equal(site.admit(1), 'drop', 'the last millisecond of the day');
  site.clock.advance(1);
  assert.equal(site.admit(1000), 'take');
  assert.equal(site.admit(1, 'slow/app'), 'take');
  assert.partialDeepStrictEqual(site.quotas.status(), [{ bytes: 1000, droppedBytes: 0 }, { bytes: 1 }]);
  await site.quotas.tick();
  assert.equal(site.events.actions.filter((action) => action === 'quota-used-up').length, 3, 'today is told of, too');
});

test('throttle lets pass what the quota gives a second, on average, and nobody waits longer than a minute at a time', async () => {
  const bytesPerSecond = 1000;
  const site = await Site.open({ tenant: 'acme', bytes_per_day: bytesPerSecond * 86_400, action: 'throttle' });
  assert.equal(site.admit(bytesPerSecond * 86_400), 'take');
  let passed = 0;
  for (const end = site.clock.now() + 3_600_000; site.clock.now() < end;) {
    const verdict = site.quotas.admit('acme/app', { bytes: 250_000, records: 1 });
    if (verdict.kind === 'take') passed += 250_000;
    else if (verdict.kind === 'throttle') {
      assert.ok(verdict.retryAfterMs <= 60_000 && verdict.retryAfterMs > 0);
      site.clock.advance(verdict.retryAfterMs);
    } else assert.fail('nothing is dropped');
  }
  const expected = bytesPerSecond * 3600;
  assert.ok(Math.abs(passed - expected) <= 250_000, `${passed} of ${expected}`);
});

test('what was not stored after all costs nothing', async () => {
  const site = await Site.open({ tenant: 'acme', bytes_per_day: 1000, action: 'drop' });
  for (let again = 0; again < 10; again += 1) {
    assert.equal(site.admit(900), 'take');
    site.quotas.giveBack('acme/app', { bytes: 900, records: 1 });
  }
  assert.equal(site.quotas.status()[0]?.bytes, 0);
});

test('platform events have a share of their own, and what exceeds it counts: logs that are called so evade nothing', async () => {
  const mebibyte = 1024 * 1024;
  const site = await Site.open({ tenant: 'acme', bytes_per_day: 1000, action: 'drop' });
  assert.equal(site.admit(2000), 'drop');
  for (let batch = 0; batch < 64; batch += 1) assert.equal(site.admit(mebibyte, 'acme/platform'), 'take');
  assert.equal(site.admit(1, 'acme/platform'), 'drop');
  site.quotas.giveBack('acme/platform', { bytes: mebibyte, records: 1 });
  assert.equal(site.admit(mebibyte, 'acme/platform'), 'take', 'what was not stored after all is still free');
  await site.quotas.tick();
  await site.restart();
  assert.equal(site.admit(1, 'acme/platform'), 'drop', 'a restart gives no second share');
  const large = await Site.open({ tenant: 'acme', bytes_per_day: 1000 * mebibyte, action: 'drop' });
  for (let batch = 0; batch < 110; batch += 1) assert.equal(large.admit(10 * mebibyte, 'acme/platform'), 'take');
  assert.equal(large.admit(10 * mebibyte, 'acme/platform'), 'drop', 'a tenth, and then the quota itself');
  assert.partialDeepStrictEqual(large.quotas.status(), [{ bytes: 1000 * mebibyte, platformBytes: 100 * mebibyte }]);
  const named = await Site.open({ tenant: 'acme', type: 'platform', bytes_per_day: 1000, action: 'drop' });
  assert.equal(named.admit(1001, 'acme/platform'), 'drop', 'a quota that names the type means it');
});

test('sums survive a crash as of the last time they were stored, and the day of dropping goes on', async () => {
  const site = await Site.open({ tenant: 'acme', bytes_per_day: 1000, action: 'drop' });
  site.admit(600);
  await site.quotas.tick();
  site.admit(300);
  await site.restart();
  assert.equal(site.quotas.status()[0]?.bytes, 600, 'what came within the last seconds is not counted');
  assert.equal(site.admit(500), 'drop');
  site.quotas.dropped('acme/app', { bytes: 500, records: 5 });
  await site.quotas.tick();
  await site.restart();
  assert.equal(site.admit(1), 'drop');
  assert.equal(site.events.actions.filter((action) => action === 'quota-used-up').length, 1, 'told once a day');
  site.clock.advance(dayMs);
  await site.restart();
  assert.equal(site.admit(1000), 'take', 'sums of yesterday are not of today');
});

test('a store that takes no sums changes nothing but what a crash would forget', async () => {
  const site = await Site.open({ tenant: 'acme', bytes_per_day: 1000, action: 'warn' });
  site.meta.failing = true;
  site.admit(600);
  await site.quotas.tick();
  site.meta.failing = false;
  await site.quotas.tick();
  await site.restart();
  assert.equal(site.quotas.status()[0]?.bytes, 600);
  site.meta.values.set('quota acme/* warn', '{"bytes":-1}');
  await site.restart();
  assert.equal(site.quotas.status()[0]?.bytes, 0, 'what makes no sense counts for nothing');
});

test('a quota that is raised takes in again at once; one that is lowered, or gets another action, goes on with the day', async () => {
  const drop = { tenant: 'acme', bytes_per_day: 2000, action: 'drop' } as const;
  const site = await Site.open(drop);
  site.admit(1900);
  assert.equal(site.admit(200), 'drop');
  site.quotas.dropped('acme/app', { bytes: 200, records: 1 });
  await site.quotas.tick();
  await site.restart({ ...drop, bytes_per_day: 10_000 });
  assert.partialDeepStrictEqual(site.quotas.status(), [{ state: 'open', bytes: 1900 }]);
  assert.equal(site.admit(200), 'take');
  await site.quotas.tick();
  await site.restart({ ...drop, bytes_per_day: 10_000 });
  assert.equal(site.admit(200), 'take', 'and also after the next start');
  await site.quotas.tick();
  await site.restart({ ...drop, bytes_per_day: 1000 });
  assert.equal(site.admit(1), 'drop');
  await site.restart({ ...drop, action: 'throttle' });
  assert.partialDeepStrictEqual(site.quotas.status(), [{ bytes: 2300, state: 'full' }]);
  const used = site.events.actions.filter((action) => action === 'quota-used-up').length;
  assert.equal(site.admit(1), 'take');
  assert.equal(site.admit(1), 'throttle');
  assert.equal(site.events.actions.filter((action) => action === 'quota-used-up').length, used + 1, 'another action is told');
});

test('of many agents that are throttled together none is left behind', async () => {
  const bytesPerSecond = 100_000;
  const site = await Site.open({ tenant: 'acme', bytes_per_day: bytesPerSecond * 86_400, action: 'throttle' });
  assert.equal(site.admit(bytesPerSecond * 86_400), 'take');
  let seed = 7;
  site.random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  await site.restart();
  site.admit(1);
  const agents = Array.from({ length: 50 }, () => ({ atMs: 0, passed: 0 }));
  const end = site.clock.now() + 4 * 3_600_000;
  for (const agent of agents) agent.atMs = site.clock.now() + 1;
  for (;;) {
    const next = agents.reduce((first, agent) => (agent.atMs < first.atMs ? agent : first));
    if (next.atMs >= end) break;
    site.clock.advance(Math.max(0, next.atMs - site.clock.now()));
    const verdict = site.quotas.admit('acme/app', { bytes: 250_000, records: 1 });
    if (verdict.kind === 'take') next.passed += 1;
    next.atMs += verdict.kind === 'throttle' ? verdict.retryAfterMs : 1;
  }
  const passed = agents.map((agent) => agent.passed);
  const mean = passed.reduce((sum, count) => sum + count, 0) / agents.length;
  assert.ok(Math.min(...passed) > mean / 2 && Math.max(...passed) < mean * 2, passed.join(' '));
});

test('quotas change while the hub runs: one that is larger goes on from what came today, one that is gone holds nobody up', async () => {
  const site = await Site.open(
    { tenant: 'acme', bytes_per_day: 1000, action: 'drop' },
    { tenant: 'other', bytes_per_day: 10, action: 'drop' },
  );
  assert.deepEqual([site.admit(900), site.admit(11, 'other/app')], ['take', 'drop']);
  await site.quotas.change([{ tenant: 'acme', bytes_per_day: 1500, action: 'drop' }]);
  assert.deepEqual([site.admit(500), site.admit(200), site.admit(11, 'other/app')], ['take', 'drop', 'take']);
  assert.partialDeepStrictEqual(site.quotas.status(), [{ tenant: 'acme', bytes: 1400, bytesPerDay: 1500 }]);
});

test('a quota holds for all hubs of a site: what came by one counts at the others, and it is told once', async () => {
  const drop = { tenant: 'acme', bytes_per_day: 1000, action: 'drop' } as const;
  const all = new Map<string, string>();
  const notes = ['1', '2'].map((hubId) => new Notes(hubId, all));
  const [one, two] = await Promise.all(notes.map((note) => Site.hub(note, drop)));
  assert.ok(one !== undefined && two !== undefined);
  const exchange = async (): Promise<void> => {
    for (const site of [one, two, one]) await site.quotas.tick();
  };
  assert.deepEqual([one.admit(500), two.admit(400)], ['take', 'take']);
  await exchange();
  assert.partialDeepStrictEqual(one.quotas.status(), [{ bytes: 900 }]);
  assert.equal(two.admit(200), 'drop');
  two.quotas.dropped('acme/app', { bytes: 200, records: 3 });
  await exchange();
  assert.equal(one.admit(1), 'drop', 'the day is over at every hub');
  assert.partialDeepStrictEqual(one.quotas.status(), [{ bytes: 900, droppedRecords: 3, state: 'full' }]);
  const told = [...one.events.actions, ...two.events.actions].toSorted();
  assert.deepEqual(told, ['quota-nearly-used', 'quota-used-up']);
  assert.equal(one.findings.all().length, 1);

  await one.restart();
  assert.partialDeepStrictEqual(one.quotas.status(), [{ bytes: 900, droppedRecords: 3, state: 'full' }]);
  all.clear();
  await exchange();
  assert.partialDeepStrictEqual(one.quotas.status(), [{ bytes: 900 }], 'what the store has lost its hubs tell again');
  all.set('3', `${Math.floor(noon / dayMs)} [["quota acme/* drop",{"bytes":-1}],7]`);
  await exchange();
  assert.partialDeepStrictEqual(one.quotas.status(), [{ bytes: 900 }], 'what makes no sense counts for nothing');
  for (const site of [one, two]) site.clock.advance(dayMs);
  await exchange();
  assert.equal(one.admit(1000), 'take', 'the next day');
});

test('hubs share what passes a second beyond a quota, and each goes on with its own where the store is away', async () => {
  const throttle = { tenant: 'acme', bytes_per_day: 86_400_000, action: 'throttle' } as const;
  const all = new Map<string, string>();
  const notes = ['1', '2'].map((hubId) => new Notes(hubId, all));
  const hubs = await Promise.all(notes.map((note) => Site.hub(note, throttle)));
  hubs[0]?.admit(86_400_000);
  for (const round of [1, 2]) {
    for (const site of hubs) await site.quotas.tick();
    for (const site of hubs) if (round === 1) assert.equal(site.admit(1), 'take');
  }
  for (const site of hubs) await site.quotas.tick();
  let taken = 0;
  for (let second = 0; second < 400_000; second += 1000) {
    for (const site of hubs) {
      site.clock.advance(1000);
      if (site.admit(2000) === 'take') taken += 2000;
      await site.quotas.tick();
    }
  }
  assert.ok(taken > 0.8 * 1000 * 400 && taken <= 1.1 * 1000 * 400, `${taken} bytes passed in 400 s at 1000 a second`);
  for (const note of notes) note.isAway = true;
  const [one] = hubs;
  assert.ok(one !== undefined);
  await one.quotas.tick();
  one.clock.advance(3_600_000);
  assert.equal(one.admit(10), 'take');
});
