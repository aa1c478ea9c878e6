/**
 * Taking entries out: what every group has passed and whose replay window is over, or whose room is needed; and moving expiring
 * groups over what they may not keep. In small steps, so that no transaction holds the writer for long.
 */
import type { Store } from './store.ts';
import type { GroupRow } from './tables/group-table.ts';
import type { TopicRow } from './tables/topic-table.ts';
import { passedThrough } from './topic-level.ts';

/** Entries of one topic that one step deletes. */
const stepEntries = 128;
/** The replay window is exact to this part of it. */
const windowParts = 30;

/** One step over all topics. True when there is more to do now. Runs in the caller's transaction. */
export function trimStep(store: Store, nowMs: number): boolean {
  let more = false;
  for (const topic of store.topics.all()) {
    for (const group of store.groups.ofTopic(topic.id)) {
      if (group.policy.kind === 'expiring') more = expire(store, { topic, group, policy: group.policy }, nowMs) || more;
    }
    more = trimTopic(store, topic, nowMs) || more;
  }
  store.keys.forget(nowMs - store.limits.keepKeysMs);
  return more;
}

function trimTopic(store: Store, topic: TopicRow, nowMs: number): boolean {
  const passed = passedThrough(topic, store.groups.ofTopic(topic.id));
  if (passed === undefined) return false;
  const windowOver = replayedThrough(store, topic, { passed: passed.sequence, nowMs });
  const replayBytesMax = underPressure(store) ? 0 : store.limits.replayBytesMax;
  const candidates = store.entries.sumsAfter(topic.id, topic.firstSequence - 1, stepEntries);
  const last = candidates.findLast(
    (entry) =>
      entry.sequence <= passed.sequence && (entry.sequence <= windowOver || passed.bytes - entry.bytesThrough >= replayBytesMax),
  );
  if (last === undefined) return false;
  store.entries.deleteThrough(topic.id, last.sequence);
  store.topics.shrink(topic.id, last.sequence + 1, last.bytesThrough);
  store.storeBytes -= last.bytesThrough - topic.trimmedBytes;
  store.topicChanged(topic.id);
  return last === candidates.at(-1) && candidates.length === stepEntries;
}

/** A full disk or store: what all have passed goes at once, so that what none has can come. */
function underPressure(store: Store): boolean {
  return store.noSpace || store.storeBytes >= store.limits.storeBytesMax * 0.9;
}

/** Sequence up to which the replay window is over; keeps the marks that tell. */
function replayedThrough(store: Store, topic: TopicRow, at: { readonly passed: number; readonly nowMs: number }): number {
  const { replayWindowMs } = store.limits;
  if (replayWindowMs === 0) return at.passed;
  const newest = store.passed.newestBefore(topic.id, at.nowMs);
  const due = newest === undefined || newest.atMs + replayWindowMs / windowParts <= at.nowMs;
  if (due && (newest?.sequence ?? 0) < at.passed) store.passed.insert(topic.id, { atMs: at.nowMs, sequence: at.passed });
  const over = store.passed.newestBefore(topic.id, at.nowMs - replayWindowMs);
  if (over === undefined) return 0;
  store.passed.deleteBefore(topic.id, over.atMs);
  return over.sequence;
}

interface Expiring {
  readonly topic: TopicRow;
  readonly group: GroupRow;
  readonly policy: Extract<GroupRow['policy'], { kind: 'expiring' }>;
}

/** What lies beyond the group's age or bytes is skipped, and counted. */
function expire(store: Store, { topic, group, policy }: Expiring, nowMs: number): boolean {
  const candidates = store.entries.sumsAfter(topic.id, group.cursor, stepEntries);
  const last = candidates.findLast(
    (entry) =>
      entry.receivedMs < nowMs - policy.ageMsMax || topic.receivedBytes - entry.bytesThrough + entry.bodyBytes > policy.bytesMax,
  );
  if (last === undefined) return false;
  store.groups.countDropped(group.id, last.recordsThrough - group.passedRecords);
  store.groups.move(group.id, { sequence: last.sequence, records: last.recordsThrough, bytes: last.bytesThrough });
  store.topicChanged(topic.id);
  return last === candidates.at(-1) && candidates.length === stepEntries;
}
