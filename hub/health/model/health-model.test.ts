import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { SiteView } from '../../sites/lower-sites.ts';
import type { SiteHealth } from '../../sites/site-snapshot.ts';
import type { FindingKind } from '../findings.ts';
import type { HealthFacts, ToldFinding } from './facts.ts';
import { HealthModel, type ModelChange } from './health-model.ts';
import { changesKeptMax, heldMs } from './limits.ts';
import { agentNode, channelNode, hubNode, inputNode, lowerSiteNode, outputNode, topicNode } from './node-ids.ts';

const siteId = '5e'.repeat(16);
const hubId = 'ab'.repeat(16);
const otherHubId = 'cd'.repeat(16);
const agentId = 'a1'.repeat(16);
const channel = {
  channel: 'shop/web',
  streams: 0,
  gaps: 0,
  lost: 0,
  duplicates: 0,
  positions: 0,
  late: 0,
  filtered: 0,
  filteredRecords: 0,
};

function topic(name: string): HealthFacts['queue']['topics'][number] {
  const nothing = { firstSequence: 1, lastSequence: 0, entries: 0, bytes: 0, receivedRecords: 0, receivedBytes: 0 };
  return { topic: name, partition: 0, ...nothing };
}

function facts(changes: Partial<HealthFacts> = {}): HealthFacts {
  return {
    site: { name: 'main', siteId },
    hubs: [
      { hubId, host: 'h1' },
      { hubId: otherHubId, host: 'h2' },
    ],
    listeners: [{ hubId, name: 'agents' }],
    queue: { channels: [channel], topics: [topic('front/shop/web'), topic('dead/shop/web')], groups: [] },
    outputs: [{ name: 'es', kind: 'elasticsearch', state: 'running', trouble: '' }],
    agents: [{ agentId, host: 'web1', tenants: ['shop'] }],
    inputsOf: (id) => (id === agentId ? [{ name: 'app' }] : []),
    sites: [],
    findings: [],
    unknown: [],
    ...changes,
  };
}

function finding(kind: FindingKind, subject: string, changes: Partial<ToldFinding> = {}): ToldFinding {
  return { kind, subject, level: 'red', reason: `${kind} of ${subject}`, sinceMs: 5, hubId, ...changes };
}

class Site {
  readonly clock = new ManualClock();
  readonly model = new HealthModel({ clock: this.clock, hubId });

  look(changes: Partial<HealthFacts> = {}, afterMs = 1000): this {
    this.clock.advance(afterMs);
    this.model.refresh(facts(changes));
    return this;
  }

  /** Which nodes are not green, with their colours. */
  get colours(): Record<string, string> {
    return Object.fromEntries(
      [...this.model.tree.values()].filter(({ state }) => state !== 'green').map(({ id, state }) => [id, state]),
    );
  }
}

