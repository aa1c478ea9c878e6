import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformDocument } from '../measurements/platform-document.ts';
import { agentA, healthRules, ruleFacts, seenAgent } from '../testing/rule-facts.ts';
import { OwnAgents } from './own-agents.ts';

const agentB = 'b2'.repeat(16);
const siteId = '5e'.repeat(16);
const nowMs = 1_000_000_000;

/** Agent A is in partition 1, agent B in partition 2. */
class Hub {
  partitions = new Set([1, 2]);
  readonly #listeners = new Set<() => void>();
  readonly own = new OwnAgents({
    cluster: {
      partitions: () => this.partitions,
      onChanged: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    },
    siteId,
    queue: { partitionOf: (agentId) => (agentId === agentA ? 1 : 2) },
  });

  works(...partitions: number[]): void {
    this.partitions = new Set(partitions);
    for (const listener of this.#listeners) listener();
  }

  /** Its disk is full, and its clock is wrong. */
  tell(agentId: string, from = siteId): void {
    const about = { siteId: from, agentId, tenant: 'shop', kind: 'event', dataset: 'tributary.agent' };
    const fields = { agent: { type: 'tributary' } };
    const document: PlatformDocument = { ...about, action: 'disk-full', receivedMs: nowMs, atMs: nowMs + 3_600_000, fields };
    this.own.take(document);
  }

  found(agentId: string): number {
    const facts = ruleFacts({ nowMs, agents: [seenAgent({ agentId })] });
    const troubles = this.own.reports.troublesOf(agentId, { nowMs, lostMs: 900_000 });
    return troubles.length + this.own.skew.look(facts, healthRules()).length;
  }
}

/** It stood at the hub that had read it before, whatever the agent told since to the one that has its partition now. */
test('what an agent told is forgotten with its partition, and what a reader that ends tells yet is not heard', () => {
  const hub = new Hub();
  using _ = hub.own;
  for (const agentId of [agentA, agentB]) hub.tell(agentId);
  assert.deepEqual([hub.found(agentA), hub.found(agentB)], [2, 2]);
  hub.works(2);
  assert.deepEqual([hub.own.isOurs(agentA), hub.own.isOurs(agentB)], [false, true]);
  assert.deepEqual([hub.found(agentA), hub.found(agentB)], [0, 2]);
  hub.tell(agentA);
  hub.works(1, 2);
  assert.equal(hub.found(agentA), 0);
  hub.tell(agentA);
  assert.equal(hub.found(agentA), 2);
});

test('what an agent told stands while the store is away and nobody works on anything', () => {
  const hub = new Hub();
  using _ = hub.own;
  hub.tell(agentA);
  hub.works();
  assert.equal(hub.found(agentA), 2);
  assert.ok(hub.own.isOurs(agentA));
  hub.works(1, 2);
  assert.equal(hub.found(agentA), 2);
});

test('what a site below tells of an agent of the same name is its own matter', () => {
  const hub = new Hub();
  using _ = hub.own;
  hub.tell(agentA, '99'.repeat(16));
  assert.equal(hub.found(agentA), 0);
});
