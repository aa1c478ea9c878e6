/** What rules of health look at, where nothing is the matter; a test changes what it is about. */
import { hubOptions } from '../options.ts';
import type { SeenAgent } from '../health/known-agents.ts';
import type { RuleFacts } from '../health/rules/rule.ts';
import type { HealthRules } from '../config/health-options.ts';
import { queueLimits } from '../queue/limits.ts';
import type { GroupStatus, QueueStatus, TopicStatus } from '../queue/queue.ts';
import type { Agent } from '../registry/registry.ts';

export const ownHubId = 'ab'.repeat(16);
export const agentA = 'a1'.repeat(16);

export function ruleFacts(changes: Partial<RuleFacts> = {}): RuleFacts {
  return {
    nowMs: 1_000_000_000,
    monotonicMs: 0,
    hubId: ownHubId,
    version: '1.2.3',
    options: hubOptions.parse({}),
    queue: queueStatus({}),
    queueLimits: queueLimits(),
    agents: [],
    members: [],
    outputs: [],
    listeners: [],
    turnedAway: {},
    machine: { folders: [], memory: undefined },
    ...changes,
  };
}

export function healthRules(rules: object = {}): HealthRules {
  return hubOptions.parse({ health: { rules } }).health.rules;
}

export function seenAgent(changes: Partial<SeenAgent> = {}): SeenAgent {
  return {
    agentId: agentA,
    host: 'web1',
    tenants: ['shop'],
    connected: true,
    connectedHere: true,
    hereSinceMs: 0,
    lastSeenMs: 1_000_000_000,
    enrolledMs: 0,
    notAfterMs: undefined,
    version: '1.2.3',
    farewell: undefined,
    ...changes,
  };
}

export function registeredAgent(changes: Partial<Agent> = {}): Agent {
  return {
    agentId: agentA,
    kind: 'agent',
    siteId: undefined,
    tenants: ['shop'],
    labels: {},
    host: 'web1',
    instanceId: '',
    fingerprints: ['f'],
    notAfterMs: 9,
    enrolledMs: 1,
    tokenId: '',
    state: 'active',
    bootId: '',
    startCounter: 1,
    lastSeenMs: 5,
    retiredBoots: [],
    refusedCopy: undefined,
    ...changes,
  };
}

export function queueStatus(changes: Partial<QueueStatus>): QueueStatus {
  const none = { topics: [], groups: [], channels: [], archived: [], deadLetters: 0 };
  return { storeId: 'cd'.repeat(16), state: 'open', bytes: 0, maxBytes: 1000, ...none, ...changes };
}

export function groupStatus(changes: Partial<GroupStatus>): GroupStatus {
  const nothing = { entries: 0, records: 0, bytes: 0, oldestMs: undefined, dropped: 0, paused: false };
  const place = { topic: 'front/shop/web', group: 'pipeline', partition: 0 };
  return { ...place, policy: 'blocking', cursor: 0, ...nothing, ...changes };
}

export function topicStatus(changes: Partial<TopicStatus>): TopicStatus {
  const nothing = { firstSequence: 1, lastSequence: 0, entries: 0, bytes: 0, receivedRecords: 0, receivedBytes: 0 };
  return { topic: 'front/shop/web', partition: 0, ...nothing, ...changes };
}
