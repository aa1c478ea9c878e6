import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Principal } from '../access/access.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { figuresHoldMs, pagesHoldMs, searchesMax, searchesPerPersonMax } from './limits.ts';
import { Searches, type SearchAsked } from './searches.ts';
import { type AskedFor, type Wanted, wantedOf } from './wanted.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);

function by(name: string): { principal: Principal; address: string } {
  return { principal: { kind: 'user', name, grants: [] }, address: '10.0.0.1' };
}

function wanted(asked: AskedFor, visible?: readonly string[]): Wanted {
  return wantedOf(asked, { visible, nowMs });
}

/** The registry of a site, which its hubs share. */
class Site {
  readonly trail: AuditEvent[] = [];
  readonly #meta = new Map<string, string>();
  nowMs = nowMs;
  isAway = false;

  /** One of its hubs, which knows what others changed when it has changed something itself. */
  hub(): Searches {
    const copy = new Map<string, string>();
    const clock = { ...systemClock, now: () => this.nowMs, monotonic: () => this.nowMs };
    return new Searches({
      stores: () => [],
      clock,
      registry: {
        record: async (event) => {
          if (this.isAway) throw new Error('the registry is away');
          this.trail.push(event);
        },
        meta: (key) => copy.get(key),
        setMeta: async (values, how) => {
          for (const [key, value] of Object.entries(values))
            if (how?.unlessSet !== true || !this.#meta.has(key)) this.#meta.set(key, value);
          for (const [key, value] of this.#meta) copy.set(key, value);
        },
      },
    });
  }

  get ways(): readonly unknown[] {
    return this.trail.map(({ details }) => details['way']);
  }
}

function search(asked: AskedFor, name = 'anna'): SearchAsked {
  return { asked, wanted: wanted(asked), by: by(name), store: 'archive' };
}

test('a person has so many searches at a time, and all together', () => {
  const searches = new Site().hub();
  const own = Array.from({ length: searchesPerPersonMax }, () => searches.begin(by('anna')));
  assert.throws(() => searches.begin(by('anna')), { code: 'too-many-searches' });
  own[0]?.[Symbol.dispose]();
  own[0]?.[Symbol.dispose]();
  searches.begin(by('anna'));
  assert.throws(() => searches.begin(by('anna')), { code: 'too-many-searches' });
  for (let count = searchesPerPersonMax; count < searchesMax; count += 1) searches.begin(by(`person ${count}`));
  assert.throws(() => searches.begin(by('bert')), { code: 'too-many-searches', message: /12 searches run/ });
  assert.deepEqual(searches.counts, { running: searchesMax, begun: searchesMax + 1, refused: 3 });
  assert.throws(() => searches.store('archive'), { code: 'no-store' });
});

test('who searched what is in the trail', async () => {
  const site = new Site();
  const asked = { tenant: 'shop', host: 'web1,web2', from: 'now-1h', regex: 'a|b', ignore_case: true };
  await site.hub().record(search(asked), 'search');
  assert.deepEqual(site.trail, [
    {
      action: 'archive-searched',
      actor: 'anna',
      address: '10.0.0.1',
      outcome: 'success',
      tenant: 'shop',
      details: {
        store: 'archive',
        way: 'search',
        pattern: 'a|b',
        pattern_kind: 'regex',
        ignore_case: true,
        since: '2026-11-22T11:00:00.000Z',
        host: 'web1,web2',
      },
    },
  ]);
});

test('counts of what was searched for a moment ago are in the trail with it, and others are in it themselves', async () => {
  const site = new Site();
  const searches = site.hub();
  const asked = { from: 'now-1h', text: 'secret' };
  await searches.record(search(asked), 'search');
  site.nowMs += 1000;
  await searches.record(search(asked), 'histogram');
  await searches.record(search({ ...asked, order: 'oldest' }), 'facets');
  assert.deepEqual(site.ways, ['search']);
  await searches.record(search({ ...asked, text: 'another' }), 'histogram');
  await searches.record(search({ ...asked, text: 'another' }), 'facets');
  await searches.record(search({ ...asked, from: 'now-2h' }), 'facets');
  await searches.record(search(asked, 'bert'), 'histogram');
  assert.deepEqual(site.ways, ['search', 'histogram', 'facets', 'histogram']);
  await searches.record(search(asked), 'search');
  site.nowMs += figuresHoldMs;
  await searches.record(search(asked), 'histogram');
  assert.deepEqual(site.ways.slice(4), ['search', 'histogram']);
});

test('what could not be recorded is not answered, nor are its counts', async () => {
  const site = new Site();
  const searches = site.hub();
  site.isAway = true;
  const first = searches.record(search({}), 'search');
  const counts = searches.record(search({}), 'histogram');
  await assert.rejects(first, /is away/);
  await assert.rejects(counts, /is away/);
  site.isAway = false;
  await searches.record(search({}), 'histogram');
  assert.deepEqual(site.ways, ['histogram']);
});

test('a page that a hub of the site gave out goes on at any of them, for whom it was given to, and for a time', async () => {
  const site = new Site();
  const [one, other] = [site.hub(), site.hub()];
  const of = { actor: 'anna', store: 'archive' };
  const next = await one.pages.seal('cGFnZQ', site.nowMs, of);
  assert.deepEqual(await other.pages.open(next, of), { after: 'cGFnZQ', recordedMs: site.nowMs });
  const [page, time, seal] = next.split('.');
  const made = [
    'cGFnZQ',
    `${page}.${time}`,
    `${page}.${time}.`,
    `${page}x.${time}.${seal}`,
    `${page}.zzzzzzzz.${seal}`,
    next.slice(0, -3),
  ];
  for (const after of made) await assert.rejects(other.pages.open(after, of), { code: 'stale-page' }, after);
  await assert.rejects(other.pages.open(next, { ...of, actor: 'bert' }), { code: 'stale-page' });
  await assert.rejects(other.pages.open(next, { ...of, store: 'elasticsearch' }), { code: 'stale-page' });
  site.nowMs += pagesHoldMs;
  assert.deepEqual(await other.pages.open(next, of), { after: 'cGFnZQ', recordedMs: undefined });
});

test('what may not be seen is as good as not there, and what is asked for in vain is told', () => {
  assert.deepEqual(wanted({}, ['shop', 'bank']).tenants, ['shop', 'bank']);
  assert.deepEqual(wanted({ tenant: 'shop, other' }, ['shop', 'bank']).tenants, ['shop']);
  assert.deepEqual(wanted({ tenant: 'other' }, ['shop']).tenants, []);
  assert.equal(wanted({}).tenants, undefined);
  assert.deepEqual([wanted({ from: 'now-15m' }).sinceMs, wanted({ to: 'now' }).untilMs], [nowMs - 900_000, nowMs]);
  assert.deepEqual(
    [wanted({ from: '2026-11-22T10:00:00Z' }).sinceMs, wanted({ to: String(nowMs) }).untilMs],
    [nowMs - 7_200_000, nowMs],
  );
  const wrong: readonly (readonly [AskedFor, string])[] = [
    [{ tenant: 'A b' }, 'malformed'],
    [{ from: 'now', to: 'now-1h' }, 'range'],
    [{ from: 'yesterday' }, 'range'],
    [{ from: 'now-99999999999d' }, 'range'],
    [{ text: 'a', query: 'b' }, 'unclear'],
    [{ regex: '(' }, 'pattern'],
    [{ regex: '(a)\\1' }, 'pattern'],
    [{ query: 'a:' }, 'query'],
  ];
  for (const [asked, code] of wrong) assert.throws(() => wanted(asked), { code }, JSON.stringify(asked));
});
