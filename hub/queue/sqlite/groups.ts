/**
 * Reader groups: leases with epochs, and commits that move a cursor together with everything that follows from it (invariant 4).
 * Times are the store's: the caller's clock never decides who owns a group.
 */
import { assert } from '@tributary/shared/assert.ts';
import { QueueError } from '../queue-error.ts';
import {
  type ArchiveObject,
  type ArchivePlan,
  type Commit,
  type CommitResult,
  channelOf,
  type GroupPlace,
  type GroupRequest,
  type Lease,
  pipelineGroup,
} from '../queue.ts';
import { hasRoom, insertNewEntry } from './append.ts';
import { keepBeginnings } from './beginnings.ts';
import { beginningOf, cursorBehind, endOf, groupOf } from './group-place.ts';
import type { Store } from './store.ts';
import type { GroupRow } from './tables/group-table.ts';
import type { TopicRow } from './tables/topic-table.ts';

export interface EnsureGroupArgument {
  readonly partitions: number;
  readonly request: GroupRequest;
}

/** Registers a group in every partition of its topic, or gives it another policy. */
export function ensureGroup(store: Store, { partitions, request }: EnsureGroupArgument): void {
  for (let partition = 0; partition < partitions; partition += 1) {
    const topic = store.topics.findOrInsert(request.topic, partition);
    if (store.groups.find(topic.id, request.group) === undefined) {
      const start = request.from === 'end' ? endOf(topic) : beginningOf(store, topic);
      const group = store.groups.insert(topic.id, request.group, start);
      keepBeginnings(store, { topic, group, from: request.from });
    }
    store.groups.setPolicy(topic.id, request.group, request.policy);
    store.topicChanged(topic.id);
  }
}

export interface AcquireArgument {
  readonly nowMs: number;
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  readonly owner: string;
  readonly ttlMs: number;
}

export function acquire(store: Store, argument: AcquireArgument): Lease | undefined {
  const { nowMs, owner, ttlMs } = argument;
  const { group } = groupOf(store, argument);
  if (group.paused) return undefined;
  if (group.owner !== undefined && group.owner !== owner && group.expiresMs > nowMs) return undefined;
  store.groups.lease(group.id, owner, nowMs + ttlMs);
  const isAfterUnclean = group.unclean || group.owner !== undefined;
  return {
    ...place(argument),
    epoch: group.epoch + 1,
    cursor: group.cursor,
    expiresMs: nowMs + ttlMs,
    isAfterUnclean,
    triesOfNext: group.tries,
    generation: 0,
  };
}

export interface LeaseArgument {
  readonly nowMs: number;
  readonly lease: Lease;
  readonly ttlMs: number;
}

/** A lease that ran out is renewed as well, as long as nobody took the group. */
export function renew(store: Store, { nowMs, lease, ttlMs }: LeaseArgument): Lease | undefined {
  const { group } = groupOf(store, lease);
  if (group.paused || group.epoch !== lease.epoch) return undefined;
  store.groups.extend(group.id, nowMs + ttlMs);
  return {
    ...place(lease),
    epoch: lease.epoch,
    cursor: group.cursor,
    expiresMs: nowMs + ttlMs,
    isAfterUnclean: false,
    triesOfNext: 0,
    generation: 0,
  };
}

export function release(store: Store, lease: Lease): void {
  const { group } = groupOf(store, lease);
  if (group.epoch === lease.epoch) store.groups.lease(group.id, null, 0);
}

export interface AttemptArgument {
  readonly lease: Lease;
  readonly sequence: number;
}

export function attempt(store: Store, { lease, sequence }: AttemptArgument): number | 'fenced' {
  const { group } = groupOf(store, lease);
  return group.epoch === lease.epoch ? store.groups.countTry(group.id, sequence) : 'fenced';
}

export interface CommitArgument {
  readonly nowMs: number;
  readonly commit: Commit;
}

export function commit(store: Store, { nowMs, commit: change }: CommitArgument): CommitResult {
  const { topic, group } = groupOf(store, change.lease);
  if (group.epoch !== change.lease.epoch) return 'fenced';
  const targets = (change.publish ?? []).map(({ topic: name, entry }) => ({
    topic: store.topics.findOrInsert(name, topic.partition),
    entry,
  }));
  // What goes back into the topic that it is taken from takes no room there.
  if (targets.some((target) => target.topic.id !== topic.id && !hasRoom(store, target.topic))) return 'full';
  moveCursor(store, { topic, group }, change.to);
  for (const target of targets) insertNewEntry(store, target.topic, target.entry, nowMs);
  for (const letter of change.deadLetters ?? []) {
    store.keepDeadLetter({ ...letter, topic, group: group.name, atMs: nowMs });
    if (group.name === pipelineGroup) store.setAside(topic.id, { after: letter.sequence - 1, to: letter.sequence });
  }
  if (change.archived !== undefined) archiveRows(store, group, change.archived);
  return 'done';
}

