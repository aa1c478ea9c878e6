import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { HealthWatch } from './health-watch.ts';
import type { SitePart } from './site-parts.ts';

const hubs = [
  { hubId: '1a'.repeat(16), host: 'host1' },
  { hubId: '2b'.repeat(16), host: 'host2' },
] as const;
const [one, two] = hubs;

/** A hub that takes so many records in a second. */
class Hub {
  readonly watch: HealthWatch;
  readonly #clock: ManualClock;
  readonly #hubId: string;
  others: SitePart[] = [];

  constructor(
    { hubId }: (typeof hubs)[number],
    { clock, perSecond }: { readonly clock: ManualClock; readonly perSecond: number },
  ) {
    this.#clock = clock;
    this.#hubId = hubId;
    const counted = (): { records: number; bytes: number } => {
      const seconds = this.#clock.monotonic() / 1000;
      return { records: seconds * perSecond, bytes: seconds * perSecond * 100 };
    };
    this.watch = new HealthWatch({
      site: 'main',
      store: { siteId: '5e'.repeat(16), hubId },
      hubs: () => ({ all: hubs, unknown: [] }),
      others: () => this.others,
      agents: () => [],
      inputsOf: () => [],
      listeners: () => ['agents', 'http'].map((name) => ({ name, counters: counted(), refused: 0 })),
      outputs: () => [],
      findings: new RecordingFindings(),
      sites: () => ({ views: [], unknown: [] }),
      clock,
    });
  }

  get part(): SitePart {
    const told = { findings: [], agents: [], plain: [], sites: [] };
    return { ...told, hubId: this.#hubId, listeners: ['agents', 'http'], listenerRates: this.watch.listenerRates() };
  }
}

/** Of two hubs behind one address the map had the listeners of now this one, now that one. */
test('the flow has the listeners of all hubs of the site, whichever of them is asked', () => {
  const clock = new ManualClock();
  const here = new Hub(one, { clock, perSecond: 5 });
  const there = new Hub(two, { clock, perSecond: 7 });
  for (const hub of [here, there]) hub.watch.refresh();
  clock.advance(1000);
  for (const hub of [here, there]) hub.watch.refresh();
  here.others = [there.part];
  there.others = [here.part];
  for (const hub of [here, there]) hub.watch.refresh();
  const { listeners } = here.watch.flow(() => true, true);
  assert.deepEqual(
    listeners.map(({ name, state, recordsPerSecond, bytesPerSecond }) => [name, state, recordsPerSecond, bytesPerSecond]),
    [
      ['http on host1', 'green', 5, 500],
      ['http on host2', 'green', 7, 700],
    ],
  );
  assert.deepEqual(there.watch.flow(() => true, true).listeners, listeners);
  // It left, or an older one is there that does not tell.
  here.others = [{ ...there.part, listenerRates: [] }];
  assert.deepEqual(
    here.watch.flow(() => true, true).listeners.map(({ name }) => name),
    ['http on host1'],
  );
  here.others = [];
  assert.deepEqual(
    here.watch.flow(() => true, true).listeners.map(({ name }) => name),
    ['http'],
  );
});
