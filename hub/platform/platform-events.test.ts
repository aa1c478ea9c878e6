import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { eventually } from '../testing/eventually.ts';
import { hubEventNames, type ReportedEvent } from './hub-events.ts';
import { eventsPerWindowMax, queuedEventsMax, retryMs, windowMs } from './limits.ts';
import { PlatformEvents } from './platform-events.ts';

interface Unit extends AsyncDisposable {
  readonly events: PlatformEvents;
  readonly clock: ManualClock;
  readonly stored: readonly Record<string, unknown>[];
  /** What the store answers from now on. */
  answer: 'stored' | 'full' | 'broken';
}

function makeUnit(): Unit {
  const clock = new ManualClock();
  const stored: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'error', sink: () => undefined });
  const teller = {
    host: 'here',
    agentId: 'aa'.repeat(16),
    version: '1.0.0',
    labels: {},
    type: 'tributary-hub',
    site: 'one',
  } as const;
  const unit: { answer: Unit['answer'] } = { answer: 'stored' };
  const publish = async (documents: readonly string[]): Promise<'stored' | 'full'> => {
    if (unit.answer === 'broken') throw new Error('no store');
    if (unit.answer === 'full') return 'full';
    stored.push(...documents.map((text): Record<string, unknown> => JSON.parse(text)));
    return 'stored';
  };
  const events = new PlatformEvents({ stream: { publish }, teller, clock, logger });
  return Object.assign(unit, { events, clock, stored, [Symbol.asyncDispose]: () => events[Symbol.asyncDispose]() });
}

function event(action: ReportedEvent['action'], details: Record<string, unknown> = {}): ReportedEvent {
  return { action, message: 'so it is', level: 'warn', category: 'host', fields: { tributary: details } };
}

function actionOf(document: Record<string, unknown>): unknown {
  const { event: told } = document;
  return typeof told === 'object' && told !== null && 'action' in told ? told.action : undefined;
}

test('an event is a document with what every one has', async () => {
  await using unit = makeUnit();
  unit.events.report({ ...event('finding-raised', { finding: 'open-service' }), outcome: 'failure' });
  await eventually('it is stored', () => unit.stored.length === 1);
  assert.deepEqual(unit.stored[0], {
    '@timestamp': '1970-01-01T00:00:00.000Z',
    ecs: { version: '8.17.0' },
    host: { name: 'here' },
    agent: { id: 'aa'.repeat(16), name: 'here', type: 'tributary-hub', version: '1.0.0' },
    event: {
      kind: 'event',
      module: 'tributary',
      dataset: 'tributary.hub',
      category: ['host'],
      type: ['info'],
      action: 'finding-raised',
      outcome: 'failure',
    },
    message: 'so it is',
    log: { level: 'warn' },
    tributary: { site: 'one', finding: 'open-service' },
  });
});

test('a flood of one action is told as so many, and the rest as one with its count', async () => {
  await using unit = makeUnit();
  for (let times = 0; times < eventsPerWindowMax + 500; times += 1)
    unit.events.report(event('finding-raised', { address: `${times}` }));
  unit.events.report(event('finding-cleared'));
  await eventually('those are stored', () => unit.stored.length === eventsPerWindowMax + 1);
  await eventually('it waits', () => unit.clock.sleeping === 1);
  unit.clock.advance(windowMs);
  await eventually('the sum is stored', () => unit.stored.length === eventsPerWindowMax + 2);
  assert.deepEqual(unit.stored.at(-1)?.['tributary'], { site: 'one', count: 500 });
  assert.equal(unit.events.counts.summed, 500);
});

test('while the store takes nothing events wait, up to a bound; what is beyond is counted and told', async () => {
  await using unit = makeUnit();
  unit.answer = 'full';
  const reported = queuedEventsMax + 30;
  const names = hubEventNames.filter((name) => name !== 'events-dropped');
  for (let index = 0; index < reported; index += 1) {
    const name = names[index % names.length] ?? 'finding-raised';
    unit.events.report(event(name));
    // So many of one action are told within a window.
    if (index % (eventsPerWindowMax * names.length) === 0) unit.clock.advance(2 * windowMs);
  }
  await eventually('it waits to try again', () => unit.clock.sleeping === 1);
  assert.equal(unit.stored.length, 0);
  unit.answer = 'stored';
  unit.clock.advance(retryMs);
  await eventually('all that was kept is stored', () => unit.stored.length === queuedEventsMax + 1);
  const told = unit.stored.find((document) => actionOf(document) === 'events-dropped');
  assert.deepEqual(told?.['tributary'], { site: 'one', count: 30 });
  assert.deepEqual(unit.events.counts, { reported, stored: queuedEventsMax + 1, summed: 0, dropped: 30 });
});

test('a store that fails loses nothing that is in memory, and the stop waits for nobody', async () => {
  const unit = makeUnit();
  unit.answer = 'broken';
  unit.events.report(event('quota-nearly-used'));
  await eventually('it waits to try again', () => unit.clock.sleeping === 1);
  unit.answer = 'stored';
  unit.events.report(event('quota-used-up'));
  await unit.events[Symbol.asyncDispose]();
  assert.deepEqual(unit.stored.map(actionOf), ['quota-nearly-used', 'quota-used-up']);
  unit.events.report(event('finding-raised'));
  assert.equal(unit.events.counts.dropped, 1);
});

test('what is longer than anybody reads is counted instead', async () => {
  await using unit = makeUnit();
  unit.events.report(event('finding-raised', { text: 'x'.repeat(100_000) }));
  unit.events.report(event('finding-cleared'));
  await eventually('the rest is stored', () => unit.stored.length === 2);
  assert.deepEqual(unit.stored.map(actionOf), ['finding-cleared', 'events-dropped']);
});
