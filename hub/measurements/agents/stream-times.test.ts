import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { streamInfo } from '../../testing/records.ts';
import { registeredAgent } from '../../testing/rule-facts.ts';
import { streamTimesMax } from '../limits.ts';
import { agentDetail } from './agent-detail.ts';
import type { AgentPlace } from './agent-rows.ts';
import { AgentStates } from './agent-states.ts';
import { StreamTimes } from './stream-times.ts';

const { key, identity, attributes } = streamInfo(1);
const { siteId, agentId } = key;
const other = streamInfo(2).key;

test('of each stream it is known when something came last, until nothing more will, and of so many at most', () => {
  const clock = new ManualClock(1000);
  const times = new StreamTimes(clock);
  assert.equal(times.receivedMs(key), undefined);
  times.brought(key);
  clock.advance(5);
  times.brought(other);
  times.brought(key);
  assert.deepEqual([times.receivedMs(key), times.receivedMs({ ...key, siteId: '9'.repeat(32) })], [1005, undefined]);
  for (let number = 1; number < streamTimesMax; number += 1) times.brought({ ...key, streamId: `${number}` });
  assert.deepEqual([times.receivedMs(key), times.receivedMs(other)], [1005, undefined]);
  times.closed(key);
  assert.equal(times.receivedMs(key), undefined);
});

test('an agent is told with it, unless another hub has the agent and knows better', async () => {
  const clock = new ManualClock(1000);
  const streamTimes = new StreamTimes(clock);
  const agent = registeredAgent({ agentId });
  const stream = { ...key, origin: { siteId, agentId }, identity, attributes, start: 0, held: 7, heldMark: '', closed: false };
  const told = async (place: AgentPlace | undefined): Promise<number | undefined> => {
    const parts = {
      siteId,
      registry: { agent: () => agent, agents: () => [agent] },
      states: new AgentStates(clock),
      queue: { streamsOf: () => ReadableStream.from([stream]).values(), gapsOf: async () => [] },
      streamTimes,
      places: () => new Map(place === undefined ? [] : [[agentId, place]]),
      health: () => undefined,
    };
    const [first] = (await agentDetail(parts, agentId)).streams;
    assert.equal(first?.held, 7);
    return first.lastReceivedMs;
  };
  assert.equal(await told(undefined), undefined);
  streamTimes.brought(key);
  assert.equal(await told({ hub: 'a', address: '10.0.0.1:5' }), 1000);
  assert.equal(await told(undefined), 1000);
  assert.equal(await told({ hub: 'b', address: undefined }), undefined);
});
