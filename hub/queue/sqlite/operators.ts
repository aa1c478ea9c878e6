/**
 * What an operator does to a reader group by hand. Each of these raises the epoch, so that whoever worked on the group before changes
 * nothing any more, and ends a stored archive plan: it names a range that begins at another cursor.
 */
import { assert } from '@tributary/shared/assert.ts';
import { QueueError } from '../queue-error.ts';
import { archiveGroup, type GroupPlace, pipelineGroup } from '../queue.ts';
import type { SeekTarget, Sought } from '../seek.ts';
import { cursorBefore, cursorBehind, endOf, groupOf } from './group-place.ts';
import { keptSegments } from './segments.ts';
import type { Store } from './store.ts';
import type { Cursor, GroupRow } from './tables/group-table.ts';
import type { TopicRow } from './tables/topic-table.ts';

export interface PauseArgument {
  readonly partitions: number;
  readonly topic: string;
  readonly group: string;
  readonly paused: boolean;
}

export function pauseGroup(store: Store, { partitions, paused, ...named }: PauseArgument): void {
  for (let partition = 0; partition < partitions; partition += 1) {
    const { group } = groupOf(store, { ...named, partition });
    store.groups.pause(group.id, paused);
    // An owner that went on after a pause it never noticed would be as good as any: but it was told that it has ended.
    if (paused) store.groups.lease(group.id, null, 0);
  }
}

export interface SeekArgument {
  readonly place: GroupPlace;
  readonly to: SeekTarget;
}

export function seekGroup(store: Store, { place, to }: SeekArgument): Sought {
  const { topic, group } = groupOf(store, place);
  const target = targetOf(store, topic, to);
  if (target.sequence < group.cursor && readsOnce.has(group.name)) {
    const hint = `group ${group.name} of ${topic.name} is at ${group.cursor} and cannot go back to ${target.sequence}`;
    throw new QueueError('QUEUE_RANGE', `${hint}: what it has read would be in the archive twice`);
  }
  const skippedRecords = Math.max(0, target.records - group.passedRecords);
  if (skippedRecords > 0) store.groups.countDropped(group.id, skippedRecords);
  setAside(store, { topic, group }, target.sequence);
  moveByHand(store, { topic, group }, target);
  return { cursor: target.sequence, skippedRecords };
}

/** Groups whose second reading would come into the archive beside the first. */
const readsOnce: ReadonlySet<string> = new Set([archiveGroup, pipelineGroup]);

export interface SkipArgument {
  readonly nowMs: number;
  readonly place: GroupPlace;
  readonly count: number;
  readonly reason: string;
}

export function skipEntries(store: Store, { nowMs, place, count, reason }: SkipArgument): number {
  const { topic, group } = groupOf(store, place);
  const to = Math.min(group.cursor + Math.max(0, Math.floor(count)), topic.lastSequence);
  if (to <= group.cursor) return 0;
  for (let sequence = group.cursor + 1; sequence <= to; sequence += 1) {
    store.keepDeadLetter({ topic, group: group.name, sequence, reason, atMs: nowMs });
  }
  setAside(store, { topic, group }, to);
  const target = cursorBehind(store, topic, to);
  assert(target !== undefined, 'an entry that a group has not passed is still there');
  moveByHand(store, { topic, group }, target);
  return to - group.cursor;
}

export interface RemoveArgument {
  readonly partitions: number;
  readonly topic: string;
  readonly group: string;
}

export function removeGroup(store: Store, { partitions, topic: name, group: groupName }: RemoveArgument): void {
  for (let partition = 0; partition < partitions; partition += 1) {
    const topic = store.topics.find(name, partition);
    const group = topic === undefined ? undefined : store.groups.find(topic.id, groupName);
    if (topic === undefined || group === undefined) continue;
    store.archive.deletePlan(group.id);
    store.beginnings.forget(group.id);
    store.groups.remove(group);
    store.topicChanged(topic.id);
  }
}

function moveByHand(store: Store, { topic, group }: { topic: TopicRow; group: GroupRow }, to: Cursor): void {
  store.archive.deletePlan(group.id);
  store.groups.move(group.id, to);
  store.groups.lease(group.id, null, 0);
  store.topicChanged(topic.id);
}

function targetOf(store: Store, topic: TopicRow, to: SeekTarget): Cursor {
  if (to.kind === 'end') return endOf(topic);
  if (to.kind === 'time') {
    const first = store.entries.firstSince(topic.id, to.receivedMs);
    return first === undefined ? endOf(topic) : before(store, topic, first);
  }
  return before(store, topic, to.kind === 'beginning' ? topic.firstSequence : to.sequence);
}

function before(store: Store, topic: TopicRow, sequence: number): Cursor {
  const { firstSequence, lastSequence, name } = topic;
  if (!Number.isSafeInteger(sequence) || sequence < firstSequence || sequence > lastSequence + 1) {
    const have = firstSequence > lastSequence ? 'nothing' : `${firstSequence} to ${lastSequence}`;
    throw new QueueError('QUEUE_RANGE', `there is no going to ${sequence} in ${name}: retained is ${have}`);
  }
  if (sequence > lastSequence) return endOf(topic);
  const cursor = cursorBefore(store, topic, sequence);
  assert(cursor !== undefined, 'what lies between the first and the last sequence is retained');
  return cursor;
}

/**
 * What is passed by never gets into the archive: its position steps over it, as it does over gaps. Where the pipeline passes it by, what
 * follows will take the position along.
 */
function setAside(store: Store, { topic, group }: { topic: TopicRow; group: GroupRow }, to: number): void {
  const range = { after: group.cursor, to };
  if (group.name === pipelineGroup) store.setAside(topic.id, range);
  if (group.name !== archiveGroup) return;
  for (const { segments, envelope } of store.entries.placesBetween(topic.id, range.after, range.to)) {
    for (const kept of keptSegments(segments, envelope)) store.stepOver(topic.name, kept.stream, kept);
  }
}
