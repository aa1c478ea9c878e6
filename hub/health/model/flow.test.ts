import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowAnswer } from '../../dashboard/api/health-shapes.ts';
import type { GroupStatus, QueueStatus } from '../../queue/queue.ts';
import { groupStatus, queueStatus, topicStatus } from '../../testing/rule-facts.ts';
import { type FlowParts, flowOf } from './flow.ts';
import { FlowRates } from './flow-rates.ts';

function waiting(group: Partial<GroupStatus>): GroupStatus {
  return groupStatus({ entries: 2, records: 10, bytes: 100, oldestMs: 50, ...group });
}

function queueAt(received: number): QueueStatus {
  return queueStatus({
    topics: [
      topicStatus({ receivedRecords: received, receivedBytes: received * 10 }),
      topicStatus({ topic: 'back/shop/web', receivedRecords: received / 2, receivedBytes: received * 5 }),
      topicStatus({ topic: 'dead/shop/web', entries: 4 }),
      topicStatus({ topic: 'front/bank/app' }),
    ],
    groups: [
      waiting({}),
      waiting({ partition: 1, oldestMs: 40 }),
      waiting({ topic: 'back/shop/web', group: 'archive' }),
      waiting({ topic: 'back/shop/web', group: 'es:es', records: 30 }),
      waiting({ topic: 'dead/shop/web', group: 'es:es' }),
    ],
  });
}

function taking(name: string): FlowParts['hubs'][number]['listeners'][number] {
  return { name, records: 5, bytes: 6 };
}

const rates = new FlowRates();
rates.sample(0, queueAt(0));
rates.sample(2000, queueAt(1000));
const parts = {
  atMs: 1,
  tree: new Map(),
  rates,
  queue: queueAt(1000),
  agents: [
    { agentId: 'a1', host: 'web1', tenants: ['bank'], connected: true },
    { agentId: 'a2', host: 'web2', tenants: ['bank'], connected: false },
    { agentId: 'a3', host: 'both', tenants: ['bank', 'shop'], connected: true },
    { agentId: 'a4', host: 'hub', tenants: 'all' as const, connected: true },
  ],
  outputs: [{ name: 'es', kind: 'elasticsearch', group: 'es:es' }],
  hubs: [{ hubId: 'h1', listeners: [taking('agents'), taking('http')] }],
  lastReceivedMs: () => 9,
};

test('what comes, waits and goes is told of each channel and output', () => {
  const flow = flowAnswer.parse(flowOf(parts, (channel) => channel === 'shop/web', true));
  assert.partialDeepStrictEqual(flow.channels, [
    {
      channel: 'shop/web',
      received: { recordsPerSecond: 500, bytesPerSecond: 5000 },
      front: { entries: 4, records: 20, bytes: 200, oldestMs: 40 },
      processed: { recordsPerSecond: 250, bytesPerSecond: 2500 },
      back: { records: 30 },
      deadLetters: 4,
      lastReceivedMs: 9,
    },
  ]);
  assert.partialDeepStrictEqual(flow.outputs, [
    {
      name: 'es',
      passed: { recordsPerSecond: 250 },
      records: 30,
      channels: [{ channel: 'shop/web', reads: 'back', records: 30 }],
    },
  ]);
  assert.equal(flow.outputs[0]?.channels.length, 1);
  assert.deepEqual([flow.agents.known, flow.agents.connected], [4, 3]);
  const listener = { name: 'http', node: 'hub/h1/listener/http', state: 'unknown', recordsPerSecond: 5, bytesPerSecond: 6 };
  assert.deepEqual(flow.listeners, [listener]);
});

test('who sees a tenant only sees nothing of the site', () => {
  const flow = flowAnswer.parse(flowOf(parts, (channel) => channel.startsWith('bank/'), false));
  assert.deepEqual([flow.channels.map(({ channel }) => channel), flow.outputs, flow.listeners], [['bank/app'], [], []]);
  assert.deepEqual(flow.agents, { known: 2, connected: 1, state: 'unknown' });
  assert.deepEqual(flowOf(parts, () => false, false).agents, { known: 0, connected: 0, state: 'unknown' });
});

test('a cursor that is put back passes less than nothing, which is told as nothing', () => {
  const moved = new FlowRates();
  moved.sample(0, queueStatus({ topics: [topicStatus({ receivedRecords: 9 })], groups: [groupStatus({ records: 0 })] }));
  moved.sample(1000, queueStatus({ topics: [topicStatus({ receivedRecords: 9 })], groups: [groupStatus({ records: 9 })] }));
  assert.deepEqual(moved.passed({ topic: 'front/shop/web', group: 'pipeline' }), { records: 0, bytes: 0 });
});

test('nothing is told of what a store that was lost and begins anew has received less', () => {
  const anew = new FlowRates();
  anew.sample(0, queueStatus({ topics: [topicStatus({ receivedRecords: 900, receivedBytes: 900 })] }));
  anew.sample(1000, queueStatus({ topics: [topicStatus({ receivedRecords: 3, receivedBytes: 3 })] }));
  assert.deepEqual(anew.received('front/shop/web'), { records: 0, bytes: 0 });
});
