import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { pauseNote, pauseNoteKey } from '../channels/pause-notes.ts';
import { hubOptions } from '../options.ts';
import type { GroupStatus, QueueStatus } from '../queue/queue.ts';
import { MemoryMeta, RecordingFindings } from '../testing/recording-health.ts';
import { ChannelFindings } from './channel-findings.ts';

const day = 86_400_000;
const nowMs = 100 * day;

function group(topic: string, name: string, changes: Partial<GroupStatus> = {}): GroupStatus {
  const figures = { cursor: 0, entries: 1, records: 1, bytes: 10, dropped: 0, oldestMs: nowMs };
  return { topic, group: name, partition: 0, policy: 'blocking', paused: false, ...figures, ...changes };
}

async function findingsOf(
  groups: readonly GroupStatus[],
  queue: object = {},
  unread: readonly string[] = [],
): Promise<RecordingFindings> {
  const findings = new RecordingFindings();
  const meta = new MemoryMeta();
  meta.values.set(pauseNoteKey('front/shop/web', 'pipeline'), pauseNote({ by: 'console:anna', atMs: nowMs }));
  const figures = {
    partition: 0,
    firstSequence: 1,
    lastSequence: 1,
    entries: 1,
    bytes: 10,
    receivedRecords: 1,
    receivedBytes: 10,
  };
  const topics = [...new Set([...groups.map(({ topic }) => topic), ...unread])].map((topic) => ({ topic, ...figures }));
  const status: QueueStatus = {
    storeId: '',
    state: 'open',
    bytes: 0,
    maxBytes: 1,
    topics,
    groups,
    channels: [],
    archived: [],
    deadLetters: 0,
  };
  const stop = new AbortController();
  const watch = new ChannelFindings({
    queue: { status: async () => status },
    store: 'sqlite',
    registry: meta,
    findings,
    clock: { ...systemClock, now: () => nowMs, sleep: async () => stop.abort() },
    options: () => hubOptions.parse({ queue }).queue,
    hasArchive: () => true,
    isRead: (channel) => channel === 'shop/soon',
    onLooked: () => undefined,
    removedOutputs: async () => [
      {
        name: 'old',
        kind: 'upstream',
        group: 'upstream:old',
        reads: 'front',
        channels: ['shop/web'],
        entries: 3,
        records: 9,
        bytes: 70,
        oldestMs: 1,
      },
    ],
  });
  await watch.run(stop.signal);
  return findings;
}

async function overdue(groups: readonly GroupStatus[], queue: object = {}): Promise<string[]> {
  const found = await findingsOf(groups, queue);
  return found.all().flatMap(({ kind, subject }) => (kind === 'retention-exceeded' ? [subject] : []));
}

test('what a blocking group has not passed within the retention of its topic turns health red', async () => {
  const groups = [
    group('front/shop/web', 'pipeline', { oldestMs: nowMs - 7 * day - 1 }),
    group('front/shop/app', 'pipeline', { oldestMs: nowMs - 7 * day }),
    group('back/shop/web', 'archive', { oldestMs: nowMs - 5 * day - 1 }),
    group('back/shop/app', 'live', { oldestMs: 0, policy: 'expiring' }),
  ];
  assert.deepEqual(await overdue(groups), ['front/shop/web pipeline', 'back/shop/web archive']);
  const topics = [{ tenant: 'shop', type: 'web', front_retention: '8d', back_retention: '1d' }];
  assert.deepEqual(await overdue(groups, { topics }), ['back/shop/web archive']);
  assert.deepEqual(await overdue(groups, { front_retention: '1d', back_retention: '30d' }), [
    'front/shop/web pipeline',
    'front/shop/app pipeline',
  ]);
});

test('who paused a channel is told, what nobody reads, and what is kept for an output that is gone', async () => {
  const found = await findingsOf([group('front/shop/web', 'pipeline', { paused: true })], {}, [
    'front/shop/nobody',
    'front/shop/soon',
    'back/shop/old',
  ]);
  const told = new Map(found.all().map(({ kind, subject, reason }) => [`${kind} ${subject}`, reason]));
  assert.deepEqual(
    [...told.keys()],
    ['channel-paused front/shop/web pipeline', 'channel-unread front/shop/nobody', 'output-removed upstream:old'],
  );
  assert.match(told.get('channel-paused front/shop/web pipeline') ?? '', /paused by console:anna since 1970-04-11T00:00:00.000Z/);
  assert.match(told.get('output-removed upstream:old') ?? '', /3 entries, 70 bytes are kept for it/);
});

test("dead letters are told as long as there are any, and what is full of them; their age is nobody's fault", async () => {
  const letters = { entries: 2, records: 700, oldestMs: 0 };
  const groups = [
    group('dead/shop/web', 'dlq', { ...letters, bytes: 950 * 1024 }),
    group('dead/shop/app', 'dlq', { ...letters, records: 1, bytes: 10 }),
    group('dead/shop/none', 'dlq', { entries: 0, records: 0, bytes: 0 }),
  ];
  const found = await findingsOf(groups, { topic_max_bytes: '1MiB' });
  const told = found
    .all()
    .flatMap(({ kind, subject, level }) => (kind.startsWith('dead') ? [`${kind} ${subject} ${level}`] : []));
  assert.deepEqual(told, [
    'dead-letters shop/web yellow',
    'dead-letters shop/app yellow',
    'dead-letters-full dead/shop/web 0 red',
  ]);
  assert.deepEqual(await overdue(groups), []);
});
