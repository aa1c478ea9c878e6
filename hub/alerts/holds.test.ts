import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { HealthTree, ModelNode } from '../health/model/health-model.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import type { Alert } from './alert.ts';
import { Holds } from './holds.ts';
import { roomProblem } from './kept-holds.ts';
import { acknowledgedGoneMs, acknowledgementsMax, silencesMax, tenantHoldsBytesMax } from './limits.ts';

const by = { actor: 'alice', address: '' };

class Fixture {
  readonly clock = new ManualClock(1_000_000);
  level: 'yellow' | 'red' | undefined = 'yellow';
  readonly meta = new MemoryMeta();
  readonly warned: string[] = [];
  readonly holds: Holds;

  constructor() {
    this.holds = this.hub();
  }

  /** Another one of the site. */
  hub(): Holds {
    const logger = createLogger({ level: 'warn', sink: ({ fields }) => void this.warned.push(String(fields['reason'])) });
    return new Holds({ registry: this.meta, clock: this.clock, tree: () => this.tree, logger });
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
    return this.meta.told.map(({ action, tenant }) => `${action} ${tenant ?? ''}`);
  }
}

const node = 'topic/front/shop/web';

test('a silence is of what its patterns and tenant mean, until its time or somebody ends it, and in the trail', async () => {
  const fixture = new Fixture();
  const { holds, clock } = fixture;
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
  assert.deepEqual(fixture.actions, ['alerts-silenced shop', 'alerts-unsilenced shop', 'alerts-silenced ']);
});

