import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LowerSites } from './lower-sites.ts';
import { siteLines } from './site-lines.ts';
import { fittedSnapshot, parseSnapshot, type SiteSnapshot } from './site-snapshot.ts';

function siteId(number: number): string {
  return number.toString(16).padStart(32, '0');
}

function snapshot(number: number, changes: Partial<SiteSnapshot> = {}): SiteSnapshot {
  const agents = { known: 0, connected: 0, list: [] };
  return { site: `site${number}`, siteId: siteId(number), hubs: [], agents, groups: [], findings: [], sites: [], ...changes };
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Two hubs of one site would have two of them on one cluster. */
class Announcements {
  readonly #listeners = new Set<(message: string) => void>();

  announce(message: string): void {
    for (const listener of this.#listeners) listener(message);
  }

  onAnnounced(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const peer = { kind: 'lower-site', hubId: siteId(99), tenants: 'all', fingerprint: '', notAfterMs: 1 } as const;

suite('the health of sites below', () => {
  test('is shown by every hub of the site, with what is below them, and unknown when it is old', () => {
    let nowMs = 1000;
    const cluster = new Announcements();
    using one = new LowerSites({ cluster, clock: { monotonic: () => nowMs } });
    using two = new LowerSites({ cluster, clock: { monotonic: () => nowMs } });
    const edge = snapshot(2, { findings: [{ kind: 'k', subject: 's', level: 'red', reason: 'r', sinceMs: 1 }] });
    one.heardFrom({ ...peer, siteId: siteId(1) }, bytesOf(snapshot(1, { sites: [{ ageMs: 5000, snapshot: edge }] })));
    nowMs += 56_000;
    assert.partialDeepStrictEqual(two.views(), [
      { site: 'site1', state: 'green', ageMs: 56_000, sites: [{ site: 'site2', state: 'unknown' }] },
    ]);
    assert.match(siteLines(two.views()).join('\n'), /site1 .*: green, 0 hubs.*\n +site2 .*unknown: nothing heard for 61 s/);
    nowMs += 5000;
    assert.partialDeepStrictEqual(one.views(), [{ state: 'unknown' }]);
  });

  test('is that of the site that the certificate names, or of none', () => {
    using sites = new LowerSites({ cluster: new Announcements(), clock: { monotonic: () => 0 } });
    sites.heardFrom({ ...peer, siteId: siteId(3) }, bytesOf(snapshot(1)));
    sites.heardFrom({ kind: 'plain', tenant: undefined }, bytesOf(snapshot(1)));
    sites.heardFrom({ ...peer, siteId: siteId(1) }, Buffer.from('{"siteId":'));
    sites.heardFrom({ ...peer, siteId: siteId(1) }, bytesOf({ ...snapshot(1), hubs: 'many' }));
    assert.deepEqual(sites.views(), []);
  });

  test('is looked into no more often than a hub has to tell it', () => {
    let nowMs = 0;
    let told = 0;
    const cluster = new Announcements();
    cluster.onAnnounced(() => void (told += 1));
    using sites = new LowerSites({ cluster, clock: { monotonic: () => nowMs } });
    const tell = (hub: number): void => sites.heardFrom({ ...peer, hubId: siteId(hub), siteId: siteId(1) }, bytesOf(snapshot(1)));
    for (let times = 0; times < 1000; times += 1) tell(7);
    assert.equal(told, 6);
    tell(8);
    assert.equal(told, 7);
    nowMs += 10_000;
    tell(7);
    assert.equal(told, 8);
  });

  test('of a tree that is too deep is taken as far as it may go', () => {
    let deep = snapshot(1);
    for (let number = 2; number < 100; number += 1) deep = snapshot(number, { sites: [{ ageMs: 1, snapshot: deep }] });
    let levels = 0;
    for (let one = parseSnapshot(bytesOf(deep)); one !== undefined; one = one.sites[0]?.snapshot) levels += 1;
    assert.equal(levels, 16);
  });

  test('fits a frame: agents of sites below go first, then those sites', () => {
    const list = Array.from({ length: 500 }, (_, number) => ({
      agentId: siteId(number),
      host: 'h'.repeat(100),
      connected: false,
    }));
    const agents = { known: 500, connected: 0, list };
    const sites = Array.from({ length: 10 }, (_, number) => ({ ageMs: 1, snapshot: snapshot(number, { agents }) }));
    const whole = snapshot(1000, { agents, sites });
    const fitted = fittedSnapshot(whole, 200_000);
    assert.ok(bytesOf(fitted).length <= 200_000);
    assert.equal(fitted.agents.list.length, 500);
    assert.deepEqual(
      fitted.sites.map(({ snapshot: { agents: of } }) => [of.known, of.list.length]),
      Array.from({ length: 10 }, () => [500, 0]),
    );
    assert.deepEqual(fittedSnapshot(whole, 1000).sites, []);
  });

  test('gives a terminal no orders', () => {
    using sites = new LowerSites({ cluster: new Announcements(), clock: { monotonic: () => 0 } });
    sites.heardFrom({ ...peer, siteId: siteId(1) }, bytesOf(snapshot(1, { site: '\u001b[2Jred' })));
    assert.ok(!siteLines(sites.views()).join('').includes('\u001b'));
  });
});
