import assert from 'node:assert/strict';
import {
  actionsOf,
  dayMs,
  testApiToken,
  testBy,
  testEvent,
  testHash,
  testSession,
  testToken,
  testUser,
  trailOf,
  enrolled,
  testGreeting,
  testId,
} from '../fixture.ts';
import { agentKeptMs, lazyWriteMs, revokedAgentKeptMs } from '../limits.ts';
import type { HowSet } from '../registry.ts';
import type { ContractTest } from './contract-test.ts';

export const peopleContract: readonly ContractTest[] = [
  [
    'tokens of the HTTP API are there at once, and their names are unique among all tokens',
    async (open) => {
      await using fixture = await open();
      const token = testApiToken('apitoken0', { expiresMs: fixture.nowMs + dayMs });
      await fixture.registry.addApiToken(token, testBy);
      assert.deepEqual(fixture.registry.apiToken('apitoken0'), token);
      await assert.rejects(fixture.registry.addApiToken(token, testBy), { code: 'REGISTRY_CONFLICT' });
      await assert.rejects(fixture.registry.addEnrolmentToken(testToken('apitoken0'), testBy), { code: 'REGISTRY_CONFLICT' });
      await fixture.advance(1000);
      fixture.registry.apiTokenUsed('apitoken0');
      assert.equal(fixture.registry.apiToken('apitoken0')?.lastUsedMs, fixture.nowMs);
      await fixture.reopen();
      const used = { ...token, lastUsedMs: fixture.nowMs };
      assert.deepEqual(await fixture.registry.apiTokens(), [used]);
      await fixture.registry.revokeToken('apitoken0', testBy);
      assert.equal(fixture.registry.apiToken('apitoken0')?.revokedMs, fixture.nowMs);
      await assert.rejects(fixture.registry.revokeToken('nobody000', testBy), { code: 'REGISTRY_UNKNOWN' });
      assert.deepEqual(
        (await trailOf(fixture.registry)).map(({ action, tenant }) => [action, tenant]),
        [
          ['api-token-created', 'shop'],
          ['token-revoked', 'shop'],
        ],
      );
    },
  ],
  [
    'users are made, changed and removed with the event of each',
    async (open) => {
      await using fixture = await open();
      const anna = testUser('anna', { grants: [{ tenant: '*', role: 'admin' }], mustChange: true });
      await fixture.registry.putUser(anna, testEvent('user-added', { user: 'anna' }));
      await fixture.registry.putUser(testUser('Ольга', { passwordHash: undefined }), testEvent('user-added'));
      await fixture.reopen();
      assert.deepEqual(fixture.registry.user('anna'), anna);
      assert.deepEqual(
        fixture.registry.users().map(({ name }) => name),
        ['anna', 'Ольга'],
      );
      assert.equal(fixture.registry.user('Ольга')?.passwordHash, undefined);
      await fixture.registry.removeUser('anna', testBy);
      assert.equal(fixture.registry.user('anna'), undefined);
      await assert.rejects(fixture.registry.removeUser('anna', testBy), { code: 'REGISTRY_UNKNOWN' });
      const trail = await trailOf(fixture.registry);
      assert.deepEqual(
        trail.map(({ action }) => action),
        ['user-added', 'user-added', 'user-removed'],
      );
      assert.deepEqual(trail[0]?.details, { user: 'anna' });
    },
  ],
  [
    'a change of a user that was made from what is not there any more changes nothing',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      const [first, second] = [testUser('anna'), testUser('anna', { disabled: true })];
      await registry.putUser(first, testEvent('user-added'), { before: undefined });
      await assert.rejects(registry.putUser(second, testEvent('user-added'), { before: undefined }), {
        code: 'REGISTRY_CONFLICT',
      });
      await registry.putUser(second, testEvent('user-changed'), { before: first });
      await assert.rejects(registry.putUser(first, testEvent('user-changed'), { before: first }), { code: 'REGISTRY_CONFLICT' });
      assert.deepEqual(registry.user('anna'), second);
      assert.deepEqual(
        (await trailOf(registry)).map(({ action }) => action),
        ['user-added', 'user-changed'],
      );
    },
  ],
  [
    'a session ends at its time, by its person, and with the password, the account and its right to sign in',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.putUser(testUser('anna'), testEvent('user-added'));
      const put = async (name: string): Promise<string> => {
        await registry.putSession(testSession(name), testEvent('user-logged-in'));
        return testHash(name);
      };
      const session = await put('one');
      assert.deepEqual(registry.session(session), testSession('one'));
      await registry.removeSession(session, testEvent('user-logged-out'));
      assert.equal(registry.session(session), undefined);
      for (const changes of [{ passwordHash: 'scrypt$y' }, { passwordHash: 'scrypt$y', disabled: true }]) {
        const ended = await put('two');
        await registry.putUser(testUser('anna', changes), testEvent('user-changed'));
        assert.equal(registry.session(ended), undefined);
      }
      const kept = await put('three');
      await registry.putUser(testUser('anna', { passwordHash: 'scrypt$y', grants: [] }), testEvent('user-granted'));
      assert.notEqual(registry.session(kept), undefined, 'other roles end no session');
      await registry.removeUser('anna', testBy);
      assert.equal(registry.session(kept), undefined);
      const grants = [{ tenant: 'shop', role: 'viewer' }] as const;
      await registry.putSession(testSession('four', { user: 'from the provider', grants }), testEvent('user-logged-in'));
      assert.deepEqual(registry.session(testHash('four'))?.grants, grants);
      await fixture.advance(dayMs);
      assert.equal(registry.session(testHash('four')), undefined);
    },
  ],
  [
    'one person has so many sessions, and the oldest goes',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      for (let number = 0; number < 105; number += 1) {
        const session = testSession(`session ${number}`, { createdMs: fixture.nowMs + number });
        await registry.putSession(session, testEvent('user-logged-in'));
      }
      assert.equal(registry.session(testHash('session 4')), undefined);
      assert.notEqual(registry.session(testHash('session 5')), undefined);
    },
  ],
  [
    'the trail is passed on in order and not twice, and its numbers never go back',
    async (open) => {
      await using fixture = await open();
      for (let number = 1; number <= 5; number += 1) await fixture.registry.record(testEvent('archive-searched', { number }));
      const first = await fixture.registry.auditAfter(0, 3);
      assert.deepEqual(
        first.map(({ sequence, atMs, details }) => [sequence, atMs, details['number']]),
        [
          [1, fixture.nowMs, 1],
          [2, fixture.nowMs, 2],
          [3, fixture.nowMs, 3],
        ],
      );
      await fixture.registry.auditPassedOn(3);
      assert.deepEqual(
        (await fixture.registry.auditAfter(0, 10)).map(({ sequence }) => sequence),
        [4, 5],
      );
      await fixture.registry.auditPassedOn(5);
      await fixture.reopen();
      assert.deepEqual(await fixture.registry.auditAfter(0, 10), []);
      await fixture.registry.record(testEvent('hub-started'));
      assert.deepEqual(
        (await fixture.registry.auditAfter(5, 10)).map(({ sequence }) => sequence),
        [6],
      );
    },
  ],
  [
    'an event of the trail is bounded, whatever strangers say of themselves',
    async (open) => {
      await using fixture = await open();
      const long = 'x'.repeat(100_000);
      const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, long]));
      await fixture.registry.record({ ...testEvent('user-logged-in', many), actor: long, address: long });
      const [stored] = await trailOf(fixture.registry);
      assert.ok(JSON.stringify(stored).length < 40_000);
    },
  ],
  [
    'small values of the site stay, and listeners hear of each change once memory has it',
    async (open) => {
      await using fixture = await open();
      const heard: (string | undefined)[] = [];
      const remove = fixture.registry.onChanged(() => heard.push(fixture.registry.meta('config')));
      await fixture.registry.setMeta({ config: 'abc', quota: '1' });
      await fixture.registry.setMeta({ config: 'def' });
      await fixture.registry.setMeta({ config: 'def' });
      remove();
      await fixture.registry.setMeta({ config: 'ghi' });
      await fixture.registry.setMeta({ config: 'jkl', drawn: 'first' }, { unlessSet: true });
      assert.equal(fixture.registry.meta('drawn'), 'first');
      const audit = testEvent('alerts-silenced');
      const from = (config: string | undefined): HowSet => ({ from: { config }, audit });
      await fixture.registry.setMeta({ made: 'once' }, { from: { made: undefined }, audit });
      for (const other of ['abc', undefined]) {
        const refused = { name: 'RegistryError', code: 'REGISTRY_CONFLICT', message: /somebody else changed this/ };
        await assert.rejects(fixture.registry.setMeta({ config: 'x', made: 'twice' }, from(other)), refused);
      }
      assert.equal(fixture.registry.meta('made'), 'once');
      assert.deepEqual(await actionsOf(fixture.registry), ['alerts-silenced'], 'what was refused is not told');
      assert.deepEqual(heard, ['abc', 'def']);
      await fixture.reopen();
      assert.deepEqual([fixture.registry.meta('config'), fixture.registry.meta('quota')], ['ghi', '1']);
      assert.equal(fixture.registry.meta('nothing'), undefined);
    },
  ],
  [
    'what is over is forgotten after its time: tokens, agents whose certificates expired, later those that were revoked',
    async (open) => {
      await using fixture = await open();
      const { registry } = fixture;
      await registry.addEnrolmentToken(testToken('tokenused', { expiresMs: fixture.nowMs + 400 * dayMs }), testBy);
      await registry.addApiToken(testApiToken('apitoken0'), testBy);
      await registry.addApiToken(testApiToken('apitoken1'), testBy);
      await registry.revokeToken('apitoken1', testBy);
      await enrolled(registry, 'web1');
      await enrolled(registry, 'web2');
      await registry.revokeAgent(testId('agent web2'), testBy);
      await registry.greeted(testGreeting('web1'), '');
      await fixture.advance(32 * dayMs);
      assert.equal((await registry.apiTokens()).length, 2, 'tokens are for housekeeping');
      const known = [...(await registry.enrolmentTokens()), ...(await registry.apiTokens())];
      const all = known.map(({ tokenId }) => tokenId);
      await registry.forgetTokens(all, fixture.nowMs - 32 * dayMs);
      assert.equal((await registry.apiTokens()).length, 2, 'it was revoked at that time, not before');
      await registry.forgetTokens(all, fixture.nowMs);
      assert.deepEqual(
        (await registry.apiTokens()).map(({ tokenId }) => tokenId),
        ['apitoken0'],
      );
      assert.deepEqual(
        (await registry.enrolmentTokens()).map(({ tokenId }) => tokenId),
        ['tokenused'],
      );
      await fixture.advance(60 * dayMs + agentKeptMs);
      assert.deepEqual(
        registry.agents().map(({ host }) => host),
        ['web2'],
      );
      await fixture.advance(revokedAgentKeptMs - agentKeptMs + lazyWriteMs);
      assert.deepEqual(registry.agents(), []);
      const told = (await trailOf(registry)).filter(({ action }) => action === 'agent-forgotten');
      assert.deepEqual(
        told.map(({ actor, details }) => [actor, details['host'], details['state']]),
        [
          ['housekeeping', 'web1', 'active'],
          ['housekeeping', 'web2', 'revoked'],
        ],
      );
    },
  ],
];
