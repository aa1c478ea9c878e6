import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { healthAnswer } from '../../dashboard/api/health-shapes.ts';
import type { SiteHealth } from '../../sites/site-snapshot.ts';
import type { HealthFacts } from './facts.ts';
import { HealthModel, type ModelNode } from './health-model.ts';
import { pageOf, type Wanted, withoutChannels } from './health-view.ts';
import { shownNode } from './shown-node.ts';

const model = new HealthModel({ clock: new ManualClock(), hubId: 'ab'.repeat(16) });
const agents = Array.from({ length: 250 }, (_, number) => ({
  agentId: number.toString(16).padStart(32, '0'),
  host: `web${number}\u001b[2J`,
  tenants: number % 2 === 0 ? ['shop'] : ['shop', 'bank'],
}));
const channel = { streams: 0, gaps: 0, lost: 0, duplicates: 0, positions: 0, late: 0, filtered: 0, filteredRecords: 0 };
const facts: HealthFacts = {
  site: { name: 'main', siteId: '5e'.repeat(16) },
  hubs: [],
  listeners: [],
  outputs: [],
  inputsOf: () => [],
  sites: [],
  unknown: [],
  agents,
  queue: { channels: [{ channel: 'shop/web', ...channel }], topics: [], groups: [] },
  findings: [
    ...agents.slice(0, 120).map(({ agentId }) => {
      return { kind: 'agent-mute', subject: agentId, level: 'yellow', reason: 'mute\u001b[2J', sinceMs: 1, hubId: 'x' } as const;
    }),
    { kind: 'channel-silent', subject: 'shop/web', level: 'red', reason: 'silent', sinceMs: 2, hubId: 'x' },
  ],
};
model.refresh(facts);
const all = [...model.tree.values()];
const everything: Wanted = {
  order: 'worst',
  states: undefined,
  kinds: undefined,
  under: undefined,
  limit: 100,
  after: undefined,
};

test('all nodes come once, page by page, the worst first, as the API has them', () => {
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = pageOf(all, { ...everything, after }, shownNode);
    assert.ok(page !== undefined);
    healthAnswer.parse({ site: 'main', siteId: '5e'.repeat(16), atMs: 1, ...page });
    seen.push(...page.nodes.map(({ id, state }) => `${state} ${id}`));
    after = page.next;
  } while (after !== undefined);
  assert.equal(new Set(seen).size, all.length);
  assert.deepEqual(seen.slice(0, 3), ['red channel/shop/web', 'red site', `yellow agent/${'0'.repeat(32)}`]);
  assert.ok(!seen.join('').includes('\u001b'));
});

test('by id each comes exactly once, whatever changes its colour between two answers', () => {
  const seen: string[] = [];
  let after: string | undefined;
  for (let turn = 0; ; turn += 1) {
    const now = all.map((node, index) => ({ ...node, state: (index + turn) % 2 === 0 ? ('red' as const) : ('green' as const) }));
    const page = pageOf(now, { ...everything, order: 'id', after, limit: 100 }, shownNode);
    seen.push(...(page?.nodes ?? []).map(({ id }) => id));
    after = page?.next;
    if (after === undefined) break;
  }
  assert.deepEqual(seen, all.map(({ id }) => id).toSorted());
});

test('they are chosen by colour, by kind and by what they are under', () => {
  const chosen = (wanted: Partial<Wanted>): number | undefined =>
    pageOf(all, { ...everything, limit: 1000, ...wanted }, shownNode)?.nodes.length;
  assert.equal(chosen({ states: new Set(['yellow']) }), 121);
  assert.equal(chosen({ kinds: new Set(['agent']), states: new Set(['green']) }), 130);
  assert.equal(chosen({ under: 'agents' }), 251);
  assert.equal(chosen({ under: 'nothing' }), 0);
  assert.equal(pageOf(all, { ...everything, after: 'made up' }, shownNode), undefined);
});

