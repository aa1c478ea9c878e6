import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubList } from './hub-list.ts';
import { avoidDrainedMs, avoidDrainedMsMax, avoidMuteMsMax, avoidMuteMsMin } from './limits.ts';

const hubs = ['ws://a', 'ws://b', 'ws://c'];

function listOf(policy: 'ordered' | 'balanced', agentId = '1', nowMs = { value: 0 }): HubList {
  return new HubList({ hubs, policy, agentId, now: () => nowMs.value });
}

test('in order; one that failed comes again when all did', () => {
  const list = listOf('ordered');
  assert.deepEqual(list.candidates(), hubs);
  assert.equal(list.failed('ws://a'), false);
  assert.deepEqual(list.candidates(), ['ws://b', 'ws://c']);
  assert.equal(list.failed('ws://b'), false);
  assert.equal(list.failed('ws://c'), true);
  assert.deepEqual(list.candidates(), hubs);
});

test('balanced: agents spread evenly, each is true to its hub, and a hub that goes moves only its own agents', () => {
  const preferred = new Map<string, number>();
  for (let agent = 0; agent < 3000; agent += 1) {
    const agentId = `agent ${agent}`;
    const hub = listOf('balanced', agentId).preferred;
    assert.equal(listOf('balanced', agentId).preferred, hub);
    preferred.set(hub, (preferred.get(hub) ?? 0) + 1);
    const without = new HubList({ hubs: hubs.slice(0, 2), policy: 'balanced', agentId, now: () => 0 });
    if (hub !== 'ws://c') assert.equal(without.preferred, hub);
  }
  for (const count of preferred.values()) assert.ok(count > 800 && count < 1200, `${count} of 3000`);
});

test('a hub that sends an agent away is not preferred for a while; where it said to go comes first', () => {
  const nowMs = { value: 0 };
  const list = listOf('ordered', '1', nowMs);
  list.connected('ws://a', []);
  list.drained('ws://a', ['ws://d', 'no address']);
  assert.deepEqual(list.candidates(), ['ws://d', 'ws://b', 'ws://c', 'ws://a']);
  nowMs.value = avoidDrainedMs;
  assert.deepEqual(list.candidates(), hubs);
  assert.equal(list.preferred, 'ws://a');
});

test('a hub that sends an agent away each time it comes back is left alone longer and longer', () => {
  const nowMs = { value: 0 };
  const list = listOf('ordered', '1', nowMs);
  let waitMs = avoidDrainedMs;
  for (let times = 0; times < 8; times += 1) {
    list.drained('ws://a', ['ws://b']);
    nowMs.value += waitMs - 1;
    assert.equal(list.preferred, 'ws://b');
    nowMs.value += 1;
    assert.equal(list.preferred, 'ws://a');
    waitMs = Math.min(avoidDrainedMsMax, waitMs * 2);
  }
  nowMs.value += 3 * avoidDrainedMsMax;
  list.drained('ws://a', ['ws://b']);
  nowMs.value += avoidDrainedMs;
  assert.equal(list.preferred, 'ws://a');
});

test('hubs that the site tells of come behind those of the configuration', () => {
  const list = listOf('ordered');
  list.connected('ws://a', ['ws://b', 'ws://d', 'no address']);
  assert.deepEqual(list.candidates(), [...hubs, 'ws://d']);
});

test('a hub that says no Welcome is not preferred for a while, longer each time until it says one', () => {
  const nowMs = { value: 0 };
  const list = listOf('ordered', '1', nowMs);
  let waitMs = avoidMuteMsMin;
  for (let time = 0; time < 10; time += 1) {
    list.mute('ws://a');
    assert.deepEqual(list.candidates(), ['ws://b', 'ws://c', 'ws://a']);
    nowMs.value += waitMs - 1;
    assert.equal(list.preferred, 'ws://b');
    nowMs.value += 1;
    assert.equal(list.preferred, 'ws://a');
    waitMs = Math.min(avoidMuteMsMax, waitMs * 2);
  }
  list.connected('ws://a', []);
  list.mute('ws://a');
  nowMs.value += avoidMuteMsMin;
  assert.equal(list.preferred, 'ws://a');
});

test('all hubs are told of, with what is against them', () => {
  const nowMs = { value: 0 };
  const list = listOf('ordered', '1', nowMs);
  list.drained('ws://a', []);
  list.failed('ws://b');
  nowMs.value = 1000;
  assert.deepEqual(list.known(), [
    { hub: 'ws://b', failed: true, avoidedMs: 0 },
    { hub: 'ws://c', failed: false, avoidedMs: 0 },
    { hub: 'ws://a', failed: false, avoidedMs: avoidDrainedMs - 1000 },
  ]);
});

test('a hub that is written in two ways is one', () => {
  const twice = ['ws://a:7701', 'WS://A:7701/', 'ws://a:7701/v1/agent', 'ws://b:80', 'ws://b'];
  for (const policy of ['ordered', 'balanced'] as const) {
    const list = new HubList({ hubs: twice, policy, agentId: '1', now: () => 0 });
    assert.deepEqual(list.candidates().toSorted(), ['ws://a:7701', 'ws://b:80']);
    list.connected('ws://b:80', ['ws://a:7701/', 'ws://c']);
    assert.deepEqual(list.candidates().toSorted(), ['ws://a:7701', 'ws://b:80', 'ws://c']);
  }
});
