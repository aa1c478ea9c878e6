import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { type Counters, newCounters } from './counters.ts';
import { AgentEvents } from './events.ts';
import { eventActionNames, eventActions } from './platform/event-actions.ts';
import type { PlatformEvent } from './platform/platform-events.ts';

function makeEvents(): { events: AgentEvents; counters: Counters; log: LogEntry[]; reported: PlatformEvent[] } {
  const counters = newCounters();
  const log: LogEntry[] = [];
  const reported: PlatformEvent[] = [];
  const logger = createLogger({ level: 'debug', sink: (entry) => log.push(entry) });
  const events = new AgentEvents({ logger, counters, reporter: { report: (event) => void reported.push(event) } });
  return { events, counters, log, reported };
}

test('a loss is a log line, a counter by cause and a platform event', () => {
  const { events, counters, log, reported } = makeEvents();
  events.input.lost({ path: '/var/log/a', cause: 'truncated', bytes: 7 });
  events.input.lost({ path: 'udp://127.0.0.1:514', cause: 'socket-full', bytes: 100, records: 3 });
  assert.deepEqual(counters.lost.truncated, { bytes: 7, records: 0, times: 1 });
  assert.deepEqual(counters.lost['socket-full'], { bytes: 100, records: 3, times: 1 });
  assert.equal(counters.lost['file-gone'].times, 0);
  assert.equal(counters.events['data-lost'], 2);
  assert.deepEqual(
    log.map(({ level, fields }) => [level, fields['event'], fields['cause']]),
    [
      ['error', 'data-lost', 'truncated'],
      ['error', 'data-lost', 'socket-full'],
    ],
  );
  const [file, socket] = reported;
  assert.deepEqual(file?.fields, { log: { file: { path: '/var/log/a' } }, tributary: { cause: 'truncated' } });
  assert.deepEqual(socket?.fields, { tributary: { source: 'udp://127.0.0.1:514', cause: 'socket-full' } });
  assert.deepEqual(socket?.sums, { bytes: 100, records: 3 });
});

test('the state of the buffer is told when it changes', () => {
  const { events, reported } = makeEvents();
  const facts = { unackedBytes: 1, maxBytes: 2 };
  for (const state of ['open', 'full', 'full', 'open', 'no-space', 'full', 'open'] as const) events.bufferIs(state, facts);
  assert.deepEqual(
    reported.map(({ name }) => name),
    ['buffer-full', 'buffer-has-room', 'disk-full', 'disk-has-room', 'buffer-full', 'buffer-has-room'],
  );
});

test('a hub that was never found is not lost, and one is lost once, with the reason', () => {
  const { events, reported } = makeEvents();
  const siteId = '00'.repeat(16);
  events.hubLost({ reason: 'socket', hint: 'refused' });
  events.hubFound('ws://a:1', siteId);
  events.hubLost({ reason: 'no-pong', hint: 'no Pong within 4500 ms' });
  events.hubLost({ reason: 'socket', hint: 'refused' });
  assert.deepEqual(
    reported.map(({ name, fields }) => [name, fields['event']]),
    [
      ['hub-found', undefined],
      ['hub-lost', { reason: 'no-pong: no Pong within 4500 ms' }],
    ],
  );
});

test('a hub that is left is not lost, unless no other one is found', () => {
  const { events, reported } = makeEvents();
  const siteId = '00'.repeat(16);
  const left = { reason: 'left', hint: 'the connection is old' } as const;
  events.hubFound('ws://a:1', siteId);
  events.hubLost(left);
  events.hubFound('ws://a:1', siteId);
  events.hubLost(left);
  events.hubFound('ws://b:1', siteId);
  events.hubLost(left);
  events.hubLost({ reason: 'socket', hint: 'refused' });
  assert.deepEqual(
    reported.map(({ name, source }) => [name, source]),
    [
      ['hub-found', 'ws://a:1'],
      ['hub-found', 'ws://b:1'],
      ['hub-lost', 'ws://b:1'],
    ],
  );
});

test('an input is told to run again only after it broke', () => {
  const { events, reported } = makeEvents();
  events.inputRuns('file-1');
  events.inputFailed('file-1', new Error('no'), 500);
  events.inputRuns('file-1');
  events.inputRuns('file-1');
  assert.deepEqual(
    reported.map(({ name }) => name),
    ['input-failed', 'input-recovered'],
  );
  assert.deepEqual(reported[0]?.fields['error'], { message: 'no' });
});

test('every event in the code is on its page, and every one on the page in the code, with its level and categories', () => {
  const page = readFileSync(new URL('../docs/PLATFORM-EVENTS.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| ([a-z]+) +\| ([a-z]+)\/([a-z]+) /gm)];
  const onPage = new Map(rows.map(([, name = '', ...rest]) => [name, rest]));
  assert.deepEqual([...onPage.keys()].toSorted(), eventActionNames.toSorted());
  for (const name of eventActionNames) {
    const { level, category, type } = eventActions[name];
    assert.deepEqual(onPage.get(name), [level, category, type], name);
  }
});

test('every event in the table is told somewhere', () => {
  const source = ['events.ts', 'platform/platform-stream.ts'].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'));
  for (const name of eventActionNames) assert.ok(source.join('').includes(`'${name}'`), `${name} is told nowhere`);
});

test('a hub that this agent is not let in by, or does not trust, is told once per reason', () => {
  const { events, reported } = makeEvents();
  const refused = { reason: 'refused', hint: 'this agent was revoked' } as const;
  events.hubUnwanted('wss://a:1', refused);
  events.hubUnwanted('wss://a:1', refused);
  events.hubUnwanted('wss://a:1', { reason: 'socket', hint: 'ECONNREFUSED' });
  events.hubUnwanted('wss://a:1', { reason: 'clone', hint: 'another machine has this identity' });
  events.hubUnwanted('wss://b:1', { reason: 'untrusted', hint: 'another authority' });
  events.hubFound('wss://a:1', '00'.repeat(16));
  events.hubUnwanted('wss://a:1', refused);
  assert.deepEqual(
    reported.map(({ name, fields }) => [name, fields['event']]),
    [
      ['hub-refused', { reason: 'this agent was revoked' }],
      ['hub-refused', { reason: 'clone: another machine has this identity' }],
      ['hub-untrusted', { reason: 'another authority' }],
      ['hub-found', undefined],
      ['hub-refused', { reason: 'this agent was revoked' }],
    ],
  );
});