test('a silence that begins later holds nothing back until then, and is told with its beginning', async () => {
  const { holds, clock, meta } = new Fixture();
  const alert: Pick<Alert, 'node' | 'kind' | 'owners'> = { node, kind: 'lag', owners: ['shop'] };
  const fromMs = clock.now() + 60_000;
  const about = { node: '*', finding: '*', fromMs, note: 'new kernels' };
  await assert.rejects(holds.silence({ ...about, untilMs: fromMs }, by), /end before it begins/);
  const { id } = await holds.silence({ ...about, untilMs: fromMs + 60_000 }, by);
  assert.equal(meta.told[0]?.details['from'], new Date(fromMs).toISOString());
  assert.deepEqual([holds.silences[0]?.id, holds.isSilenced(alert)], [id, false]);
  clock.advance(59_999);
  assert.ok(!holds.isSilenced(alert));
  clock.advance(1);
  assert.ok(holds.isSilenced(alert));
  clock.advance(60_000);
  assert.ok(!holds.isSilenced(alert));
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

test('one tenant uses up its own room, and neither that of others nor that of the site', async () => {
  const { holds, clock } = new Fixture();
  const about = { node: '*', finding: '*', untilMs: clock.now() + 60_000, note: 'so' };
  for (let made = 0; made < silencesMax; made += 1) await holds.silence({ ...about, tenant: 'shop' }, by);
  await assert.rejects(holds.silence({ ...about, tenant: 'shop' }, by), /there are 200 silences of shop/);
  await holds.silence({ ...about, tenant: 'bank' }, by);
  await holds.silence(about, by);
  clock.advance(60_000);
  await holds.silence({ ...about, tenant: 'shop', untilMs: clock.now() + 1 }, by);
});

test('what is acknowledged has room of its own for each tenant, and all tenants together leave room to the site', () => {
  const entry = { node: 'n', finding: 'lag', level: 'red' as const, by: 'alice', note: 'x'.repeat(500), atMs: 0 };
  const many = (tenant: string, count: number): (typeof entry & { tenant: string })[] =>
    Array.from({ length: count }, () => ({ ...entry, tenant }));
  const full = { silences: [], acknowledgements: many('shop', acknowledgementsMax + 1) };
  assert.match(roomProblem(full, 'shop') ?? '', /1000 findings of shop are acknowledged/);
  assert.equal(roomProblem(full, 'bank'), undefined);
  const tenants = Array.from({ length: Math.ceil(tenantHoldsBytesMax / 500_000) }, (_, index) => many(`t${index}`, 1000));
  const all = { silences: [], acknowledgements: tenants.flat() };
  assert.match(roomProblem(all, 't0') ?? '', /as much as this site keeps/);
  assert.equal(roomProblem(all, undefined), undefined);
});

test('two hubs that change silences at the same moment undo nothing of each other, and tell it once each', async () => {
  const fixture = new Fixture();
  const { holds: one, clock, meta } = fixture;
  const other = fixture.hub();
  const about = { node: '*', finding: '*', untilMs: clock.now() + 60_000, note: 'so' };
  const { id } = await one.silence(about, by);
  const made = await Promise.all([one, other, one, other].map((hub) => hub.silence(about, by)));
  await Promise.all([one.unsilence(id, by), other.acknowledge({ node, finding: 'lag', note: 'x' }, by), one.silence(about, by)]);
  const ids = other.silences.map((silence) => silence.id);
  assert.equal(ids.length, 5);
  assert.deepEqual(
    made.filter((silence) => !ids.includes(silence.id)),
    [],
  );
  assert.equal(one.acknowledgements.length, 1);
  assert.equal(fixture.actions.length, 8);
  meta.failing = true;
  await assert.rejects(one.silence(about, by), /disk is full/);
  assert.equal(fixture.actions.length, 8);
});

const alert: Pick<Alert, 'node' | 'kind' | 'owners'> = { node, kind: 'lag', owners: ['shop'] };
const made = { node: '*', finding: 'lag', by: 'bob', note: 'so', atMs: 0 };

test('a hold that a newer hub wrote holds as far as it is known here, and a change of another one leaves it as it was', async () => {
  const fixture = new Fixture();
  const { holds, clock, meta } = fixture;
  const silence = { ...made, id: '0000aaaa', untilMs: clock.now() + 60_000, newer: { than: 'this' } };
  const unknown = { silence: { ...silence, untilMs: 'monday' }, acknowledgement: { ...made, node, level: 'violet' } };
  const stored = { silences: [unknown.silence, silence], acknowledgements: [unknown.acknowledgement], newer: 1 };
  meta.values.set('alert-holds', JSON.stringify(stored));
  assert.ok(holds.isSilenced(alert));
  assert.equal(holds.acknowledgements.length, 0);
  await holds.acknowledge({ node, finding: 'lag', note: 'x' }, by);
  await holds.unacknowledge({ node, finding: 'lag' }, by);
  assert.deepEqual(JSON.parse(meta.meta('alert-holds') ?? ''), stored);
  await holds.acknowledge({ node, finding: 'lag', note: 'mine' }, by);
  assert.equal(fixture.hub().acknowledged(node, { kind: 'lag', level: 'yellow' })?.note, 'mine');
  const [warning = '', ...others] = fixture.warned;
  assert.match(warning, /^1 silences and 1 acknowledgements are damaged/);
  assert.equal(others.length, 1, 'each hub tells it once');
});

test('nothing is stored over silences that cannot be read at all: who wants a change is told why, and the log has it', async () => {
  for (const text of ['{"silences": [', '[]', '{"silences": [], "acknowledgements": {}}']) {
    const fixture = new Fixture();
    const { holds, clock, meta } = fixture;
    meta.values.set('alert-holds', text);
    assert.ok(!holds.isSilenced(alert));
    const about = { node: '*', finding: '*', untilMs: clock.now() + 60_000, note: 'so' };
    const refused = { code: 'refused', message: /damaged, or of a newer hub of this site, and is not written over/ };
    await assert.rejects(holds.silence(about, by), refused);
    await assert.rejects(holds.unsilence('0000aaaa', by), refused);
    await assert.rejects(holds.acknowledge({ node, finding: 'lag', note: 'x' }, by), refused);
    await assert.rejects(holds.unacknowledge({ node, finding: 'lag' }, by), refused);
    await holds.tidy();
    assert.equal(meta.meta('alert-holds'), text);
    assert.deepEqual(fixture.actions, []);
    assert.deepEqual(fixture.warned, ['what is stored of them is damaged, or of a newer hub of this site']);
  }
});

test('an acknowledgement from before tenants had room of their own takes up that of the site', async () => {
  const fixture = new Fixture();
  const { holds, meta } = fixture;
  const before = Array.from({ length: acknowledgementsMax }, (_, index) => ({ ...made, node: `topic/${index}`, level: 'red' }));
  meta.values.set(
    'alert-holds',
    JSON.stringify({ silences: [], acknowledgements: [{ ...made, node, level: 'red' }, ...before] }),
  );
  assert.ok(holds.acknowledged(node, { kind: 'lag', level: 'red' }));
  assert.match(roomProblem(holds, undefined) ?? '', /1000 findings of the site are acknowledged/);
  assert.equal(roomProblem(holds, 'shop'), undefined);
  await holds.unacknowledge({ node, finding: 'lag' }, by);
  assert.ok(!holds.acknowledged(node, { kind: 'lag', level: 'red' }));
});
