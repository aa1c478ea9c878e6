import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { OutputStatus } from '../outputs/output.ts';
import type { GroupStatus, QueueStatus } from '../queue/queue.ts';
import { tellOnce, type ToldDispatcher } from './dispatcher-health.ts';

const status: OutputStatus = {
  name: 'es',
  kind: 'elasticsearch',
  group: 'elasticsearch:es',
  state: 'waiting',
  trouble: 'x',
  counts: {},
};
const place: GroupStatus = {
  topic: 'back/acme/platform',
  group: 'elasticsearch:es',
  partition: 0,
  policy: 'blocking',
  cursor: 7,
  entries: 2,
  records: 30,
  bytes: 400,
  oldestMs: 4000,
  dropped: 0,
  paused: false,
};
const groups: GroupStatus[] = [
  place,
  { ...place, partition: 1, oldestMs: undefined, records: 0, bytes: 0 },
  { ...place, topic: 'back/acme/nginx', records: 1000 },
  { ...place, group: 'archive', records: 1000 },
];
const queueStatus: QueueStatus = {
  storeId: '',
  state: 'open',
  bytes: 0,
  maxBytes: 0,
  topics: [],
  groups,
  channels: [],
  archived: [],
  deadLetters: 0,
};
const teller = { host: 'hub1', agentId: 'ab', version: '1', labels: {}, type: 'tributary-hub', site: 'main' } as const;

async function told(queue: () => Promise<QueueStatus>, tenant = 'acme'): Promise<{ texts: string[]; of: object[] }> {
  const texts: string[] = [];
  const of: object[] = [];
  const dispatcher: ToldDispatcher = {
    status,
    writer: {
      takes: (one) => one === 'acme',
      dispatched: () => ({ documents: 5, unreadable: 1, kinds: { metrics: 4, unreadable: 1 } }),
      write: async (documents, whose) => {
        texts.push(...documents);
        of.push(whose);
      },
    },
  };
  const clock = new ManualClock(10_000);
  const parts = { dispatchers: () => [dispatcher], queue: { status: queue }, teller, tenant, clock };
  await tellOnce(parts, new AbortController().signal);
  return { texts, of };
}

test('what a dispatcher did, and what waits for it, is told straight', async () => {
  const { texts, of } = await told(async () => queueStatus);
  assert.deepEqual(of, [{ tenant: 'acme', host: 'hub1' }]);
  assert.partialDeepStrictEqual(JSON.parse(texts[0] ?? ''), {
    agent: { type: 'tributary-hub' },
    event: { kind: 'state', dataset: 'tributary.dispatcher', action: 'dispatcher-measured' },
    log: { level: 'warn' },
    tributary: {
      site: 'main',
      dispatcher: {
        output: 'es',
        state: 'waiting',
        documents: 5,
        unreadable: 1,
        kinds: { metrics: 4 },
        waiting: { records: 30, bytes: 400, age_ms: 6000 },
      },
    },
  });
});

test('a store that does not answer, or an output for others, is no reason to fail', async () => {
  const { texts } = await told(() => Promise.reject(new Error('away')));
  assert.equal(texts.length, 1);
  assert.equal((await told(async () => queueStatus, 'other')).texts.length, 0);
});
