import assert from 'node:assert/strict';
import {
  actionsOf,
  certify,
  dayMs,
  enrolled,
  testBy,
  testEnrolment,
  testGreeting,
  testHash,
  testId,
  testToken,
  trailOf,
} from '../fixture.ts';
import type { HelloVerdict, Registry } from '../registry.ts';
import type { ContractTest } from './contract-test.ts';

const agentId = testId('agent web1');
const otherBoot = testId('boot of the copy');

function codeOf(verdict: HelloVerdict): string {
  return verdict.kind === 'welcome' ? 'welcome' : verdict.code;
}

async function greet(registry: Registry, changes: Parameters<typeof testGreeting>[1] = {}): Promise<string> {
  return codeOf(await registry.greeted(testGreeting('web1', changes), '192.0.2.1'));
}

/** The copy makes itself a new agent and gives the old identity up. */
async function renew(registry: Registry, tokenId: string, tenants: readonly string[] = ['shop']): Promise<string> {
  await registry.addEnrolmentToken(testToken(tokenId, { tenants }), testBy);
  const replaces = { agentId, bootId: otherBoot };
  const decision = await registry.enrol(testEnrolment(`new ${tokenId}`, tokenId, { replaces }), { address: '192.0.2.2' });
  return decision.kind;
}

export const cloneContract: readonly ContractTest[] = [
  [
    'who never enrolled and who was revoked are refused; somebody else who vouches lets them in',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      assert.equal(await greet(registry), 'unauthorized');
      const vouched = { kind: 'agent', tenants: ['shop'], host: 'web1', notAfterMs: fixture.nowMs + dayMs } as const;
      assert.equal(await greet(registry, { vouched }), 'welcome');
      const fingerprint = testHash('renewed by the company');
      assert.equal(await greet(registry, { vouched: { ...vouched, notAfterMs: 5 }, fingerprint, startCounter: 101 }), 'welcome');
      assert.deepEqual(registry.agent(agentId)?.fingerprints, [fingerprint]);
      assert.equal(registry.agent(agentId)?.notAfterMs, 5);
      await registry.revokeAgent(agentId, testBy);
      assert.equal(await greet(registry, { vouched, startCounter: 102 }), 'unauthorized');
      assert.deepEqual(await actionsOf(registry), ['agent-refused', 'agent-enrolled', 'agent-revoked', 'agent-refused']);
    },
  ],
  [
    'coming back and starting again are no clones',
    async (open) => {
      await using fixture = await open();
      await enrolled(fixture.registry, 'web1');
      assert.equal(await greet(fixture.registry), 'welcome');
      assert.equal(await greet(fixture.registry), 'welcome');
      await fixture.reopen();
      const { registry } = fixture;
      assert.equal(registry.agent(agentId)?.startCounter, 100);
      assert.equal(await greet(registry), 'welcome');
      assert.equal(await greet(registry, { startCounter: 101 }), 'welcome');
      assert.equal(await greet(registry, { startCounter: 100 }), 'superseded', 'the process before the restart');
      assert.equal(await greet(registry, { startCounter: 102, bootId: otherBoot }), 'welcome', 'the machine started again');
      assert.equal(registry.agent(agentId)?.state, 'active');
    },
  ],
  [
    'a copy on another machine is refused, and the enrolled one goes on',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      assert.equal(await greet(registry), 'welcome');
      const copy = { instanceId: testId('instance of the copy'), bootId: otherBoot, startCounter: 900 };
      for (let time = 0; time < 5; time += 1) assert.equal(await greet(registry, copy), 'clone');
      assert.equal(await greet(registry), 'welcome');
      const agent = registry.agent(agentId);
      assert.deepEqual(agent?.refusedCopy, { seenMs: fixture.nowMs, address: '192.0.2.1', bootId: otherBoot });
      assert.equal(agent.state, 'active');
      const told = (await trailOf(registry)).filter(({ action }) => action === 'agent-cloned');
      assert.equal(told.length, 1, 'told once, and not at every try');
      assert.equal(await renew(registry, 'tokenrenew'), 'granted');
      assert.equal(registry.agent(agentId)?.refusedCopy, undefined, 'the copy has an identity of its own now');
      assert.equal(await greet(registry, copy), 'superseded');
      assert.equal(await greet(registry), 'welcome');
    },
  ],
  [
    'whoever has a copy and says something else at each try does not fill the trail',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      await greet(registry);
      const before = (await trailOf(registry)).length;
      for (let time = 0; time < 100; time += 1) {
        const lie = { instanceId: testId(`instance ${time}`), bootId: testId(`boot ${time}`) };
        assert.equal(await greet(registry, lie), 'clone');
      }
      const told = (await trailOf(registry)).length - before;
      assert.ok(told >= 2 && told <= 16, `${told} events`);
    },
  ],
  [
    'the same counter from another boot is a clone: both are refused until one is made a new agent',
    async (open) => {
      await using fixture = await open();
      await enrolled(fixture.registry, 'web1');
      assert.equal(await greet(fixture.registry), 'welcome');
      assert.equal(await greet(fixture.registry, { bootId: otherBoot }), 'clone');
      assert.equal(fixture.registry.agent(agentId)?.state, 'cloned');
      await fixture.reopen();
      const { registry } = fixture;
      assert.equal(await greet(registry), 'clone');
      assert.equal(await greet(registry, { startCounter: 500 }), 'clone', 'starting again does not help');
      await registry.addEnrolmentToken(testToken('tokenagain'), testBy);
      const again = await registry.enrol(testEnrolment('web1', 'tokenagain'), { address: '' });
      assert.ok(again.kind === 'refused' && again.reason === 'identity', 'enrolling again under the same id does not help');
      assert.equal((await actionsOf(registry)).filter((action) => action === 'agent-cloned').length, 1);

      assert.equal(await renew(registry, 'tokenrenew'), 'granted');
      assert.ok((await actionsOf(registry)).includes('agent-replaced'));
      assert.equal(registry.agent(agentId)?.state, 'active');
      assert.equal(await greet(registry, { bootId: otherBoot, startCounter: 900 }), 'superseded', 'it gave this identity up');
      assert.equal(await greet(registry), 'welcome', 'the other one is let in again, with its counter');
      await certify(registry, 'new', testId('agent new tokenrenew'));
      const fresh = testGreeting('new tokenrenew', { bootId: otherBoot, fingerprint: testHash('certificate of new') });
      assert.equal(codeOf(await registry.greeted(fresh, '')), 'welcome');
    },
  ],
  [
    'a later start supersedes, and when the earlier one comes back it is a clone',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      assert.equal(await greet(registry), 'welcome');
      assert.equal(await greet(registry, { bootId: otherBoot, startCounter: 700 }), 'welcome');
      assert.equal(await greet(registry), 'clone');
      assert.equal(await greet(registry, { bootId: otherBoot, startCounter: 700 }), 'clone');
      assert.equal(await renew(registry, 'tokenrenew'), 'granted');
      assert.equal(await greet(registry), 'welcome', 'its counter is lower than the one that gave up');
      assert.equal(await greet(registry, { bootId: testId('boot of a third'), startCounter: 800 }), 'welcome');
      assert.equal(await greet(registry), 'clone', 'a third one is found as the second was');
      assert.equal(registry.agent(agentId)?.state, 'cloned');
    },
  ],
  [
    'a clone with a certificate that was renewed since is a clone, too',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      await greet(registry);
      await registry.certified(agentId, { fingerprint: testHash('renewed'), notAfterMs: fixture.nowMs + dayMs }, '');
      assert.equal(await greet(registry, { fingerprint: testHash('renewed') }), 'welcome');
      assert.equal(await greet(registry, { bootId: otherBoot, startCounter: 99 }), 'clone');
      assert.equal(registry.agent(agentId)?.state, 'cloned');
    },
  ],
  [
    'who was forgotten has never been here: another authority lets it in as it comes, the own one not',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      const vouched = { kind: 'agent', tenants: ['shop'], host: 'web1', notAfterMs: fixture.nowMs + dayMs } as const;
      await greet(registry, { vouched });
      const answer = await registry.greeted(testGreeting('web1', { vouched, bootId: otherBoot }), '');
      assert.ok(answer.kind === 'refused' && answer.hint.includes(`tributary-hub agent forget ${agentId}`));
      await registry.forgetAgent(agentId, testBy);
      assert.equal(registry.agent(agentId), undefined);
      assert.equal(await greet(registry, { vouched }), 'welcome');
      await enrolled(registry, 'web2');
      await registry.forgetAgent(testId('agent web2'), testBy);
      assert.equal(codeOf(await registry.greeted(testGreeting('web2'), '')), 'unauthorized');
      await assert.rejects(registry.forgetAgent(testId('agent web2'), testBy), { code: 'REGISTRY_UNKNOWN' });
      assert.equal((await actionsOf(registry)).filter((action) => action === 'agent-forgotten').length, 2);
    },
  ],
  [
    'a token of another tenant ends no alarm',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      await greet(registry);
      await greet(registry, { bootId: otherBoot });
      assert.equal(await renew(registry, 'tokenbank', ['bank']), 'granted', 'it is a new agent all the same');
      assert.equal(registry.agent(agentId)?.state, 'cloned');
      assert.deepEqual(registry.agent(agentId)?.retiredBoots, []);
    },
  ],
  [
    'hundreds of agents that come back at once are let in',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      const machines = Array.from({ length: 200 }, (_, index) => `web${index}`);
      await registry.addEnrolmentToken(testToken('tokenmany', { usesMax: 200 }), testBy);
      await Promise.all(machines.map((machine) => registry.enrol(testEnrolment(machine, 'tokenmany'), { address: '' })));
      await Promise.all(machines.map((machine) => certify(registry, machine)));
      const verdicts = await Promise.all(machines.map((machine) => registry.greeted(testGreeting(machine), '')));
      assert.ok(verdicts.every(({ kind }) => kind === 'welcome'));
      assert.ok(registry.agents().every(({ startCounter }) => startCounter === 100));
    },
  ],
];
