import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentRow } from '../../dashboard/api/agent-shapes.ts';
import { type AgentFilter, agentList, type AgentSort, fits } from './agent-list.ts';

const everything: AgentFilter = {
  states: undefined,
  kind: 'agent',
  site: undefined,
  label: undefined,
  tenant: undefined,
  version: undefined,
  text: '',
};

function row(host: string, changes: Partial<AgentRow> = {}): AgentRow {
  return {
    agentId: host.repeat(32).slice(0, 32),
    kind: 'agent',
    host,
    version: '1.0.0',
    tenants: ['shop'],
    labels: {},
    state: 'green',
    reason: '',
    sinceMs: 0,
    connected: true,
    bytesPerSecond: 0,
    recordsPerSecond: 0,
    revoked: false,
    cloned: false,
    ...changes,
  };
}

function hosts(rows: readonly AgentRow[]): string {
  return rows.map(({ host }) => host).join('');
}

function sorted(rows: readonly AgentRow[], sort: AgentSort, descending: boolean): readonly AgentRow[] {
  return agentList(rows, { filter: everything, sort, descending, limit: 1000, after: undefined })?.agents ?? [];
}

test('the worst come first, equals by name', () => {
  const rows = [
    row('d'),
    row('c', { state: 'yellow' }),
    row('b', { state: 'red' }),
    row('a', { state: 'unknown' }),
    row('e', { state: 'red' }),
  ];
  assert.equal(hosts(sorted(rows, 'state', false)), 'becad');
  assert.equal(hosts(sorted(rows, 'state', true)), 'dacbe');
  assert.equal(hosts(sorted(rows, 'host', true)), 'edcba');
});

test('what was not told comes last, whichever way round', () => {
  const rows = [row('a'), row('b', { cpuPercent: 5 }), row('c', { cpuPercent: 90 }), row('d')];
  assert.equal(hosts(sorted(rows, 'cpu', false)), 'bcad');
  assert.equal(hosts(sorted(rows, 'cpu', true)), 'cbad');
});

test('a filter is by state, label, tenant, version, site and text', () => {
  const cases: [Partial<AgentFilter>, Partial<AgentRow>, boolean][] = [
    [{}, {}, true],
    [{ states: new Set(['red']) }, {}, false],
    [{ states: new Set(['red', 'green']) }, {}, true],
    [{ kind: 'hub' }, {}, false],
    [{}, { kind: 'hub', site: 'x' }, false],
    [{ kind: 'hub' }, { kind: 'hub', site: 'x' }, true],
    [{}, { site: 'x' }, false],
    [{ site: '*' }, { site: 'x' }, true],
    [{ site: 'x' }, { site: 'y' }, false],
    [{ label: ['rack', '7'] }, { labels: { rack: '7' } }, true],
    [{ label: ['rack', '7'] }, { labels: { rack: '8' } }, false],
    [{ tenant: 'bank' }, {}, false],
    [{ tenant: 'bank' }, { tenants: 'all' }, true],
    [{ version: '1.0.0' }, {}, true],
    [{ version: '1.0.1' }, {}, false],
    [{ text: 'web' }, { host: 'WEB1' }, true],
    [{ text: 'rack:7' }, { labels: { rack: '7' } }, true],
    [{ text: 'nothing' }, {}, false],
  ];
  for (const [filter, changes, wanted] of cases) {
    assert.equal(fits(row('a', changes), { ...everything, ...filter }), wanted, JSON.stringify([filter, changes]));
  }
});

test('a list is told a part at a time, with what one may choose instead', () => {
  const rows = ['a', 'b', 'c', 'd', 'e'].map((host, index) =>
    row(host, { version: index < 2 ? '1.0.0' : '1.1.0', lagBytes: index }),
  );
  const filter = { ...everything, version: '1.1.0' };
  const request = { filter, sort: 'lag', descending: true, limit: 2, after: undefined } as const;
  const first = agentList([...rows, row('f', { state: 'red' })], request);
  assert.ok(first?.next !== undefined);
  assert.deepEqual([hosts(first.agents), first.total], ['ed', 3]);
  assert.deepEqual(first.versions, [
    { version: '1.0.0', agents: 3 },
    { version: '1.1.0', agents: 3 },
  ]);
  assert.deepEqual(first.counts, { green: 3, yellow: 0, red: 0, unknown: 0 });
  const second = agentList(rows, { ...request, after: first.next });
  assert.deepEqual([hosts(second?.agents ?? []), second?.next], ['c', undefined]);
  assert.equal(agentList(rows, { ...request, after: '2' }), undefined);
});

test('who comes and goes between two parts of the list moves nobody', () => {
  for (const [sort, descending] of [
    ['host', false],
    ['host', true],
    ['cpu', false],
    ['cpu', true],
    ['state', false],
  ] as const) {
    const changes = (index: number): Partial<AgentRow> => (index % 3 === 0 ? {} : { cpuPercent: index % 5 });
    const stay = Array.from({ length: 9 }, (_, index) => row(String.fromCodePoint(98 + 2 * index), changes(index)));
    const before = [row('a', { state: 'red', cpuPercent: 0 }), row('z', { cpuPercent: 99 }), ...stay];
    const after = [row('c', { state: 'red', cpuPercent: 2 }), row('e'), row('y', { cpuPercent: 3 }), ...stay];
    const request = { filter: everything, sort, descending, limit: 2 };
    let next: string | undefined;
    const seen: string[] = [];
    for (let rows = before; seen.length < 30; rows = rows === before ? after : before) {
      const part = agentList(rows, { ...request, after: next });
      seen.push(...(part?.agents ?? []).map(({ host }) => host));
      next = part?.next;
      if (next === undefined) break;
    }
    assert.equal(new Set(seen).size, seen.length, `${sort} ${seen.join('')}`);
    for (const { host } of stay) assert.ok(seen.includes(host), `${sort} ${seen.join('')}`);
  }
});