test('counts are of all that somebody sees, and the head is the worst of it', () => {
  const page = pageOf(all, { ...everything, under: 'agents' }, shownNode);
  assert.partialDeepStrictEqual(page, { state: 'yellow', counts: { agent: { green: 130, yellow: 120, red: 0, unknown: 0 } } });
  const nothing = pageOf([], everything, shownNode);
  assert.partialDeepStrictEqual(nothing, {
    state: 'unknown',
    reason: 'there is nothing here that you may look at: nothing came so far, or the name is not right',
    nodes: [],
  });
});

test('the platform is as it is without its channels', () => {
  const platform = withoutChannels(all);
  assert.partialDeepStrictEqual(platform[0], { id: 'site', state: 'yellow' });
  assert.ok(platform.every(({ kind }: ModelNode) => kind !== 'channel'));
});

test('a site below is as it is without its channels, too', () => {
  const siteId = '1b'.repeat(16);
  const cause = { subject: 'x', level: 'red', sinceMs: 3 } as const;
  const nothing = { hubs: [], groups: [], findings: [], sites: [], agents: { known: 0, connected: 0, list: [] } };
  const below = new HealthModel({ clock: new ManualClock(7), hubId: 'ab'.repeat(16) });
  const look = (outputCauses: SiteHealth['nodes'][number]['causes']): Record<string, string> => {
    const nodes: SiteHealth['nodes'] = [
      { id: 'site', kind: 'site', name: 'edge', causes: [] },
      { id: 'channel/a/b', kind: 'channel', name: 'a/b', parent: 'site', causes: [{ ...cause, kind: 'lag', reason: 'lags' }] },
      { id: 'output/es', kind: 'output', name: 'es', parent: 'site', causes: outputCauses },
    ];
    const health = { nodes, counts: {}, changes: [] };
    below.refresh({
      ...facts,
      agents: [],
      findings: [],
      sites: [{ site: 'edge', siteId, state: 'red', ageMs: 0, ...nothing, health }],
    });
    const sites = withoutChannels([...below.tree.values()]).filter(({ kind }) => kind === 'site');
    return Object.fromEntries(sites.map(({ id, state, reason }) => [id, `${state} ${reason}`]));
  };
  assert.deepEqual(look([]), { site: 'green ', [`site/${siteId}`]: 'green ' });
  assert.equal(below.tree.get('site')?.state, 'red');
  const away = { ...cause, kind: 'elasticsearch-away', level: 'yellow', reason: 'away' } as const;
  assert.deepEqual(look([away]), { site: 'yellow away', [`site/${siteId}`]: 'yellow away' });
});

/** Each request went through the whole tree for each green site below. */
test('a tree is looked at as often with many sites below as with few', () => {
  let reads = 0;
  const top = all.find(({ id }) => id === 'site');
  assert.ok(top !== undefined);
  const nodes = Array.from({ length: 300 }, (_, number): ModelNode => {
    const id = number === 0 ? 'site' : (`site/${number}` as const);
    const node: ModelNode = { ...top, id, parent: number === 0 ? undefined : 'site', causes: [], state: 'red' };
    return Object.defineProperty(node, 'sinceMs', { enumerable: true, get: () => ((reads += 1), number) });
  });
  const platform = withoutChannels(nodes);
  assert.deepEqual([platform[0]?.state, platform[0]?.sinceMs, platform[1]?.sinceMs], ['green', 299, 0]);
  assert.ok(reads < 10 * nodes.length, `${reads} reads`);
});

test('what belongs to several tenants is no single one’s', () => {
  const [shop, both] = all.filter(({ kind }) => kind === 'agent').map(shownNode);
  assert.deepEqual([shop?.tenant, shop?.tenants], ['shop', undefined]);
  assert.deepEqual([both?.tenant, both?.tenants], [undefined, ['shop', 'bank']]);
});
