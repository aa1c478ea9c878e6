/** Silences and acknowledgements that several hubs of a site make at the same moment: all of them hold, on every hub, and each is told once. */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { RedisSite } from '../../test/harness/redis/registry-site.ts';
import { requireTool } from '../../test/harness/require.ts';
import type { ModelNode } from '../health/model/health-model.ts';
import { trailOf } from '../registry/fixture.ts';
import type { Registry } from '../registry/registry.ts';
import { Holds } from './holds.ts';

const reason = await requireTool('redis');
const rounds = 5;
const nodes = Array.from({ length: rounds }, (_, round) => `topic/front/shop/web${round}`);
const causes = [{ kind: 'lag' as const, subject: 'x', level: 'red' as const, reason: 'slow', sinceMs: 0 }];
const place = {
  kind: 'topic',
  name: 'web',
  parent: 'site',
  owners: ['shop'],
  state: 'red',
  own: 'red',
  reason: '',
  sinceMs: 0,
} as const;
const tree = new Map(nodes.map((id): [string, ModelNode] => [id, { ...place, id, causes }]));
const logger = createLogger({ level: 'error', sink: () => undefined });
const by = { actor: 'alice', address: '' };

function holdsOf(registry: Registry): Holds {
  return new Holds({ registry, clock: systemClock, tree: () => tree, logger });
}

suite('what several hubs of a site hold back', { skip: reason }, async () => {
  if (reason !== undefined) return;
  const site = await RedisSite.start();
  after(() => site[Symbol.asyncDispose]());

  test('changes of two hubs at the same moment are all there on both', async () => {
    const shared = site.shared();
    await using one = await site.hub(shared, { thread: true });
    await using two = await site.hub(shared, { thread: true });
    const [here, there] = [holdsOf(one.registry), holdsOf(two.registry)];
    const about = { finding: '*', untilMs: Date.now() + 3_600_000, note: 'new disks' };
    const over = await here.silence({ ...about, node: 'over' }, by);
    await Promise.all([
      ...nodes.map((node) => here.silence({ ...about, node }, by)),
      ...nodes.map((node) => there.silence({ ...about, node: `${node}/*` }, by)),
      ...nodes.map((node) => there.acknowledge({ node, finding: 'lag', note: 'they know' }, by)),
      here.unsilence(over.id, by),
    ]);
    const wanted = nodes.flatMap((node) => [node, `${node}/*`]).toSorted();
    for (const [holds, { registry }] of [
      [here, one],
      [there, two],
    ] as const) {
      // Nothing changes: it only sees what others did.
      await registry.setMeta({});
      assert.deepEqual(holds.silences.map(({ node }) => node).toSorted(), wanted);
      assert.deepEqual(holds.acknowledgements.map(({ node }) => node).toSorted(), nodes);
      const actions = Object.groupBy(await trailOf(registry), ({ action }) => action);
      assert.equal(actions['alerts-silenced']?.length, 2 * rounds + 1);
      assert.equal(actions['alerts-unsilenced']?.length, 1);
      assert.equal(actions['alert-acknowledged']?.length, rounds);
    }
  });
});
