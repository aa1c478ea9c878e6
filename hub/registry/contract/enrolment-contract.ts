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
import type { EnrolmentDecision } from '../registry.ts';
import type { ContractTest } from './contract-test.ts';

const address = { address: '192.0.2.1' };

function reasonOf(decision: EnrolmentDecision): string {
  return decision.kind === 'granted' ? 'granted' : decision.reason;
}

export const enrolmentContract: readonly ContractTest[] = [
  [
    'a token gives a machine its tenant and labels, and counts',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.addEnrolmentToken(testToken('tokena000', { usesMax: 2 }), testBy);
      const decision = await registry.enrol(testEnrolment('web1', 'tokena000'), address);
      assert.deepEqual(decision, { kind: 'granted', tenants: ['shop'], labels: { rack: '7' } });
      const agent = registry.agent(testId('agent web1'));
      assert.equal(agent?.state, 'active');
      assert.deepEqual([agent.host, agent.tenants, agent.tokenId, agent.fingerprints], ['web1', ['shop'], 'tokena000', []]);
      await certify(registry, 'web1');
      assert.deepEqual(registry.agent(testId('agent web1'))?.fingerprints, [testHash('certificate of web1')]);
      assert.equal((await registry.enrolmentTokens())[0]?.uses, 1);
      assert.equal(reasonOf(await registry.enrol(testEnrolment('web2', 'tokena000'), address)), 'granted');
      assert.equal(reasonOf(await registry.enrol(testEnrolment('web3', 'tokena000'), address)), 'token-used-up');
      assert.equal(registry.agents().length, 2);
      assert.deepEqual(
        (await trailOf(registry)).map(({ action, outcome, actor }) => `${action} ${outcome} ${actor}`),
        [
          'token-created success console:anna',
          'agent-enrolled success token:tokena000',
          `agent-certified success agent:${testId('agent web1')}`,
          'agent-enrolled success token:tokena000',
          'agent-enrolled failure token:tokena000',
        ],
      );
    },
  ],
  [
    'many machines at once take a token as often as it may be used, and not once more',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.addEnrolmentToken(testToken('tokena000', { usesMax: 7 }), testBy);
      const machines = Array.from({ length: 40 }, (_, index) => `web${index}`);
      const decisions = await Promise.all(
        machines.map((machine) => registry.enrol(testEnrolment(machine, 'tokena000'), address)),
      );
      assert.equal(decisions.filter(({ kind }) => kind === 'granted').length, 7);
      assert.equal(registry.agents().length, 7);
      assert.equal((await registry.enrolmentTokens())[0]?.uses, 7);
    },
  ],
  [
    'an answer that was lost is given again for the same key, and counts once, also when the token is used up',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.addEnrolmentToken(testToken('tokena000'), testBy);
      const enrolment = testEnrolment('web1', 'tokena000');
      const [first, second] = [await registry.enrol(enrolment, address), await registry.enrol(enrolment, address)];
      await fixture.reopen();
      assert.deepEqual([second, await fixture.registry.enrol(enrolment, address)], [first, first]);
      assert.equal((await fixture.registry.enrolmentTokens())[0]?.uses, 1);
      const otherKey = { ...enrolment, keyHash: testHash('another key') };
      assert.equal(reasonOf(await fixture.registry.enrol(otherKey, address)), 'token-used-up');
      await fixture.registry.revokeToken('tokena000', testBy);
      assert.equal(reasonOf(await fixture.registry.enrol(enrolment, address)), 'token');
    },
  ],
  [
    'a token that is unknown, revoked or has another secret is refused with the same words; one that expired says so',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.addEnrolmentToken(testToken('tokena000', { usesMax: 9 }), testBy);
      await registry.addEnrolmentToken(testToken('tokenb000', { usesMax: 9 }), testBy);
      await registry.addEnrolmentToken(testToken('tokenhub0', { usesMax: 9, kind: 'hub' }), testBy);
      await registry.revokeToken('tokenb000', testBy);
      const wrongSecret = testEnrolment('web1', 'tokena000', { secretHash: testHash('wrong') });
      const strangers = [wrongSecret, testEnrolment('web1', 'tokenb000'), testEnrolment('web1', 'tokenc000')];
      const answers = await Promise.all(strangers.map((enrolment) => registry.enrol(enrolment, address)));
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(reasonOf(answers[0] ?? { kind: 'granted', tenants: 'all', labels: {} }), 'token');
      assert.equal(reasonOf(await registry.enrol(testEnrolment('web1', 'tokenhub0'), address)), 'token');
      await fixture.advance(dayMs);
      assert.equal(reasonOf(await registry.enrol(testEnrolment('web1', 'tokena000'), address)), 'token-expired');
      assert.equal(reasonOf(await registry.enrol(wrongSecret, address)), 'token', 'a stranger learns nothing of its time');
      assert.equal(registry.agents().length, 0);
      assert.ok(!JSON.stringify(await trailOf(registry)).includes('tokenc000'), 'what no token is called may be a secret');
    },
  ],
  [
    'several hubs of a lower site are let in, the further ones by a token for that site; revoking the site revokes them all',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      const siteId = testId('a lower site');
      const hub = { kind: 'hub' as const, siteId };
      await enrolled(registry, 'hub1', hub);
      await registry.addEnrolmentToken(testToken('tokenfree', { kind: 'hub', usesMax: 9 }), testBy);
      await registry.addEnrolmentToken(testToken('tokensite', { kind: 'hub', siteId, usesMax: 9 }), testBy);
      await registry.addEnrolmentToken(testToken('tokenbank', { kind: 'hub', siteId, tenants: ['bank'], usesMax: 9 }), testBy);
      const ask = async (machine: string, tokenId: string, changes = {}): Promise<string> =>
        reasonOf(await registry.enrol(testEnrolment(machine, tokenId, { ...hub, ...changes }), address));
      assert.equal(await ask('hub2', 'tokenfree'), 'identity', 'who speaks for a known site was meant to');
      assert.equal(await ask('hub2', 'tokenbank'), 'identity', 'all hubs of a site forward the same tenants');
      assert.equal(await ask('hub2', 'tokensite', { siteId: testId('another site') }), 'identity');
      assert.equal(await ask('hub1', 'tokensite', { siteId: testId('another site'), keyHash: 'k' }), 'identity');
      assert.equal(await ask('hub2', 'tokensite'), 'granted');
      await certify(registry, 'hub2');
      const sites = registry.agents().map(({ kind, siteId: site }) => [kind, site]);
      assert.deepEqual(sites, [
        ['hub', siteId],
        ['hub', siteId],
      ]);
      assert.equal((await registry.greeted(testGreeting('hub1'), '')).kind, 'welcome');
      assert.equal((await registry.greeted(testGreeting('hub2'), '')).kind, 'welcome');
      await registry.revokeAgent(siteId, testBy);
      assert.ok(registry.agents().every(({ state }) => state === 'revoked'));
      assert.equal((await actionsOf(registry)).filter((action) => action === 'agent-revoked').length, 2);
      const vouched = { ...hub, tenants: ['shop'], host: 'hub3', notAfterMs: fixture.nowMs + dayMs };
      assert.equal((await registry.greeted(testGreeting('hub3', { vouched }), '')).kind, 'refused');
    },
  ],
  [
    'an id belongs to its machine and its tenant',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      await registry.addEnrolmentToken(testToken('tokenbank', { tenants: ['bank'], usesMax: 5 }), testBy);
      await registry.addEnrolmentToken(testToken('tokenshop', { usesMax: 5 }), testBy);
      const before = registry.agent(testId('agent web1'));
      for (const [tokenId, changes] of [
        ['tokenbank', {}],
        ['tokenshop', { instanceId: testId('another machine') }],
      ] as const) {
        const decision = await registry.enrol(testEnrolment('web1', tokenId, { keyHash: 'k', ...changes }), address);
        assert.equal(reasonOf(decision), 'identity');
      }
      assert.deepEqual(registry.agent(testId('agent web1')), before);
      const uses = (await registry.enrolmentTokens()).filter(({ tokenId }) => /^token(?:bank|shop)$/.test(tokenId));
      assert.deepEqual(
        uses.map((token) => token.uses),
        [0, 0],
        'what was refused does not count',
      );
      const again = testEnrolment('web1', 'tokenshop', { keyHash: testHash('new key') });
      assert.equal(reasonOf(await registry.enrol(again, address)), 'granted', 'the same machine may enrol again');
    },
  ],
  [
    'who was revoked does not come back under its id, and gets no certificate',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      await registry.revokeAgent(testId('agent web1'), testBy);
      await registry.revokeAgent(testId('agent web1'), testBy);
      await registry.addEnrolmentToken(testToken('tokenshop'), testBy);
      const decision = await registry.enrol(testEnrolment('web1', 'tokenshop'), address);
      assert.equal(reasonOf(decision), 'identity');
      assert.ok(decision.kind === 'refused' && decision.hint.includes('enroll --renew'));
      await assert.rejects(certify(registry, 'web1'), { code: 'REGISTRY_CONFLICT' });
      await assert.rejects(certify(registry, 'web2'), { code: 'REGISTRY_UNKNOWN' });
      await assert.rejects(registry.revokeAgent(testId('agent web2'), testBy), { code: 'REGISTRY_UNKNOWN' });
      const revoked = (await actionsOf(registry)).filter((action) => action === 'agent-revoked');
      assert.equal(revoked.length, 1, 'revoking again changes nothing');
    },
  ],
  [
    'certificates before the newest are good until the newest was used, and the one in use stays',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await enrolled(registry, 'web1');
      const agentId = testId('agent web1');
      const certified = (name: string): Promise<void> =>
        registry.certified(agentId, { fingerprint: testHash(name), notAfterMs: fixture.nowMs + dayMs }, '');
      for (const name of ['lost 1', 'lost 2', 'lost 3', 'lost 4']) await certified(name);
      assert.deepEqual(
        registry.agent(agentId)?.fingerprints,
        ['lost 4', 'lost 3', 'lost 2', 'certificate of web1'].map(testHash),
      );
      const first = await registry.greeted(testGreeting('web1'), '');
      const newest = await registry.greeted(testGreeting('web1', { fingerprint: testHash('lost 4') }), '');
      assert.deepEqual([first.kind, newest.kind], ['welcome', 'welcome']);
      await certified('new');
      await registry.greeted(testGreeting('web1', { fingerprint: testHash('new') }), '');
      assert.deepEqual(registry.agent(agentId)?.fingerprints, [testHash('new')]);
      const old = await registry.greeted(testGreeting('web1'), '');
      assert.ok(old.kind === 'refused' && old.code === 'unauthorized');
    },
  ],
];
