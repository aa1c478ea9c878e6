import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { clusterMember as member } from '../testing/cluster-member.ts';
import { eventually } from '../testing/eventually.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import { healthRules } from '../testing/rule-facts.ts';
import { KnownHubs } from './known-hubs.ts';

const [one, two] = ['1a'.repeat(16), '2b'.repeat(16)];
const logger = createLogger({ level: 'error', sink: () => undefined });
const rules = healthRules();

class Site {
  readonly clock = new ManualClock();
  readonly remembered = new MemoryMeta();
  members = [member(one), member(two)];

  /** As a hub has it after its start. */
  known(): KnownHubs {
    const cluster = { hubId: one, members: () => this.members };
    return new KnownHubs({ cluster, registry: this.remembered, clock: this.clock, logger });
  }

  async stored(hubId: string): Promise<void> {
    await eventually('it is remembered', () => this.remembered.values.get('health-hubs')?.includes(hubId));
  }
}

function told(known: KnownHubs): [number, number] {
  const { unknown, red } = known.missing(rules);
  return [unknown.length, red.length];
}

test('a hub that is not heard of is unknown, and red after twenty seconds; one that is back is neither', () => {
  const site = new Site();
  const known = site.known();
  assert.deepEqual(told(known), [0, 0]);
  site.members = [member(one)];
  assert.deepEqual(told(known), [1, 0]);
  site.clock.advance(20_000);
  assert.deepEqual(told(known), [1, 1]);
  assert.match(known.missing(rules).red[0]?.reason ?? '', /the hub on h is not heard of since/);
  site.members = [member(one), member(two)];
  assert.deepEqual(told(known), [0, 0]);
});

test('a hub that starts later misses it, too, and takes as long to be sure', async () => {
  const site = new Site();
  site.known().all();
  await site.stored(two);
  site.members = [member(one)];
  site.clock.advance(60_000);
  const later = site.known();
  assert.deepEqual(told(later), [1, 0]);
  site.clock.advance(19_999);
  assert.deepEqual(told(later), [1, 0]);
  site.clock.advance(1);
  assert.deepEqual(told(later), [1, 1]);
});

/** It says so before it is no member any more: whoever looked in between took it for one that ought to be there, for a week. */
test('one that stops is missed by nobody, although it is a member for a moment yet, and is known again when it was started again', async () => {
  const site = new Site();
  const known = site.known();
  known.all();
  await known.left(two);
  known.all();
  site.members = [member(one)];
  assert.deepEqual(
    [told(known), told(site.known())],
    [
      [0, 0],
      [0, 0],
    ],
  );
  site.members = [member(one), member(two)];
  known.all();
  await known.left(two);
  // It is back within a heartbeat, and nobody saw that it was away.
  site.members = [member(one), member(two, { startedMs: 7 })];
  known.all();
  site.members = [member(one)];
  assert.deepEqual(told(known), [1, 0]);
});

test('of one that goes while another comes both are remembered', async () => {
  const site = new Site();
  const known = site.known();
  known.all();
  site.members = [member(one)];
  site.clock.advance(7 * 86_400_000 - 60_000);
  known.all();
  site.members = [member(one), member('3c'.repeat(16))];
  site.clock.advance(120_000);
  assert.equal(known.all().length, 2);
  await site.stored('3c'.repeat(16));
});

test('one that said that it stops is missed by nobody, and one that was away for a week neither', async () => {
  const site = new Site();
  const known = site.known();
  known.all();
  site.members = [member(one)];
  await known.left(two);
  assert.deepEqual(
    [told(known), told(site.known())],
    [
      [0, 0],
      [0, 0],
    ],
  );
  site.members = [member(one), member(two)];
  known.all();
  site.members = [member(one)];
  site.clock.advance(8 * 86_400_000);
  assert.deepEqual(told(known), [0, 0]);
});

test('what is remembered and cannot be read is as nothing', () => {
  const site = new Site();
  site.remembered.values.set('health-hubs', '[{"hubId":');
  assert.equal(site.known().all().length, 2);
});
