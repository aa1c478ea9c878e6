/** A hub that has something of everything: for what is to know all metrics that there are. */
import type { ModelNode } from '../health/model/health-model.ts';
import type { HubMetricsParts, ToldStatus } from './hub-metrics.ts';
import { toldCounts } from './told/output-metrics.ts';

const channel = 'shop/web';
const sums = { entries: 2, bytes: 20, records: 200 };
const status: ToldStatus = {
  version: '1.2.3',
  state: 'ready',
  startedMs: 1_000_000,
  site: { name: 'main', siteId: 'aa', hubId: 'bb', storeId: 'cc' },
  certificates: [
    {
      role: 'hub',
      file: '/pki/hub.crt',
      subject: 'CN=hub',
      fingerprint: 'ab'.repeat(32),
      notBefore: '2026-01-01T00:00:00Z',
      notAfter: '2027-01-01T00:00:00Z',
      daysLeft: 100,
    },
  ],
  quotas: [
    {
      tenant: 'shop',
      type: undefined,
      action: 'warn',
      bytesPerDay: 1000,
      state: 'open',
      day: 1,
      bytes: 500,
      droppedBytes: 0,
      droppedRecords: 0,
      droppedBatches: 0,
      throttled: 0,
      platformBytes: 0,
      toldBytes: 0,
      usedUpBytes: 0,
    },
  ],
  cluster: { store: 'sqlite', roles: ['intake', 'work'], members: [], partitions: { all: 1, own: [0] } },
  listeners: { agents: { address: '127.0.0.1:7701', url: 'wss://127.0.0.1:7701', tls: true } },
  connections: [
    { remote: '127.0.0.1:1', agentId: 'a1', host: 'h', identity: 'agent', tenant: 'shop', notAfterMs: undefined, silentMs: 0 },
    {
      remote: '127.0.0.1:2',
      agentId: undefined,
      host: undefined,
      identity: 'plain',
      tenant: 'shop',
      notAfterMs: undefined,
      silentMs: 0,
    },
  ],
  intake: {
    admitted: 3,
    rejected: 1,
    clones: 0,
    batches: 5,
    bytes: 50,
    records: 500,
    duplicates: 1,
    refused: 2,
    gaps: 1,
    sentAway: 0,
  },
  lost: { dropped: 7 },
  turnedAway: { revoked: 4 },
  queue: {
    storeId: 'cc',
    state: 'open',
    bytes: 40,
    maxBytes: 1000,
    topics: [
      { topic: `front/${channel}`, partition: 0, firstSequence: 1, lastSequence: 4, entries: 4, bytes: 40, ...received(400) },
      { topic: `front/${channel}`, partition: 1, firstSequence: 1, lastSequence: 1, entries: 1, bytes: 10, ...received(100) },
    ],
    groups: [
      { topic: `back/${channel}`, partition: 0, group: 'archive', ...sums, ...placed(1_500_000) },
      { topic: `back/${channel}`, partition: 1, group: 'archive', ...sums, ...placed(1_200_000) },
      { topic: `dead/${channel}`, partition: 1, group: 'dead', ...sums, ...placed(1_200_000) },
    ],
    channels: [
      { channel, streams: 1, gaps: 1, lost: 7, duplicates: 10, positions: 500, late: 0, filtered: 3, filteredRecords: 3 },
    ],
    archived: [
      { channel, objects: 2, records: 90, rawBytes: 900, objectBytes: 100, restored: 5, leftOut: 1, rejected: 0, removed: 10 },
    ],
    deadLetters: 1,
  },
  books: [
    {
      channel,
      received: 500,
      pipelinePending: 0,
      processed: 490,
      archivePending: 400,
      archived: 90,
      restored: 5,
      leftOut: 1,
      rejected: 0,
      removed: 10,
      dropped: 0,
      missing: -6,
    },
  ],
  pipeline: { batches: 5, records: 500, rejected: 0, waits: 0, stuck: 0 },
  pipelines: [
    {
      pipeline: 'web',
      steps: [
        { step: 'json', in: 10, failed: 1, dropped: 0 },
        { step: 'json', in: 10, failed: 2, dropped: 0 },
      ],
    },
  ],
  outputs: [
    {
      name: 'es',
      kind: 'elasticsearch',
      group: 'elasticsearch:es',
      state: 'waiting',
      trouble: 'away',
      counts: { ...ones('elasticsearch'), documents: 9 },
      requestSeconds: { bounds: [1], counts: [2], sum: 3, count: 3 },
    },
    {
      name: 'up',
      kind: 'upstream',
      group: 'upstream:up',
      state: 'running',
      trouble: '',
      counts: ones('upstream'),
      certificate: { notAfterMs: 9000 },
    },
    { name: 'main', kind: 'archive', group: 'archive', state: 'running', trouble: '', counts: ones('archive') },
  ],
};

/** Of everything that an output of a kind counts. */
function ones(kind: string): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys(toldCounts[kind] ?? {}).map((count) => [count, 1]));
}

function received(receivedRecords: number): { receivedRecords: number; receivedBytes: number } {
  return { receivedRecords, receivedBytes: receivedRecords / 10 };
}

function placed(oldestMs: number): { policy: 'blocking'; cursor: number; oldestMs: number; dropped: number; paused: boolean } {
  return { policy: 'blocking', cursor: 0, oldestMs, dropped: 0, paused: false };
}

const site: ModelNode = {
  id: 'site',
  kind: 'site',
  name: 'main',
  parent: undefined,
  owners: 'site',
  own: 'green',
  state: 'green',
  reason: '',
  sinceMs: 0,
  causes: [],
};
const canaries = { agentId: 'a1', tenant: 'shop', host: 'h', unaccounted: 0, missing: [], doubled: 0, latencyMs: 1 };

export function toldHub(changes: Partial<HubMetricsParts> = {}): HubMetricsParts {
  return {
    status: async () => status,
    tree: () => new Map([[site.id, site]]),
    agentCounts: () => ({ known: 3, connected: 2 }),
    agents: () => [{ agentId: 'a1', host: 'h', tenant: 'shop', lagBytes: 1, unackedBytes: 1 }],
    agentsTold: () => 10,
    house: () => ({
      last: { state: 'done', hubId: 'bb', startedMs: 1, endedMs: 2, wish: '', kinds: [], notes: [] },
      lastSuccessMs: 2,
    }),
    searches: () => ({ running: 0, begun: 1, refused: 0 }),
    canaries: () => [{ ...canaries, store: 'archive' }],
    loopLag: () => ({ bounds: [1], counts: [0], sum: 0, count: 0 }),
    book: { families: [] },
    now: () => 2_000_000,
    ...changes,
  };
}
