import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { AgentStates } from '../../measurements/agents/agent-states.ts';
import { parseState, stateText } from '../../measurements/agents/state-text.ts';
import { machineFields, measuredFields, testAgentId, testDocument, testMeasured } from '../../measurements/fixture.ts';
import { diskAgeMsMax, sampleAgeMsMax } from '../../measurements/limits.ts';
import { healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { AgentMachine } from './agent-machine.ts';

const startMs = 1_000_000_000;

class Site {
  readonly states = new AgentStates(new ManualClock(startMs));
  isOurs = true;
  nowMs = startMs;
  readonly #rule = new AgentMachine({ isOurs: () => this.isOurs, told: (agentId) => this.states.get(agentId) });

  measured(machine: Parameters<typeof machineFields>[0], atMs = startMs): void {
    this.states.take(testDocument(atMs, machineFields(machine), { receivedMs: startMs }));
  }

  found({ connected = true, rules = {} } = {}): string[] {
    const agents = [seenAgent({ agentId: testAgentId, connected })];
    const found = this.#rule.look(ruleFacts({ agents, nowMs: this.nowMs }), healthRules(rules));
    return found.map(({ kind, level, subject, reason }) => `${kind} ${level} ${reason.replaceAll(subject, 'A')}`);
  }
}

test('a disk and a memory that fill up have their colour and their reason at the agent, by steps of their own', () => {
  const site = new Site();
  site.measured({ disk: 84.9, disk_mount: '/', memory: 89.9 });
  assert.deepEqual(site.found(), []);
  site.measured({ disk: 85, disk_mount: '/var', memory: 97.2 });
  assert.deepEqual(site.found(), [
    'agent-disk yellow agent A on web1: /var is 85 % full: make room there, before whatever writes to it fails',
    'agent-memory red agent A on web1: 97 % of the memory of its machine are in use: see on it what uses so much, before the system ends processes',
  ]);
  assert.deepEqual(site.found({ rules: { agent_memory: { enabled: false }, agent_disk: { yellow: 70, red: 80 } } }), [
    'agent-disk red agent A on web1: /var is 85 % full: make room there, before whatever writes to it fails',
  ]);
  site.measured({ disk: 12, disk_mount: '/', memory: 40 });
  assert.deepEqual(site.found(), []);
});

test('one hub tells of it, and nobody of an agent that is away or measures nothing', () => {
  const site = new Site();
  assert.deepEqual(site.found(), []);
  site.measured({ disk: 99 });
  assert.match(site.found().join(), /its fullest file system is 99 % full/, 'an older agent does not say which');
  assert.deepEqual(site.found({ connected: false }), []);
  site.isOurs = false;
  assert.deepEqual(site.found(), []);
});

test('file systems are measured seldom: what was told stands meanwhile, but not for ever', () => {
  const site = new Site();
  site.measured({ disk: 96, disk_mount: '/srv', memory: 99 });
  assert.equal(site.found().length, 2);
  site.nowMs += sampleAgeMsMax;
  assert.match(site.found().join(), /^agent-disk red .*\/srv is 96 % full/);
  site.nowMs += diskAgeMsMax;
  assert.deepEqual(site.found(), []);
});

/** An agent that came back after days was red for what it had measured before. */
test('what waited for long on its way, or was known before a start, says nothing of now', () => {
  const site = new Site();
  site.measured({ disk: 99, memory: 99 }, startMs - diskAgeMsMax);
  assert.deepEqual(site.found(), []);
  site.measured({ disk: 99, memory: 99 }, startMs - sampleAgeMsMax);
  assert.deepEqual(
    site.found().map((line) => line.slice(0, 14)),
    ['agent-disk red'],
  );
  const state = site.states.take(testDocument(startMs, measuredFields(testMeasured())));
  const stored = state && parseState(stateText(state));
  assert.ok(stored !== undefined);
  const restarted = new Site();
  restarted.states.adopt(stored);
  assert.deepEqual(restarted.found(), []);
});