suite('the tree of health', () => {
  test('has everything in it, and is green where nothing is found', () => {
    const site = new Site().look();
    assert.deepEqual(
      [...site.model.tree.keys()],
      [
        'site',
        hubNode(hubId),
        hubNode(otherHubId),
        `${hubNode(hubId)}/listener/agents`,
        'store',
        outputNode('es'),
        channelNode('shop/web'),
        topicNode('front/shop/web'),
        'agents',
        agentNode(agentId),
        inputNode(agentId, 'app'),
      ],
    );
    assert.deepEqual(site.colours, {});
    assert.deepEqual(site.model.changes, []);
  });

  test('only what has a trouble and what is above it changes colour, with the reason and since when', () => {
    const site = new Site().look().look({ findings: [finding('agent-input', `${agentId} app`)] });
    assert.deepEqual(site.colours, {
      site: 'red',
      agents: 'red',
      [agentNode(agentId)]: 'red',
      [inputNode(agentId, 'app')]: 'red',
    });
    const { reason, own, causes } = site.model.tree.get('agents') ?? {};
    assert.deepEqual([reason, own, causes], [`agent-input of ${agentId} app`, 'green', []]);
    const sinceMs = site.model.tree.get('site')?.sinceMs;
    site.look({ findings: [finding('agent-input', `${agentId} app`), finding('lag', 'front/shop/web pipeline')] }, 60_000);
    assert.equal(site.model.tree.get('site')?.sinceMs, sinceMs);
  });

  test('what comes and goes keeps its colour until it was gone for a while, and is green within fifteen seconds', () => {
    const site = new Site().look();
    const flapping = { findings: [finding('elasticsearch-away', 'es', { level: 'yellow' })] };
    for (let times = 0; times < 20; times += 1) {
      site.look(times % 4 === 0 ? flapping : {});
      assert.equal(site.model.tree.get(outputNode('es'))?.state, 'yellow', `after ${times} s`);
    }
    assert.equal(site.model.changes.filter(({ node }) => node === outputNode('es')).length, 1);
    for (let passedMs = 0; passedMs < heldMs; passedMs += 1000) site.look();
    assert.deepEqual(site.colours, {});
    assert.ok(heldMs <= 9000);
  });

  test('what gets worse does so at once, and what is told is the worst', () => {
    const site = new Site().look();
    const waits = finding('elasticsearch-away', 'es', { level: 'yellow', reason: 'waits' });
    site.look({ findings: [waits] }).look({ findings: [waits, finding('elasticsearch-refuses', 'es', { reason: 'refuses' })] });
    const node = site.model.tree.get(outputNode('es'));
    assert.deepEqual(
      [node?.state, node?.reason, node?.causes.map(({ reason }) => reason)],
      ['red', 'refuses', ['refuses', 'waits']],
    );
  });

  test('hubs that tell the same are one cause, the worse and the longer; what is a hub’s own is at that hub', () => {
    const same = [
      finding('lag', 'front/shop/web pipeline', { level: 'yellow', sinceMs: 7 }),
      finding('lag', 'front/shop/web pipeline', { hubId: otherHubId, sinceMs: 9 }),
    ];
    const site = new Site().look({ findings: [...same, finding('memory', 'memory', { hubId: otherHubId })] });
    assert.partialDeepStrictEqual(site.model.tree.get(topicNode('front/shop/web'))?.causes, [{ level: 'red', sinceMs: 7 }]);
    assert.deepEqual([site.colours[hubNode(hubId)], site.colours[hubNode(otherHubId)]], [undefined, 'red']);
  });

  test('a hub that is not heard of is unknown, then red', () => {
    const unknown = { node: hubNode(otherHubId), kind: 'hub-silent', subject: otherHubId, reason: 'away', sinceMs: 1 } as const;
    const site = new Site().look({ unknown: [unknown] });
    assert.deepEqual(site.colours, { site: 'unknown', [hubNode(otherHubId)]: 'unknown' });
    site.look({ unknown: [unknown], findings: [finding('hub-silent', otherHubId)] });
    assert.partialDeepStrictEqual(site.model.tree.get(hubNode(otherHubId)), {
      state: 'red',
      causes: [{ level: 'red', sinceMs: 1 }],
    });
  });

  test('a colour counts from when the node had it, however old the trouble is that it had in another one', () => {
    const site = new Site().look();
    const sinceMs = (): number | undefined => site.model.tree.get(outputNode('es'))?.sinceMs;
    const atMs = site.clock.now() + 1000;
    const waits = finding('elasticsearch-away', 'es', { level: 'yellow', sinceMs: atMs });
    site.look({ findings: [waits] });
    assert.equal(sinceMs(), atMs);
    site.look({ findings: [{ ...waits, level: 'red' }] }, 60_000);
    assert.equal(sinceMs(), atMs + 60_000, 'it was yellow before');
    site.look({ findings: [waits, finding('elasticsearch-refuses', 'es')] }, 60_000);
    site.look({ findings: [waits] }).look({ findings: [waits] }, 60_000);
    assert.deepEqual([site.colours[outputNode('es')], sinceMs()], ['yellow', site.clock.now()], 'it was red before');
  });

  /** A hub that was restarted said that its site had been red for seconds, of a trouble of three days. */
  test('what is above a trouble that was there before the start has had its colour for as long', () => {
    const site = new Site().look();
    site.look({ findings: [finding('elasticsearch-away', 'es', { level: 'yellow', sinceMs: 5 })] });
    assert.deepEqual([site.model.tree.get(outputNode('es'))?.sinceMs, site.model.tree.get('site')?.sinceMs], [5, 5]);
    site.look({ findings: [finding('elasticsearch-away', 'es', { sinceMs: 5 })] }, 60_000);
    assert.equal(site.model.tree.get('site')?.sinceMs, site.clock.now(), 'it was yellow before');
  });

  test('of two that are as bad the one that has been for longest is the reason above them', () => {
    const site = new Site().look({
      findings: [finding('lag', 'front/shop/web pipeline', { sinceMs: 5 }), finding('memory', 'memory', { sinceMs: 4 })],
    });
    assert.equal(site.model.tree.get('site')?.reason, 'memory of memory');
    site.look({ findings: [finding('open-service', 'x', { sinceMs: 9 }), finding('memory', 'memory', { sinceMs: 4 })] });
    assert.equal(site.model.tree.get('site')?.reason, 'open-service of x', 'its own comes first');
  });

  test('what is as it was a second ago is the very same, so that nobody has to look through all of it', () => {
    const site = new Site().look();
    const { tree } = site.model;
    assert.equal(site.look().model.tree, tree);
    const troubled = site.look({ findings: [finding('agent-input', `${agentId} app`)] }).model.tree;
    assert.notEqual(troubled.get('agents'), tree.get('agents'));
    assert.equal(troubled.get('store'), tree.get('store'));
    assert.deepEqual([...troubled.keys()], [...tree.keys()]);
    const renamed = site.look({ outputs: [], agents: [{ agentId, host: 'web2', tenants: ['shop'] }] }, heldMs).model.tree;
    assert.equal(renamed.get(agentNode(agentId))?.name, 'web2');
    assert.equal(renamed.get('store'), tree.get('store'));
  });

  test('what hangs at nothing is not there, and what is the matter with it is a matter of the site', () => {
    const gone = 'ee'.repeat(16);
    const site = new Site().look({
      listeners: [{ hubId: gone, name: 'http' }],
      findings: [finding('listener-closed', `${gone} http`)],
    });
    assert.deepEqual(site.colours, { site: 'red' });
  });

  test('what changed is told once, the newest first, and what is gone is told too', () => {
    const site = new Site().look();
    const told: ModelChange[] = [];
    site.model.onChanged((changes) => told.push(...changes));
    const red = { findings: [finding('agent-silent', agentId)] };
    site.look(red).look(red);
    site.look({ ...red, agents: [] });
    assert.deepEqual(
      told.map(({ node, from, to }) => `${node} ${from} ${to}`),
      [`site green red`, `agents green red`, `${agentNode(agentId)} green red`, `${agentNode(agentId)} red green`],
    );
    assert.deepEqual(site.model.changes[0], told.at(-1));
    assert.equal(new Set(told.map(({ id }) => id)).size, told.length);
  });
});

