/**
 * The link to a site below was cut while an agent of it was red. Two minutes later people were told that this agent is well again, and after five
 * minutes it was forgotten who had acknowledged it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { HealthFacts, UnknownFact } from '../health/model/facts.ts';
import { HealthModel } from '../health/model/health-model.ts';
import { agentNode, innerNode, lowerSiteNode } from '../health/model/node-ids.ts';
import type { SiteView } from '../sites/lower-sites.ts';
import type { SiteHealth } from '../sites/site-snapshot.ts';
import { silentAfterMs, unknownAfterMs } from '../sites/limits.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import { alertsOf } from './alert.ts';
import { AlertBook } from './alert-book.ts';
import { Holds } from './holds.ts';
import { acknowledgedGoneMs } from './limits.ts';
import { isUnheard } from './unheard.ts';

const hubId = 'ab'.repeat(16);
const siteId = '1b'.repeat(16);
const agentId = 'a1'.repeat(16);
const node = innerNode(siteId, agentNode(agentId));
const timing = { groupWaitMs: 10_000, intervalMs: 60_000, resolveAfterMs: 60_000, repeatMs: 4 * 3_600_000 };

/** A site below, as the one above sees it and tells of it. */
class Below {
  readonly clock = new ManualClock(1_000_000);
  readonly model = new HealthModel({ clock: this.clock, hubId });
  readonly meta = new MemoryMeta();
  readonly holds = new Holds({
    registry: this.meta,
    clock: this.clock,
    tree: () => this.model.tree,
    logger: createLogger({ level: 'error', sink: () => undefined }),
  });
  readonly told: string[] = [];
  readonly #book = new AlertBook();
  /** How it told that its agent is. */
  #isRed = true;
  #heardMs = this.clock.now();

  /** `isRed`: it told that of its agent; undefined: it is not heard. */
  async pass(seconds: number, isRed: boolean | undefined): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      if (isRed !== undefined) {
        this.#isRed = isRed;
        this.#heardMs = this.clock.now();
      }
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { clock, model, told } = this;
    model.refresh(this.#facts());
    const { tree } = model;
    const free = { isSilenced: () => false, isAcknowledged: () => false, isForLater: () => false };
    this.#book.look(alertsOf(tree), { ...free, isUnknown: (alert) => isUnheard(tree, alert.node) }, clock.monotonic());
    const message = this.#book.take(timing, { nowMs: clock.now(), monotonicMs: clock.monotonic() });
    told.push(...(message?.items ?? []).map(({ change, kind }) => `${change} ${kind}`));
    await this.holds.tidy();
  }

  #facts(): HealthFacts {
    const ageMs = this.clock.now() - this.#heardMs;
    const about = { kind: 'site-silent', subject: siteId, reason: 'it is not heard of', sinceMs: this.#heardMs } as const;
    const silent: UnknownFact[] = ageMs > silentAfterMs ? [{ ...about, node: lowerSiteNode(siteId) }] : [];
    return {
      site: { name: 'main', siteId: '5e'.repeat(16) },
      hubs: [],
      listeners: [],
      queue: { channels: [], topics: [], groups: [] },
      outputs: [],
      agents: [],
      inputsOf: () => [],
      sites: [this.#view(ageMs)],
      findings: ageMs > 10 * unknownAfterMs ? [{ ...about, level: 'red', hubId }] : [],
      unknown: silent,
    };
  }

  #view(ageMs: number): SiteView {
    const cause = { kind: 'agent-silent', subject: agentId, level: 'red', reason: 'it is away', sinceMs: 3 } as const;
    const nodes: SiteHealth['nodes'] = [
      { id: 'site', kind: 'site', name: 'edge', causes: [] },
      { id: 'agents', kind: 'agents', name: 'agents', parent: 'site', causes: [] },
      { id: agentNode(agentId), kind: 'agent', name: 'web1', parent: 'agents', causes: [cause] },
    ];
    const health = { nodes: this.#isRed ? nodes : nodes.slice(0, 1), counts: {}, changes: [] };
    const nothing = { hubs: [], groups: [], findings: [], sites: [], agents: { known: 0, connected: 0, list: [] } };
    return { ...nothing, site: 'edge', siteId, ageMs, state: ageMs > unknownAfterMs ? 'unknown' : 'red', health };
  }
}

test('what stood at a site below when its link was cut is not over, and nothing is told when it still stands afterwards', async () => {
  const below = new Below();
  await below.pass(100, true);
  assert.deepEqual(below.told, ['raised agent-silent']);
  await below.pass(300, undefined);
  assert.equal(below.model.tree.get(node), undefined, 'its node is gone');
  assert.deepEqual(below.told, ['raised agent-silent']);
  await below.pass(300, true);
  assert.deepEqual(below.told, ['raised agent-silent']);
});

test('what was over at a site below while its link was cut is told as resolved when it is heard again', async () => {
  const below = new Below();
  await below.pass(100, true);
  await below.pass(900, undefined);
  assert.deepEqual(below.told, ['raised agent-silent', 'raised site-silent']);
  await below.pass(59, false);
  assert.deepEqual(below.told.slice(2), []);
  await below.pass(60, false);
  assert.deepEqual(below.told.slice(2).toSorted(), ['resolved agent-silent', 'resolved site-silent']);
});

test('what is acknowledged at a site below is not forgotten while its link is cut', async () => {
  const below = new Below();
  await below.pass(20, true);
  await below.holds.acknowledge({ node, finding: 'agent-silent', note: 'a new disk comes' }, { actor: 'alice', address: '' });
  await below.pass((3 * acknowledgedGoneMs) / 1000, undefined);
  assert.equal(below.holds.acknowledgements.length, 1);
  await below.pass((2 * acknowledgedGoneMs) / 1000, false);
  assert.equal(below.holds.acknowledgements.length, 0);
});
