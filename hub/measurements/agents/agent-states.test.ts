import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { machineFields, measuredFields, metricFields, testAgentId, testDocument, testMeasured, testSiteId } from '../fixture.ts';
import { forgetAfterMs, sampleAgeMsMax } from '../limits.ts';
import { eventsOf, eventText } from './agent-events.ts';
import { AgentStates } from './agent-states.ts';
import { parseState, stateText } from './state-text.ts';

function withoutFiles(): ReturnType<typeof testMeasured> {
  const { files: _, ...measured } = testMeasured({ lag: 7 });
  return measured;
}

test('an agent is as it told last, with files as these were told last', () => {
  const states = new AgentStates(new ManualClock());
  states.take(testDocument(1000, measuredFields(testMeasured())));
  states.take(testDocument(11_000, measuredFields(withoutFiles())));
  // Late, from its buffer.
  states.take(testDocument(5000, measuredFields(testMeasured({ lag: 99 }))));
  const state = states.get(testAgentId);
  assert.partialDeepStrictEqual(state, {
    host: 'web1',
    version: '1.2.0',
    tenant: 'acme',
    labels: { rack: '7' },
    measuredMs: 11_000,
  });
  assert.deepEqual([state?.measured?.lag, state?.files.length, state?.heardMs], [7, 1, 11_050]);
});

test('an agent whose clock is set back is as it told since', () => {
  const states = new AgentStates(new ManualClock());
  states.take(testDocument(7_200_000, measuredFields(testMeasured())));
  states.take(testDocument(3_600_000, measuredFields(testMeasured({ lag: 7 })), { receivedMs: 7_230_000 }));
  assert.partialDeepStrictEqual(states.get(testAgentId), { measuredMs: 3_600_000, measured: { lag: 7 } });
});

test('the newest of each series is known, and nothing for long', () => {
  const states = new AgentStates(new ManualClock());
  states.take(testDocument(1000, machineFields({ disk: 90, cpu: 25, net_in: 500, load1: -1 })));
  assert.deepEqual(states.get(testAgentId)?.sample, { disk: 90, cpu: 25, net_in: 500 });
  states.take(testDocument(61_000, machineFields({ disk: 40 })));
  assert.equal(states.get(testAgentId)?.sample.disk, 40);
  states.take(testDocument(61_000 + sampleAgeMsMax, machineFields({ load1: 1.5 })));
  assert.deepEqual(states.get(testAgentId)?.sample, { disk: 40, load1: 1.5 });
});

test('what is no such document changes nothing, and hostile ones are no agents', () => {
  const states = new AgentStates(new ManualClock());
  const hostile = { ...testMeasured(), lag: Number.NaN, inputs: 'all' };
  states.take(testDocument(1000, { event: { kind: 'metric', action: 'agent-measured' }, tributary: { measured: hostile } }));
  assert.equal(states.get(testAgentId)?.measured, undefined);
  const beat = testDocument(1000, metricFields('system.cpu', { agent: { type: 'metricbeat' } }), { agentId: '99'.repeat(16) });
  assert.equal(states.take(beat), undefined);
  const other = testDocument(1000, measuredFields(testMeasured()));
  assert.equal(states.take({ ...other, agentId: '99'.repeat(16) }), undefined, 'it speaks for another');
  assert.equal(states.all().toArray().length, 1);
});

test('who is not heard of for a week is forgotten', () => {
  const clock = new ManualClock();
  const states = new AgentStates(clock);
  states.take(testDocument(0, measuredFields(testMeasured())));
  states.take(testDocument(1000, measuredFields(testMeasured()), { agentId: '99'.repeat(16) }));
  clock.advance(forgetAfterMs + 500);
  states.forgetOld();
  assert.deepEqual(
    states
      .all()
      .map(({ agentId }) => agentId)
      .toArray(),
    ['99'.repeat(16)],
  );
});

test('a state outlives a restart, and does not take the place of a newer one', () => {
  const clock = new ManualClock();
  const before = new AgentStates(clock);
  before.take(testDocument(1000, measuredFields(testMeasured())));
  before.take(testDocument(1000, machineFields({ cpu: 25 })));
  const state = before.get(testAgentId);
  assert.ok(state !== undefined);
  const restored = parseState(stateText(state));
  assert.deepEqual(restored?.measured, { ...testMeasured() });
  const after = new AgentStates(clock);
  after.adopt(restored);
  assert.deepEqual(stateText(after.get(testAgentId) ?? state), stateText(state));
  after.take(testDocument(20_000, measuredFields(testMeasured({ lag: 1 }))));
  after.adopt(restored);
  assert.equal(after.get(testAgentId)?.measured?.lag, 1);
  for (const wrong of ['', '[]', '{"siteId":5}']) assert.equal(parseState(wrong), undefined);
});

test('events are told in a sentence, and once', () => {
  const event = { kind: 'event', module: 'tributary', dataset: 'tributary.agent', action: 'data-lost' };
  const fields = {
    event,
    message: 'data is lost',
    log: { level: 'error', file: { path: '/var/log/a' } },
    tributary: { cause: 'truncated', count: 3 },
  };
  const text = eventText(testDocument(1000, fields));
  assert.ok(text !== undefined);
  const told = { atMs: 1000, action: 'data-lost', level: 'error', message: 'data is lost (3 times): /var/log/a: truncated' };
  assert.deepEqual(eventsOf([text, text, { ...text, json: 'x' }]), [told]);
  assert.equal(eventText(testDocument(1000, measuredFields(testMeasured()))), undefined);
  assert.equal(eventText(testDocument(1000, { event }, { siteId: testSiteId }))?.agentId, testAgentId);
});

/** Nothing was known of it after a start of the hub: neither its host nor its version. */
test('what told of its machine only is kept as text, too', () => {
  const states = new AgentStates(new ManualClock());
  const state = states.take(testDocument(1000, machineFields({ cpu: 5 })));
  const again = state && parseState(stateText(state));
  assert.partialDeepStrictEqual(again, { host: 'web1', version: '1.2.0', measured: undefined, sample: { cpu: 5 } });
});
