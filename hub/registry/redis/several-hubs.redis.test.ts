/** Hubs of one site side by side, each with its copy: what one changes holds on all, and nothing is lost or done twice. */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { requireTool } from '../../../test/harness/require.ts';
import { eventually } from '../../testing/eventually.ts';
import {
  actionsOf,
  enrolled,
  testApiToken,
  testBy,
  testEnrolment,
  testEvent,
  testGreeting,
  testId,
  testSession,
  testToken,
  testUser,
  trailOf,
} from '../fixture.ts';
import type { Registry } from '../registry.ts';
import { RedisSite } from '../../../test/harness/redis/registry-site.ts';

const reason = await requireTool('redis');

async function looked(hub: { advance(ms: number): Promise<void> }, what: string, isThere: () => boolean): Promise<void> {
  await eventually(what, async () => {
    await hub.advance(500);
    return isThere();
  });
}

suite('several hubs of a site', { skip: reason, concurrency: 4 }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());

  test('who is revoked on one hub is cut off on the others, without a call', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared, { thread: true });
    await using other = await site.hub(shared);
    await enrolled(one.registry, 'web1');
    await looked(other, 'the other hub knows the agent', () => other.registry.agent(testId('agent web1')) !== undefined);
    let heard = 0;
    other.registry.onChanged(() => void (heard += 1));
    await one.registry.revokeAgent(testId('agent web1'), testBy);
    await looked(other, 'it is cut off', () => other.registry.agent(testId('agent web1'))?.state === 'revoked');
    assert.ok(heard > 0);
    assert.deepEqual(await trailOf(one.registry), await trailOf(other.registry));
  });

  test('a token that is used up on one hub is used up on all, also at the same moment', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared);
    await using two = await site.hub(shared, { thread: true });
    await using three = await site.hub(shared);
    const hubs: readonly Registry[] = [one.registry, two.registry, three.registry];
    await one.registry.addEnrolmentToken(testToken('tokena000', { usesMax: 10 }), testBy);
    const decisions = await Promise.all(
      hubs.flatMap((hub, index) =>
        Array.from({ length: 10 }, (_, round) => hub.enrol(testEnrolment(`web${index}-${round}`, 'tokena000'), { address: '' })),
      ),
    );
    assert.equal(decisions.filter(({ kind }) => kind === 'granted').length, 10);
    for (const hub of [one, two, three]) {
      await hub.registry.setMeta({});
      assert.equal((await hub.registry.enrolmentTokens())[0]?.uses, 10);
      assert.equal((await actionsOf(hub.registry)).filter((action) => action === 'agent-enrolled').length, 30);
    }
  });

  test('copies of an agent are found when they talk to different hubs', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared);
    await using other = await site.hub(shared);
    await enrolled(one.registry, 'web1');
    assert.equal((await one.registry.greeted(testGreeting('web1'), '')).kind, 'welcome');
    const copy = await other.registry.greeted(testGreeting('web1', { bootId: testId('boot of the copy') }), '');
    assert.ok(copy.kind === 'refused' && copy.code === 'clone');
    const again = await one.registry.greeted(testGreeting('web1'), '');
    assert.ok(again.kind === 'refused' && again.code === 'clone');
  });

  test('changes made everywhere at once are all there, in one order, and nobody undoes another', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared, { thread: true });
    await using two = await site.hub(shared);
    await using three = await site.hub(shared);
    const hubs = [one.registry, two.registry, three.registry];
    await Promise.all(
      hubs.flatMap((hub, index) =>
        Array.from({ length: 40 }, (_, round) => hub.record(testEvent('user-added', { hub: index, round }))),
      ),
    );
    await one.registry.putUser(testUser('anna'), testEvent('user-added'));
    await two.registry.setMeta({});
    const before = two.registry.user('anna');
    const results = await Promise.allSettled(
      hubs.map((hub, index) => hub.putUser(testUser('anna', { createdMs: index }), testEvent('user-changed'), { before })),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1, 'one change from the same state wins');
    const trails = [];
    for (const hub of hubs) {
      await hub.setMeta({});
      trails.push(await trailOf(hub));
    }
    assert.equal(trails[0]?.length, 122);
    assert.deepEqual(trails[1], trails[0]);
    assert.deepEqual(trails[2], trails[0]);
  });

  test('what several hubs draw at once for their site is what the first of them drew', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared, { thread: true });
    await using two = await site.hub(shared);
    await using three = await site.hub(shared);
    const hubs = [one.registry, two.registry, three.registry];
    const drawn = await Promise.all(
      hubs.map(async (hub, index) => {
        await hub.setMeta({ authority: `of hub ${index}` }, { unlessSet: true });
        return hub.meta('authority');
      }),
    );
    assert.match(drawn[0] ?? '', /^of hub \d$/);
    assert.equal(new Set(drawn).size, 1, drawn.join(', '));
  });

  test('who signed in on one hub is signed in on all, and signs out everywhere', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared);
    await using other = await site.hub(shared);
    await one.registry.putUser(testUser('anna'), testEvent('user-added'));
    const session = testSession('a session');
    await one.registry.putSession(session, testEvent('user-logged-in'));
    await looked(other, 'the session is known', () => other.registry.session(session.idHash) !== undefined);
    await other.registry.removeSession(session.idHash, testEvent('user-logged-out'));
    await looked(one, 'it is over', () => one.registry.session(session.idHash) === undefined);
  });

  test('a command beside a hub works on the same copy, and both see all', async () => {
    const shared = site.shared();
    const folder = await site.folder();
    await using hub = await site.hub(shared, { folder, thread: true });
    await using elsewhere = await site.hub(shared);
    await using command = await site.hub(shared, { folder });
    const token = testApiToken('abcdefgh');
    await command.registry.addApiToken(token, testBy);
    assert.equal(hub.registry.apiToken('abcdefgh')?.secretHash, token.secretHash);
    await elsewhere.registry.revokeToken('abcdefgh', testBy);
    await command.registry.setMeta({});
    assert.notEqual(hub.registry.apiToken('abcdefgh')?.revokedMs, undefined);
  });

  test('when somebody was last seen is known on every hub, without an entry of the log', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared);
    await using other = await site.hub(shared);
    await enrolled(one.registry, 'web1');
    await one.advance(60_000);
    const key = `${shared.redis.prefix}:{${shared.redis.prefix}-site}:registry`;
    const before = await site.server.command('HGET', key, 'version');
    one.registry.seen(testId('agent web1'));
    const seenMs = one.nowMs;
    await one.advance(60_000);
    await other.advance(60_000);
    await looked(other, 'the other hub knows', () => other.registry.agent(testId('agent web1'))?.lastSeenMs === seenMs);
    assert.equal(await site.server.command('HGET', key, 'version'), before);
  });

  test('a hub that was away longer than the log is kept takes the snapshot', async () => {
    const shared = { ...site.shared(), limits: { snapshotEntries: 20, entriesKept: 20 } };
    const folder = await site.folder();
    await using one = await site.hub(shared);
    await (async () => {
      await using away = await site.hub(shared, { folder });
      await enrolled(away.registry, 'web1');
    })();
    for (let round = 0; round < 60; round += 1) await one.registry.setMeta({ round: String(round) });
    const log = `${shared.redis.prefix}:{${shared.redis.prefix}-site}:registry-log`;
    const length = Number(await site.server.command('XLEN', log));
    assert.ok(length >= 20 && length < 45, `the last ones stay: ${length}`);
    await using back = await site.hub(shared, { folder });
    assert.equal(back.registry.meta('round'), '59');
    assert.equal(back.registry.agent(testId('agent web1'))?.state, 'active');
    await using fresh = await site.hub(shared);
    assert.deepEqual(fresh.registry.agents(), back.registry.agents());
    assert.deepEqual(await trailOf(fresh.registry), await trailOf(one.registry));
    await fresh.registry.record(testEvent('user-added'));
    assert.ok(((await trailOf(fresh.registry)).at(-1)?.sequence ?? 0) > ((await trailOf(one.registry)).at(-2)?.sequence ?? 0));
  });

  test('a registry of another site is refused, and so is a copy without its site', async () => {
    const [folder, other] = [await site.folder(), await site.folder()];
    const shared = site.shared();
    await (async () => {
      await using mine = await site.hub(shared, { folder });
      await enrolled(mine.registry, 'web1');
      await using theirs = await site.hub(site.shared({ prefix: 'theirs' }), { folder: other });
      await enrolled(theirs.registry, 'web2');
    })();
    await assert.rejects(site.hub(shared, { folder: other }), { message: /two sites, and are never mixed/ });
    await assert.rejects(site.hub(shared, { folder: other, thread: true }), { message: /two sites, and are never mixed/ });
    const { openRegistryFixture } = await import('../sqlite/registry-fixture.ts');
    await assert.rejects(openRegistryFixture({ folder }), { message: /only with queue\.redis/ });
    await assert.rejects(site.hub(site.shared({ mayFound: false })), { message: /neither .* nor the Redis/ });
  });

  test('a copy that is not what it should be is taken anew', async () => {
    const shared = site.shared();
    const folder = await site.folder();
    await using one = await site.hub(shared);
    await using other = await site.hub(shared, { folder });
    await enrolled(one.registry, 'web1');
    await other.registry.setMeta({});
    const db = new DatabaseSync(join(folder, 'registry.db'), { timeout: 120_000 });
    db.exec("UPDATE agent SET state = 'revoked'");
    db.close();
    await one.registry.revokeAgent(testId('agent web1'), testBy);
    await one.registry.putUser(testUser('anna'), testEvent('user-added'));
    await other.registry.setMeta({});
    assert.deepEqual(other.registry.agents(), one.registry.agents());
    assert.deepEqual(await trailOf(other.registry), await trailOf(one.registry));
    assert.ok(other.logged.some(({ message }) => message.includes('is not what the site has')));
  });
});
