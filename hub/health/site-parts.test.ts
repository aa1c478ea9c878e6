import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { clusterMember } from '../testing/cluster-member.ts';
import { eventually } from '../testing/eventually.ts';
import { SiteParts } from './site-parts.ts';

/** What one hub announces reaches all, itself too. */
class Announcements {
  readonly #listeners = new Set<(message: string) => void>();
  readonly said: string[] = [];
  members: string[] = [];

  announce(message: string): void {
    this.said.push(message);
    for (const listener of this.#listeners) listener(message);
  }

  onAnnounced(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const [one, two] = ['1a'.repeat(16), '2b'.repeat(16)];
const agentId = 'a1'.repeat(16);
const listenerRates = [{ name: 'agents', records: 5, bytes: 600 }];
const plain = { agentId, host: 'dev', tenants: ['shop'] };
const finding = { kind: 'memory', subject: 'memory', level: 'red', reason: 'full', sinceMs: 7 } as const;
const told = { listeners: ['agents'], listenerRates, sites: [] };

function partsOf(hubId: string, site: Announcements, clock: ManualClock, isShared = true): SiteParts {
  const cluster = {
    hubId,
    members: () => site.members.map((id) => clusterMember(id)),
    announce: (message: string) => site.announce(message),
    onAnnounced: site.onAnnounced.bind(site),
  };
  const own = () => ({ ...told, findings: [finding], agents: [agentId], plain: [plain] });
  return new SiteParts({ cluster, clock, isShared, own });
}

test('a hub knows what the others told, for as long as they tell it', async () => {
  const clock = new ManualClock();
  const site = new Announcements();
  using here = partsOf(one, site, clock);
  using there = partsOf(two, site, clock);
  const stop = { here: new AbortController(), there: new AbortController() };
  const running = [here.run(stop.here.signal), there.run(stop.there.signal)];
  assert.deepEqual(here.others, [{ ...told, hubId: two, findings: [finding], agents: [agentId], plain: [plain] }]);
  assert.ok(here.elsewhere.has(agentId));
  const left: string[] = [];
  here.onLeft((hubId) => left.push(hubId));
  stop.there.abort();
  await running[1];
  assert.deepEqual([left, here.others, here.elsewhere.size], [[two], [], 0]);
  // It was killed this time: nothing more is heard. For as long as the store is away it may be there.
  site.members = [one, two];
  site.announce(`health-part ${JSON.stringify({ hubId: two, findings: [], listeners: [], agents: [], sites: [] })}`);
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 3000) {
      assert.equal(here.others.length, 1, `after ${passedMs} ms`);
      await eventually('it waits', () => clock.sleeping > 0);
      const before = site.said.length;
      clock.advance(3000);
      await eventually('it told', () => site.said.length > before);
    }
  };
  await pass(60_000);
  site.announce(`health-part ${JSON.stringify({ hubId: two, findings: [], listeners: [], agents: [], sites: [] })}`);
  site.members = [one];
  await pass(12_000);
  assert.deepEqual([here.others, left.length], [[], 1]);
  stop.here.abort();
  await running[0];
});

test('what is no part of a site is none, and a hub alone tells nobody', async () => {
  const site = new Announcements();
  using here = partsOf(one, site, new ManualClock(), false);
  for (const text of [
    '{',
    '{}',
    JSON.stringify({ hubId: 'two', findings: [], listeners: [], agents: [], sites: [] }),
    JSON.stringify({ hubId: two, findings: {}, listeners: [], agents: [], sites: [] }),
  ]) {
    site.announce(`health-part ${text}`);
  }
  site.announce('groups-moved');
  assert.deepEqual(here.others, []);
  await here.run(new AbortController().signal);
  assert.equal(site.said.length, 5);
});

/** While a site is upgraded, each agent of the newer hub seemed to be silent where the older one did not know a kind of finding. */
test('of a hub that finds what this one does not know everything else is known', () => {
  const site = new Announcements();
  using here = partsOf(one, site, new ManualClock());
  const part = {
    hubId: two,
    findings: [{ ...finding, kind: 'made-up' }, finding],
    listeners: ['agents'],
    listenerRates,
    agents: [agentId],
    plain: [{ ...plain, tenants: 'none' }, plain],
    sites: [],
  };
  site.announce(`health-part ${JSON.stringify(part)}`);
  assert.deepEqual(here.others, [{ ...part, findings: [finding], plain: [plain] }]);
});

test('a hub of an older version is read, which tells less', () => {
  const site = new Announcements();
  using here = partsOf(one, site, new ManualClock());
  const part = { hubId: two, findings: [finding], listeners: ['agents'], agents: [agentId], sites: [] };
  site.announce(`health-part ${JSON.stringify(part)}`);
  assert.deepEqual(here.others, [{ ...part, plain: [], listenerRates: [] }]);
});
