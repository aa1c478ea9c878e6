/** Steps that several tests of the contract share. */
import assert from 'node:assert/strict';
import { testChannel, testEntry } from '../fixture.ts';
import { type ArchiveObject, type ArchivePlan, backTopic, frontTopic, type Lease, type Queue } from '../queue.ts';

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

export function testPlan(first: number, last: number): ArchivePlan {
  return { topic: front, partition: 0, first, last, name: `acme/nginx/${first}-${last}.csv.zst`, createdMs: 1 };
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
