/** Steps that several tests of the contract share. */
import assert from 'node:assert/strict';
import { keptRanges } from '@tributary/protocol/trims.ts';
import { testAgentId, testBatch, testChannel, testEntry } from '../fixture.ts';
import {
  type ArchiveObject,
  type ArchivePlan,
  backTopic,
  frontTopic,
  type GroupPlace,
  type GroupStatus,
  type Lease,
  type Queue,
} from '../queue.ts';

export const front = frontTopic(testChannel);
export const back = backTopic(testChannel);
export const plenty = { entries: 1000, bytes: 1e9 };

export async function fill(queue: Queue, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await queue.publish('platform', 0, testEntry(`entry${index}`));
}

export async function contents(queue: Queue, topic: string): Promise<string[]> {
  const entries = await queue.read({ topic, partition: 0, afterSequence: 0 }, plenty);
  return entries.map((entry) => new TextDecoder().decode(entry.body));
}

/** A blocking group from the beginning, and a lease on it. */
export async function owned(queue: Queue, topic: string, group: string): Promise<Lease> {
  await queue.ensureGroup({ topic, group, policy: { kind: 'blocking' }, from: 'beginning' });
  return lease(await queue.acquire({ topic, group, partition: 0 }, `owner of ${group}`, 60_000));
}

export function lease(acquired: Lease | undefined): Lease {
  assert.ok(acquired !== undefined, 'the lease is free');
  return acquired;
}

export function testPlan(first: number, last: number, partition = 0): ArchivePlan {
  return { topic: front, partition, first, last, name: `acme/nginx/${first}-${last}.csv.zst`, createdMs: 1 };
}

export function testObject(plan: ArchivePlan): ArchiveObject {
  return {
    name: plan.name,
    channel: testChannel,
    partition: plan.partition,
    first: plan.first,
    last: plan.last,
    receivedMsMin: 1,
    receivedMsMax: 2,
    eventMsMin: undefined,
    eventMsMax: undefined,
    records: 150,
    rawBytes: 150,
    objectBytes: 40,
    sha256: 'cd'.repeat(32),
    hosts: ['web1'],
    frames: [{ offset: 0, inflatedBytes: 300, records: 150 }],
  };
}

/** Where the test agent's streams are read by a group. */
export function placeOf(queue: Queue, group: string): GroupPlace {
  return { topic: front, group, partition: queue.partitionOf(testAgentId) };
}

/** A blocking group from the beginning, where the test agent's streams are, and a lease on it. */
export async function ownedPlace(queue: Queue, group: string): Promise<Lease> {
  await queue.ensureGroup({ topic: front, group, policy: { kind: 'blocking' }, from: 'beginning' });
  return lease(await queue.acquire(placeOf(queue, group), `owner of ${group}`, 60_000));
}

/** What readers see of the test agent's batches: `stream number:from-to` of every part that is kept, in the order of the topic. */
export async function keptOf(queue: Queue, afterSequence = 0): Promise<string[]> {
  const entries = await queue.read({ topic: front, partition: queue.partitionOf(testAgentId), afterSequence }, plenty);
  return entries.flatMap(({ segments, trims }) =>
    keptRanges(segments, trims).flatMap(({ from, to }, index) =>
      from < to ? [`${Number.parseInt(segments[index]?.stream.key.streamId ?? '', 16)}:${from}-${to}`] : [],
    ),
  );
}

/** Appends batches of one stream, one for each pair of neighbours. */
export async function appendThrough(queue: Queue, stream: number, ...positions: readonly number[]): Promise<void> {
  for (const [index, to] of positions.entries()) {
    const from = positions[index - 1];
    if (from === undefined) continue;
    const result = await queue.append(testBatch([{ stream, from, to }]));
    assert.equal(result.kind, 'stored');
  }
}

export async function figuresOf(queue: Queue, group: string): Promise<GroupStatus | undefined> {
  const partition = queue.partitionOf(testAgentId);
  const { groups } = await queue.status();
  return groups.find((status) => status.topic === front && status.group === group && status.partition === partition);
}
