import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '../access/access.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { searchesMax, searchesPerPersonMax } from './limits.ts';
import { Searches } from './searches.ts';
import { type AskedFor, type Wanted, wantedOf } from './wanted.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);

function by(name: string): { principal: Principal; address: string } {
  return { principal: { kind: 'user', name, grants: [] }, address: '10.0.0.1' };
}

function wanted(asked: AskedFor, visible?: readonly string[]): Wanted {
  return wantedOf(asked, { visible, nowMs });
}

test('a person has so many searches at a time, and all together', () => {
  const searches = new Searches({ stores: () => [], record: async () => undefined });
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
  const trail: AuditEvent[] = [];
  const searches = new Searches({ stores: () => [], record: async (event) => void trail.push(event) });
  const asked = { tenant: 'shop', host: 'web1,web2', from: 'now-1h', regex: 'a|b', ignore_case: true };
  await searches.record(wanted(asked), by('anna'), { store: 'archive', way: 'search' });
  assert.deepEqual(trail, [
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
    [{ text: 'a', query: 'b' }, 'unclear'],
    [{ regex: '(' }, 'pattern'],
    [{ regex: '(a)\\1' }, 'pattern'],
    [{ query: 'a:' }, 'query'],
  ];
  for (const [asked, code] of wrong) assert.throws(() => wanted(asked), { code }, JSON.stringify(asked));
});
