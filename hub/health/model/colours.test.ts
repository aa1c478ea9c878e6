import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import fc from 'fast-check';
import type { HealthFacts, ToldFinding } from './facts.ts';
import { HealthModel, type HealthTree, type ModelNode } from './health-model.ts';
import { heldMs } from './limits.ts';
import { worstOf } from './states.ts';

const hubId = 'ab'.repeat(16);
const agentIds = ['a1', 'b2', 'c3'].map((two) => two.repeat(16));

/** What is there, and what is the matter with it: any of it may come and go from look to look. */
interface Look {
  readonly agents: readonly string[];
  readonly inputs: readonly string[];
  readonly troubles: readonly (Pick<ToldFinding, 'kind' | 'subject' | 'level'> & { readonly sinceMs: number })[];
  readonly afterMs: number;
}

const trouble = fc.record({
  about: fc.constantFrom(
    ...agentIds.flatMap((id) => [
      ['agent-silent', id] as const,
      ['agent-mute', id] as const,
      ['agent-input', `${id} app`] as const,
    ]),
    ['memory', 'memory'] as const,
    ['open-service', 'site'] as const,
  ),
  level: fc.constantFrom('yellow', 'red'),
  sinceMs: fc.nat(100),
});
const look: fc.Arbitrary<Look> = fc.record({
  agents: fc.subarray(agentIds),
  inputs: fc.subarray(['app', 'web']),
  troubles: fc
    .uniqueArray(trouble, { maxLength: 4, selector: ({ about }) => about.join(' ') })
    .map((all) => all.map(({ about: [kind, subject], ...rest }) => ({ kind, subject, ...rest }))),
  afterMs: fc.constantFrom(1000, 1000, heldMs),
});

function factsOf({ agents, inputs, troubles }: Look): HealthFacts {
  return {
    site: { name: 'main', siteId: '5e'.repeat(16) },
    hubs: [{ hubId, host: 'h1' }],
    listeners: [],
    queue: { channels: [], topics: [], groups: [] },
    outputs: [],
    agents: agents.map((agentId) => ({ agentId, host: 'web', tenants: ['shop'] })),
    inputsOf: () => inputs.map((name) => ({ name })),
    sites: [],
    findings: troubles.map((one) => ({ ...one, reason: `${one.kind} of ${one.subject}`, hubId })),
    unknown: [],
  };
}

/** Only what changed is looked at: this looks at everything, after every look. */
test('whatever comes and goes, a node has the worst of its own and of what is below it, and since when it has', () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 12 }), (looks) => {
      const clock = new ManualClock(1000);
      const model = new HealthModel({ clock, hubId });
      for (const one of looks) {
        const before = model.tree;
        clock.advance(one.afterMs);
        model.refresh(factsOf(one));
        checkColours(model.tree);
        checkSince(model, before);
        const fresh = new HealthModel({ clock, hubId });
        fresh.refresh(factsOf(one));
        assert.deepEqual([...model.tree.keys()], [...fresh.tree.keys()]);
      }
    }),
  );
});

function checkColours(tree: HealthTree): void {
  const nodes = [...tree.values()];
  for (const node of nodes) {
    const children = nodes.filter(({ parent }) => parent === node.id);
    assert.equal(node.own, worstOf(node.causes.map(({ level }) => level)), node.id);
    assert.equal(node.state, worstOf([node.own, ...children.map(({ state }) => state)]), node.id);
    const worst = causesBelow(node, nodes).filter(({ level }) => level === node.state);
    const isToldWhy = node.state === 'green' ? node.reason === '' : worst.some(({ reason }) => reason === node.reason);
    assert.ok(isToldWhy, `${node.id}: ${node.reason}`);
    if (node.own === node.state && node.own !== 'green') assert.equal(node.reason, node.causes[0]?.reason);
  }
}

function causesBelow(node: ModelNode, nodes: readonly ModelNode[]): ModelNode['causes'] {
  return [...node.causes, ...nodes.filter(({ parent }) => parent === node.id).flatMap((child) => causesBelow(child, nodes))];
}

function checkSince({ tree, atMs, changes }: HealthModel, before: HealthTree): void {
  const changed: ModelNode[] = [];
  for (const node of tree.values()) {
    const known = before.get(node.id);
    if (known?.state === node.state) assert.equal(node.sinceMs, known.sinceMs, node.id);
    else assert.ok(node.sinceMs <= atMs, node.id);
    if ((known?.state ?? 'green') !== node.state) changed.push(node);
  }
  const gone = [...before.values()].filter(({ id, state }) => !tree.has(id) && state !== 'green');
  const told = changes.filter((change) => change.atMs === atMs).map(({ node, to }) => `${node} ${to}`);
  assert.deepEqual(
    told.toSorted(),
    [...changed.map(({ id, state }) => `${id} ${state}`), ...gone.map(({ id }) => `${id} green`)].toSorted(),
  );
}
