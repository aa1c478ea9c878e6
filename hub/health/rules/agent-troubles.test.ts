import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentMeasured, type AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import type { Fields } from '@tributary/protocol/platform/document.ts';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import type { PlatformDocument } from '../../measurements/platform-document.ts';
import { agentA, healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { AgentReports } from './agent-reports.ts';
import { AgentTroubles } from './agent-troubles.ts';

const nowMs = 1_000_000_000;

function event(action: string, fields: Fields = {}, atMs = nowMs): PlatformDocument {
  const about = { siteId: '5e'.repeat(16), agentId: agentA, tenant: 'shop', receivedMs: atMs, atMs };
  return { ...about, kind: 'event', dataset: 'tributary.agent', action, fields: { agent: { type: 'tributary' }, ...fields } };
}

function measured(changes: Partial<AgentMeasured> = {}): AgentMeasured {
  const input = { name: 'app', kind: 'file', type: 'app', state: 'running', sources: 1, failed: 0, lag: 0 } as const;
  return {
    state: 'running',
    started_ms: 0,
    period_ms: 30_000,
    process: { rss_bytes: 1, cpu_percent: 1 },
    machine: { os: '', kernel: '', arch: '', cores: 1, memory_bytes: 1 },
    uplink: { state: 'connected', hub: '' },
    lag: 0,
    rates: { records: 0, bytes: 0, sent_bytes: 0 },
    buffer: { state: 'open', bytes: 0, max_bytes: 100, unacked_bytes: 0, batches: 0 },
    books: { read: 0, acked: 0, buffered: 0, filtered: 0, lost: {}, unaccounted: 0 },
    inputs: [input],
    inputs_total: 1,
    files_total: 0,
    ...changes,
  };
}

class Site {
  readonly reports = new AgentReports();
  state: AgentState | undefined;
  isOurs = true;
  readonly #rule = new AgentTroubles({ reports: this.reports, isOurs: () => this.isOurs, told: () => this.state });

  measured(changes: Partial<AgentMeasured>, measuredMs = nowMs + 1): void {
    const told = measured(changes);
    const about = { siteId: '5e'.repeat(16), agentId: agentA, tenant: 'shop', host: 'web1', version: '1', labels: {} };
    this.state = { ...about, heardMs: measuredMs, measuredMs, measured: told, files: told.files ?? [], sample: {} };
    if (this.isOurs) this.reports.take(event(agentMeasured, { tributary: { measured: told } }, measuredMs));
  }

  found(changes: object = {}): string[] {
    const facts = ruleFacts({ nowMs, agents: [seenAgent()], ...changes });
    return this.#rule
      .look(facts, healthRules())
      .map(({ kind, level, subject }) => `${kind} ${level} ${subject.replace(agentA, 'A')}`);
  }
}

test('each trouble stands from its event to the one that ends it', () => {
  const file = { log: { file: { path: '/var/log/a.log' } } };
  const cases: [string, Fields, string, string][] = [
    [
      'source-failed',
      { ...file, error: { message: 'permission denied' } },
      'source-recovered',
      'agent-source yellow A /var/log/a.log',
    ],
    ['input-failed', { tributary: { input: 'app' } }, 'input-recovered', 'agent-input red A app'],
    ['buffer-full', {}, 'buffer-has-room', 'agent-buffer red A '],
    ['disk-full', {}, 'disk-has-room', 'agent-buffer red A '],
    ['config-refused', {}, 'config-changed', 'agent-trouble yellow A '],
    ['hub-untrusted', { tributary: { hub: 'wss://h' } }, 'hub-found', 'agent-trouble red A wss://h'],
    ['certificate-renewal-failed', {}, 'certificate-renewed', 'agent-trouble yellow A '],
    ['rotation-blocked', file, 'rotation-done', 'agent-trouble yellow A /var/log/a.log'],
    ['disk-full', {}, 'agent-started', 'agent-buffer red A '],
  ];
  for (const [begin, fields, end, expected] of cases) {
    const site = new Site();
    site.reports.take(event(begin, fields));
    assert.deepEqual(site.found(), [expected], begin);
    // Of an agent that is away what it told says nothing of now.
    assert.deepEqual(site.found({ agents: [seenAgent({ connected: false })] }), []);
    site.reports.take(event(end, fields));
    assert.deepEqual(site.found(), [], end);
  }
});

test('what is lost is told for a quarter of an hour, also over a start of the agent', () => {
  const site = new Site();
  site.reports.take(event('data-lost', { tributary: { cause: 'too-large' } }));
  site.reports.take(event('agent-started'));
  assert.deepEqual(site.found(), ['agent-lost yellow A ']);
  assert.deepEqual(site.found({ nowMs: nowMs + 899_000 }).length, 1);
  assert.deepEqual(site.found({ nowMs: nowMs + 900_000 }), []);
});

test('what was measured since knows better than an event whose end was dropped', () => {
  const site = new Site();
  site.reports.take(event('source-failed', { log: { file: { path: '/a' } } }));
  site.measured({ buffer: { state: 'no-space', bytes: 90, max_bytes: 100, unacked_bytes: 0, batches: 1 } });
  site.reports.take(event('disk-full'));
  assert.equal(site.found().length, 1);
  site.measured({});
  site.reports.take(event('disk-full'));
  site.reports.take(event('source-failed', { log: { file: { path: '/a' } } }));
  assert.equal(site.found().length, 2);
  site.measured({}, nowMs + 2);
  assert.deepEqual(site.found(), []);
});

/** What it measured was not looked at until its clock had come to where it was before. */
test('what an agent measures after its clock was set back is news, and what it measured before is not', () => {
  const site = new Site();
  const earlierMs = nowMs - 3_600_000;
  const full = { buffer: { state: 'full', bytes: 90, max_bytes: 100, unacked_bytes: 0, batches: 1 } };
  site.reports.take(event('buffer-has-room'));
  site.measured(full, earlierMs);
  assert.deepEqual(site.found(), ['agent-buffer red A ']);
  site.reports.take(event('source-failed', { log: { file: { path: '/a' } } }));
  site.measured({}, earlierMs + 1);
  assert.deepEqual(site.found(), []);
  site.measured(full, nowMs);
  site.reports.take(event('buffer-has-room', {}, earlierMs));
  assert.deepEqual(site.found(), []);
  const books = { read: 9, acked: 8, buffered: 0, filtered: 0, lost: {}, unaccounted: 1 };
  for (const measuredMs of [nowMs, earlierMs, earlierMs + 1]) {
    site.measured({ books }, measuredMs);
    site.found();
  }
  assert.deepEqual(site.found(), ['agent-unbalanced red A']);
});

/** Two causes and two alerts there were for one source, `app: /a` of the hub with its events and `app` of every other one. */
test('a trouble is told by the hub that reads what the agent tells, wherever it is connected', () => {
  const site = new Site();
  const input = { name: 'app', kind: 'file', type: 'app', state: 'running', sources: 2, failed: 1, lag: 0 } as const;
  const buffer = { state: 'full', bytes: 90, max_bytes: 100, unacked_bytes: 90, batches: 1 };
  site.isOurs = false;
  site.measured({ inputs: [input], buffer });
  assert.deepEqual(site.found(), []);
  // Also of one without a certificate, which every hub knows.
  assert.deepEqual(site.found({ agents: [seenAgent({ enrolledMs: undefined })] }), []);
  site.isOurs = true;
  assert.deepEqual(site.found({ agents: [seenAgent({ connectedHere: false })] }), [
    'agent-buffer red A ',
    'agent-source yellow A app',
  ]);
});

test('an input that does not run is told from what was measured, too, and a failing source at its input', () => {
  const site = new Site();
  const input = {
    name: 'app',
    kind: 'file',
    type: 'app',
    state: 'failed',
    error: 'gone',
    sources: 1,
    failed: 0,
    lag: 0,
  } as const;
  site.measured({ inputs: [input] });
  assert.deepEqual(site.found(), ['agent-input red A app']);
  site.measured({ inputs: [{ ...input, state: 'running', failed: 1 }] });
  site.reports.take(event('source-failed', { log: { file: { path: '/a' } } }));
  assert.deepEqual(site.found(), ['agent-source yellow A app: /a']);
});

/** After a start of the hub the agent was green, with a full disk, until it told of something else. */
test('a full buffer or disk, and sources that fail, are told from what was measured where no event told them', () => {
  const site = new Site();
  const buffer = { state: 'no-space', bytes: 90, max_bytes: 100, unacked_bytes: 90, batches: 1 };
  site.measured({ buffer });
  assert.deepEqual(site.found(), ['agent-buffer red A ']);
  site.reports.take(event('disk-full', {}, nowMs + 2));
  assert.deepEqual(site.found(), ['agent-buffer red A ']);
  // What it measured before says nothing of now.
  site.reports.take(event('disk-has-room', {}, nowMs + 3));
  assert.deepEqual(site.found({ agents: [seenAgent()] }), ['agent-buffer yellow A']);
  site.measured({ buffer: { ...buffer, state: 'full' } }, nowMs + 4);
  assert.deepEqual(site.found(), ['agent-buffer red A ']);
  site.reports.take(event('agent-started', {}, nowMs + 5));
  assert.deepEqual(site.found(), ['agent-buffer yellow A']);
  const input = { name: 'app', kind: 'file', type: 'app', state: 'running', sources: 3, failed: 1, lag: 0 } as const;
  const inputs = [input, { ...input, name: 'web', failed: 2 }, { ...input, name: 'db', failed: 0 }];
  site.measured({ inputs }, nowMs + 6);
  assert.deepEqual(site.found(), ['agent-source yellow A app', 'agent-source yellow A web']);
  site.reports.take(event('source-recovered', { log: { file: { path: '/a' } } }, nowMs + 7));
  assert.deepEqual(site.found(), []);
  site.measured({ inputs }, nowMs + 8);
  site.reports.take(event('file-opened', { log: { file: { path: '/b' } } }, nowMs + 9));
  assert.equal(site.found().length, 2);
  assert.deepEqual(site.found({ agents: [seenAgent({ connected: false })] }), []);
});

test('a buffer that fills up, files that are far behind, and books that do not balance for three measurements', () => {
  const site = new Site();
  site.measured({ buffer: { state: 'open', bytes: 90, max_bytes: 100, unacked_bytes: 80, batches: 1 } });
  assert.deepEqual(site.found(), ['agent-buffer yellow A']);
  const file = { input: 'app', path: '/a', stream_id: '', state: '', size: 9, position: 1, lag: 8, lag_seconds: 61 };
  site.measured({ files: [file, { ...file, path: '/b', lag_seconds: 59 }] });
  assert.deepEqual(site.found(), ['agent-backlog yellow A app']);
  for (const [times, expected] of [
    [1, 0],
    [2, 0],
    [3, 1],
  ] as const) {
    const books = { read: 9, acked: 8, buffered: 0, filtered: 0, lost: {}, unaccounted: 1 };
    site.measured({ books }, nowMs + times);
    site.found();
    assert.equal(site.found().length, expected);
  }
});

test('an agent that stops says why, until it starts again', () => {
  const { reports } = new Site();
  reports.take(event('agent-stopped', { event: { reason: 'SIGTERM' } }));
  assert.equal(reports.farewellOf(agentA), 'it was stopped: SIGTERM');
  reports.take(event('agent-started'));
  assert.equal(reports.farewellOf(agentA), undefined);
});

test('what others write into the platform channel is no agent’s trouble, and of one agent only so much is kept', () => {
  const site = new Site();
  site.reports.take({ ...event('disk-full'), dataset: 'other' });
  site.reports.take({ ...event('disk-full'), fields: { agent: { type: 'filebeat' } } });
  assert.deepEqual(site.found(), []);
  for (let number = 0; number < 1000; number += 1)
    site.reports.take(event('source-failed', { log: { file: { path: `/${number}` } } }));
  assert.equal(site.found().length, 50);
});
