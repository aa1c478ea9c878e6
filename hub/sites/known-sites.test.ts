import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { healthRules, registeredAgent } from '../testing/rule-facts.ts';
import { KnownSites } from './known-sites.ts';
import type { SiteView } from './lower-sites.ts';

const [told, untold] = ['1a'.repeat(16), '2b'.repeat(16)];
const hub = registeredAgent({ agentId: '3c'.repeat(16), kind: 'hub', siteId: told, tenants: 'all', host: 'edge1' });
const rules = healthRules({ site_silent: { red: '5m' } });

class Above {
  readonly clock = new ManualClock();
  agents = [hub];
  connected = new Set([told, untold]);
  ageMs = 0;
  readonly sites = new KnownSites({
    registry: { agents: () => this.agents },
    told: { views: () => [this.#view] },
    connected: () => this.connected,
    clock: this.clock,
  });

  get #view(): SiteView {
    const none = { hubs: [], groups: [], findings: [], sites: [] };
    return {
      site: 'edge',
      siteId: told,
      state: 'green',
      ageMs: this.ageMs,
      agents: { known: 0, connected: 0, list: [] },
      ...none,
    };
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