export interface PlanArgument {
  readonly lease: Lease;
  readonly plan: ArchivePlan;
}

/** Rows of objects whose names are not in the index. */
export function restoreArchived(
  store: Store,
  { lease, objects }: { readonly lease: Lease; readonly objects: readonly ArchiveObject[] },
): 'done' | 'fenced' {
  const { group } = groupOf(store, lease);
  if (group.epoch !== lease.epoch) return 'fenced';
  addArchived(store, { objects });
  return 'done';
}

/** How many were not there. */
export function addArchived(store: Store, { objects }: { readonly objects: readonly ArchiveObject[] }): number {
  const missing = objects.filter(({ name }) => !store.archive.hasObject(name));
  for (const object of missing) {
    store.archive.insertObject(object);
    store.archive.countRestored(object);
  }
  return missing.length;
}

export function plan(store: Store, argument: PlanArgument): ArchivePlan | 'fenced' {
  const { lease, plan: wanted } = argument;
  const { topic, group } = groupOf(store, lease);
  if (group.epoch !== lease.epoch) return 'fenced';
  const found = store.archive.planOf(group.id);
  if (found !== undefined) return { topic: lease.topic, partition: lease.partition, ...found };
  if (wanted.first !== group.cursor + 1 || wanted.last < wanted.first || wanted.last > topic.lastSequence) {
    const have = `${group.cursor + 1} to ${topic.lastSequence}`;
    throw new QueueError(
      'QUEUE_RANGE',
      `plan ${wanted.name} wants ${wanted.first} to ${wanted.last} of ${topic.name}, which has ${have}`,
    );
  }
  store.archive.insertPlan(group.id, wanted);
  return wanted;
}

function archiveRows(store: Store, group: GroupRow, archived: NonNullable<Commit['archived']>): void {
  const stored = store.archive.planOf(group.id);
  if (stored?.name !== archived.plan.name || stored.last !== archived.plan.last) {
    throw new QueueError('QUEUE_PLAN', `object ${archived.plan.name} is not what was planned`);
  }
  const object = archived.object === undefined ? undefined : rowOf(store, archived.object);
  store.archive.countPassed(channelOf(archived.plan.topic), { leftOut: archived.leftOutRecords ?? 0 });
  for (const segment of archived.segments) {
    const stream = store.streams.find(segment.key);
    assert(stream !== undefined, 'what is archived came in through a stream');
    if (object !== undefined) store.archive.insertSegment(object, stream.id, segment);
    store.stepOver(archived.plan.topic, stream.id, segment);
  }
  store.archive.deletePlan(group.id);
}

/**
 * Its row may have been made of its manifest before (`addArchived`): then it is there, and one as any other from now on. So may that of another object
 * of its name, from before the store was brought back from an older copy, which the archive keeps under another name.
 */
function rowOf(store: Store, object: ArchiveObject): number {
  const known = store.archive.idOf(object);
  if (known === undefined) {
    store.archive.removeObject(object.name);
    return store.archive.insertObject(object);
  }
  store.archive.countRestored({ channel: object.channel, records: -object.records });
  return known;
}

/** An expiring group may have been moved on while its reader worked: then it stays where it is. */
function moveCursor(store: Store, at: { topic: TopicRow; group: GroupRow }, to: number): void {
  const { topic, group } = at;
  if (to <= group.cursor && group.policy.kind === 'expiring') return;
  if (to <= group.cursor || to > topic.lastSequence) {
    const have = `it is at ${group.cursor} of ${topic.lastSequence}`;
    throw new QueueError('QUEUE_RANGE', `group ${group.name} cannot move to ${to} in ${topic.name}: ${have}`);
  }
  const cursor = cursorBehind(store, topic, to);
  assert(cursor !== undefined, 'an entry that a group has not passed is still there');
  store.groups.move(group.id, cursor);
  store.topicChanged(topic.id);
}

function place(named: { readonly topic: string; readonly group: string; readonly partition: number }): GroupPlace {
  return { topic: named.topic, group: named.group, partition: named.partition };
}
