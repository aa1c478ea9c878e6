import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { healthRules, registeredAgent } from '../testing/rule-facts.ts';
import { KnownSites } from './known-sites.ts';
import type { SiteView } from './lower-sites.ts';

const [told, untold] = ['1a'.repeat(16), '2b'.repeat(16)];
const hub = registeredAgent({ agentId: '3c'.repeat(16), kind: 'hub', siteId: told, tenants: 'all', host: 'edge1' });
const rules = healthRules({ site_silent: { red: '5m' } });

function view(site: string, siteId: string, ageMs: number): SiteView {
  const none = { hubs: [], groups: [], findings: [], sites: [] };
  return { site, siteId, state: 'green', ageMs, agents: { known: 0, connected: 0, list: [] }, ...none };
}

class Above {
  readonly clock = new ManualClock();
  agents = [hub];
  connected = new Set([told, untold]);
  readonly unansweredMs = new Map<string, number>();
  ageMs = 0;
  /** How far the clock was set forward. */
  setMs = 0;
  below: SiteView[] = [];
  readonly sites = new KnownSites({
    registry: { agents: () => this.agents },
    told: { views: () => [this.#view], below: () => [] },
    connected: () => this.connected,
    unansweredMs: () => this.unansweredMs,
    clock: { now: () => this.clock.now() + this.setMs, monotonic: () => this.clock.monotonic() },
  });

  get #view(): SiteView {
    return { ...view('edge', told, this.ageMs), sites: this.below };
  }

  /** How many are unknown, and how many red. */
  get silent(): [number, number] {
    return [this.sites.unknown().length, this.sites.findings(rules).length];
  }
}

test('a site without any connection is unknown after eight seconds, red after a time, and back with the first one', () => {
  const above = new Above();
  assert.deepEqual(above.silent, [0, 0]);
  above.connected.clear();
  assert.deepEqual(above.silent, [0, 0]);
  above.clock.advance(8000);
  assert.deepEqual(above.silent, [1, 0]);
  above.clock.advance(300_000);
  assert.deepEqual(above.silent, [1, 1]);
  assert.match(above.sites.unknown()[0]?.reason ?? '', /site edge is not heard of since/);
  above.connected.add(told);
  assert.deepEqual(above.silent, [0, 0]);
});

test('one whose connection stands and that does not answer is unknown after as long', () => {
  const above = new Above();
  above.unansweredMs.set(told, 7000);
  assert.deepEqual(above.silent, [0, 0]);
  above.unansweredMs.set(told, 8000);
  assert.deepEqual(above.silent, [1, 0]);
  above.unansweredMs.clear();
  assert.deepEqual(above.silent, [0, 0]);
});

test('one that is connected and tells nothing for a minute is unknown, too', () => {
  const above = new Above();
  above.ageMs = 61_000;
  assert.deepEqual(above.silent, [1, 0]);
});

test('one that is enrolled and was not heard of since the start of this hub is expected, and is not when it is revoked', () => {
  const above = new Above();
  above.agents = [hub, { ...hub, siteId: untold, host: 'edge2' }];
  assert.deepEqual(
    above.sites.views().map(({ site }) => site),
    ['edge', 'the site of edge2'],
  );
  above.connected.delete(untold);
  above.sites.unknown();
  above.clock.advance(8000);
  assert.partialDeepStrictEqual(above.sites.unknown(), [{ node: `site/${untold}` }]);
  above.agents = [hub, { ...hub, siteId: untold, state: 'revoked' }];
  assert.deepEqual(above.silent, [0, 0]);
});

/** It was green for as long as any hub of it was connected. */
test('one that is connected and has told nothing since the start of this hub is unknown, then red, and told to the site above', () => {
  const above = new Above();
  above.agents = [hub, { ...hub, siteId: untold, host: 'edge2' }];
  above.sites.unknown();
  above.clock.advance(12_001);
  assert.partialDeepStrictEqual(above.sites.unknown(), [{ node: `site/${untold}` }]);
  above.clock.advance(300_000);
  assert.deepEqual(above.silent, [1, 1]);
  assert.partialDeepStrictEqual(above.sites.below(), [
    { ageMs: 312_001, snapshot: { site: 'the site of edge2', siteId: untold, sites: [] } },
  ]);
});

/** It stayed unknown, as nobody but the site in between says how long that is too long. */
test('a site below a site below is unknown after a minute and red after a time, unless it is heard of by another way', () => {
  const above = new Above();
  const deep = '4d'.repeat(16);
  above.below = [view('deep', deep, 60_000)];
  assert.deepEqual(above.silent, [0, 0]);
  above.below = [view('deep', deep, 60_001)];
  assert.partialDeepStrictEqual(above.sites.unknown(), [{ node: `site/${deep}`, subject: deep }]);
  assert.deepEqual(above.silent, [1, 0]);
  above.below = [view('deep', deep, 300_000)];
  assert.deepEqual(above.silent, [1, 1]);
  above.below.push({ ...view('other', '5e'.repeat(16), 0), sites: [view('deep', deep, 5000)] });
  assert.deepEqual(above.silent, [0, 0]);
});

test('a clock that is set makes nobody silent', () => {
  const above = new Above();
  above.connected.clear();
  above.sites.silent();
  above.clock.advance(8000);
  above.setMs = 3_600_000;
  assert.deepEqual(above.silent, [1, 0]);
});

/** It was red until this hub was started again. */
test('one that has told of itself and is revoked is expected no more', () => {
  const above = new Above();
  above.connected.clear();
  above.sites.silent();
  above.clock.advance(400_000);
  assert.deepEqual(above.silent, [1, 1]);
  above.agents = [{ ...hub, state: 'revoked' }];
  assert.deepEqual([above.silent, above.sites.views()], [[0, 0], []]);
  above.agents = [{ ...hub, state: 'revoked' }, hub];
  assert.deepEqual(above.silent, [1, 1]);
});
