import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { HealthTree, ModelNode } from '../health/model/health-model.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import type { Alert } from './alert.ts';
import { Holds } from './holds.ts';
import { acknowledgedGoneMs } from './limits.ts';

const by = { actor: 'alice', address: '' };

class Fixture {
  readonly clock = new ManualClock(1_000_000);
  readonly told: AuditEvent[] = [];
  level: 'yellow' | 'red' | undefined = 'yellow';
  readonly meta = new MemoryMeta();
  readonly holds: Holds;

  constructor() {
    const { meta, told } = this;
    const registry = {
      meta: (key: string) => meta.meta(key),
      setMeta: (values: Readonly<Record<string, string>>) => meta.setMeta(values),
      record: async (event: AuditEvent) => void told.push(event),
    };
    this.holds = new Holds({ registry, clock: this.clock, tree: () => this.tree });
  }

  get tree(): HealthTree {
    const { level } = this;
    const causes = level === undefined ? [] : [{ kind: 'lag', subject: 'x', level, reason: 'slow', sinceMs: 0 }];
    const state = level ?? 'green';
    const place = { id: 'topic/front/shop/web', kind: 'topic', name: 'web', parent: 'site', owners: ['shop'] } as const;
    const node: ModelNode = { ...place, state, own: state, reason: '', sinceMs: 0, causes };
    return new Map([[node.id, node]]);
  }

  get actions(): string[] {
    return this.told.map(({ action, tenant }) => `${action} ${tenant ?? ''}`);
  }
}

const node = 'topic/front/shop/web';

test('a silence is of what its patterns and tenant mean, until its time or somebody ends it, and in the trail', async () => {
  const { holds, clock, told } = new Fixture();
  const untilMs = clock.now() + 60_000;
  const alert: Pick<Alert, 'node' | 'kind' | 'owners'> = { node, kind: 'lag', owners: ['shop'] };
  const { id } = await holds.silence({ node: 'topic/*', finding: '*', tenant: 'shop', untilMs, note: 'new disks' }, by);
  assert.ok(holds.isSilenced(alert));
  assert.ok(!holds.isSilenced({ ...alert, owners: ['shop', 'bank'] }));
  assert.ok(!holds.isSilenced({ ...alert, owners: 'site' }));
  assert.ok(!holds.isSilenced({ ...alert, node: 'store' }));
  await holds.unsilence(id, by);
  assert.ok(!holds.isSilenced(alert));
  await assert.rejects(holds.unsilence(id, by), /no such silence/);
  await holds.silence({ node: '*', finding: 'lag', untilMs, note: 'again' }, by);
  assert.ok(holds.isSilenced({ ...alert, node: 'store' }));
  clock.advance(60_000);
  assert.ok(!holds.isSilenced(alert));
  await assert.rejects(holds.silence({ node: '*', finding: '*', untilMs, note: 'late' }, by), /over already/);
  assert.deepEqual(
    told.map(({ action, tenant }) => `${action} ${tenant ?? '-'}`),
    ['alerts-silenced shop', 'alerts-unsilenced shop', 'alerts-silenced -'],
  );
});

test('what was acknowledged is known until it gets worse, or was gone for a while', async () => {
  const fixture = new Fixture();
  const { holds, clock } = fixture;
  await assert.rejects(holds.acknowledge({ node, finding: 'stuck', note: 'x' }, by), /no such finding/);
  await holds.acknowledge({ node, finding: 'lag', note: 'more disks come' }, by);
  assert.deepEqual(holds.acknowledged(node, { kind: 'lag', level: 'yellow' }), { by: 'alice', note: 'more disks come' });
  assert.equal(holds.acknowledged(node, { kind: 'lag', level: 'red' }), undefined);
  assert.equal(holds.acknowledged('store', { kind: 'lag', level: 'yellow' }), undefined);
  fixture.level = undefined;
  await holds.tidy();
  clock.advance(acknowledgedGoneMs - 1);
  await holds.tidy();
  assert.equal(holds.acknowledgements.length, 1);
  clock.advance(1);
  await holds.tidy();
  assert.equal(holds.acknowledgements.length, 0);
  await assert.rejects(holds.unacknowledge({ node, finding: 'lag' }, by), /nobody/);
  assert.deepEqual(fixture.actions, ['alert-acknowledged shop']);
});
