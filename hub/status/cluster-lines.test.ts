import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HubMember } from '../cluster/cluster.ts';
import { clusterLines, durabilityLines } from './cluster-lines.ts';

const member: HubMember = {
  hubId: 'aa'.repeat(16),
  host: 'hub-1',
  address: 'wss://hub-1:7701',
  version: '1.0.0',
  startedMs: 0,
  state: 'ready',
  connections: 3,
  works: true,
  beatMs: 9000,
};

test('the settings of one place are one line', () => {
  const lines = durabilityLines([
    { where: 'hub.db', setting: 'journal_mode', value: 'wal' },
    { where: 'hub.db', setting: 'synchronous', value: 'full' },
    { where: '10.0.0.1:6379', setting: 'appendfsync', value: 'always' },
  ]);
  assert.deepEqual(lines, [
    'durability   hub.db: journal_mode wal, synchronous full',
    'durability   10.0.0.1:6379: appendfsync always',
  ]);
});

test('a hub that is alone has no hubs to tell of', () => {
  const partitions = { all: 1, own: [0] };
  assert.deepEqual(
    clusterLines({ store: 'sqlite', roles: ['intake', 'work'], members: [member], partitions }, member.hubId, 0),
    [],
  );
});

test('the hubs of a site are a line each, and what they are named colors no terminal', () => {
  const worker = {
    ...member,
    leases: 2,
    partitions: 62,
    hubId: 'bb'.repeat(16),
    host: '\u001b[31mred',
    address: '',
    state: 'draining' as const,
  };
  const lines = clusterLines(
    { store: 'redis', roles: ['intake', 'work'], members: [member, worker], partitions: { all: 64, own: [1, 2] } },
    member.hubId,
    10_000,
  );
  assert.deepEqual(lines, [
    'hubs         1 of 2 ready; this one works on 2 of 64 partitions',
    '             this hub on hub-1: ready, wss://hub-1:7701, 3 connected, works, 1.0.0, heard 1 s ago',
    String.raw`             hub bbbbbbbb on \x1b[31mred: draining, no agents here, 3 connected, works on 62 partitions with 2 leases, 1.0.0, heard 1 s ago`,
  ]);
  const [head] = clusterLines(
    { store: 'redis', roles: ['work'], members: [member], partitions: { all: 64, own: [1, 2] } },
    member.hubId,
    0,
  );
  assert.equal(head, 'hubs         1 of 1 ready; this one works on 2 of 64 partitions and takes nothing in');
});