suite('a site below', () => {
  const below = '1b'.repeat(16);
  const cause = { kind: 'lag', subject: 'x', level: 'red', reason: 'it is behind', sinceMs: 3 } as const;
  const view: SiteView & { readonly health: SiteHealth } = {
    site: 'edge',
    siteId: below,
    state: 'red',
    ageMs: 0,
    hubs: [],
    groups: [],
    findings: [],
    sites: [],
    agents: { known: 0, connected: 0, list: [] },
    health: {
      nodes: [
        { id: 'site', kind: 'site', name: 'edge', causes: [] },
        { id: 'channel/a/b', kind: 'channel', name: 'a/b', parent: 'site', causes: [cause] },
        { id: 'store', kind: 'store', name: 'hangs nowhere', parent: 'nothing', causes: [cause] },
      ],
      counts: {},
      changes: [],
    },
  };

  test('has the colours that it told, at its own nodes, and no longer than it tells them', () => {
    const site = new Site().look({ sites: [view] });
    assert.deepEqual(site.colours, {
      site: 'red',
      [lowerSiteNode(below)]: 'red',
      [`${lowerSiteNode(below)}/channel/a/b`]: 'red',
    });
    site.look({ sites: [{ ...view, health: { ...view.health, nodes: [] } }] });
    assert.deepEqual(site.colours, {}, 'it was held there already');
    site.look({ sites: [{ ...view, ageMs: 61_000, state: 'unknown' }] });
    assert.equal(site.colours[lowerSiteNode(below)], 'unknown');
  });

  test('is silent since one moment, however often that is worked out', () => {
    const site = new Site();
    const reason = (ageMs: number): string | undefined =>
      site.look({ sites: [{ ...view, ageMs, state: 'unknown' }] }).model.tree.get(lowerSiteNode(below))?.reason;
    const first = reason(61_000);
    assert.match(first ?? '', /has not told of itself since/);
    assert.equal(reason(61_999), first);
  });

  test('tells what changed while its link was cut, and that once, whichever of its hubs tells it', () => {
    const site = new Site().look({ sites: [view] });
    const change = { id: 'x-1', node: 'channel/a/b', name: 'a/b', from: 'green', to: 'red', reason: 'r', atMs: 100 } as const;
    const ofSite = { ...change, id: 'x-0', node: 'site' };
    site.model.addChanges(below, [change, ofSite]);
    site.model.addChanges(below, [{ ...change, id: 'y-1', atMs: 3000 }, change]);
    const inner = site.model.changes.filter(({ node }) => node.endsWith('channel/a/b'));
    assert.deepEqual(
      inner.map(({ id, atMs }) => [id, atMs]),
      [['x-1', 100]],
    );
    assert.equal(site.model.changes.at(-1)?.id, 'x-1', 'in the order of their times');
  });

  test('that is heard of now and then keeps its colour, as that is found here', () => {
    const unknown = { node: lowerSiteNode(below), kind: 'site-silent', subject: below, reason: 'silent', sinceMs: 1 } as const;
    const site = new Site().look({ sites: [view], unknown: [unknown] });
    const quiet: SiteView = { ...view, state: 'green', health: { ...view.health, nodes: [] } };
    const heard = { sites: [quiet] };
    assert.equal(site.look(heard).colours[lowerSiteNode(below)], 'unknown');
    assert.deepEqual(site.look(heard, heldMs).colours, {});
  });

  test('may tell of more changes than are kept', () => {
    const site = new Site().look({ sites: [view] });
    const changes = Array.from({ length: 200_000 }, (_, number) => {
      return {
        id: `x-${number}`,
        node: 'channel/a/b',
        name: 'a/b',
        from: 'green',
        to: 'red',
        reason: 'r',
        atMs: number,
      } as const;
    });
    site.model.addChanges('2b'.repeat(16), changes);
    assert.deepEqual([site.model.changes.length, site.model.changes[0]?.atMs], [changesKeptMax, 199_999]);
  });
});
