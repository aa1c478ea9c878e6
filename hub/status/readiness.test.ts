import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readiness, type ReadinessParts } from './readiness.ts';

class World {
  state: ReturnType<ReadinessParts['state']> = 'ready';
  store: ReadinessParts['store']['state'] = 'open';
  door = '';
  knocks = 0;
  nowMs = 0;
  readonly readiness: Readiness;

  constructor() {
    const knock = async (): Promise<void> => {
      this.knocks += 1;
      if (this.door !== '') throw new Error(this.door);
    };
    const store = (): ReadinessParts['store']['state'] => this.store;
    this.readiness = new Readiness({
      state: () => this.state,
      store: {
        get state() {
          return store();
        },
        away: { why: 'Redis at 10.0.0.1:6379 does not answer', sinceMs: 0 },
      },
      doors: () => [async () => undefined, knock],
      clock: { monotonic: () => this.nowMs },
    });
  }
}

test('a hub is ready when it has started, its store is open and its doors open', async () => {
  const world = new World();
  assert.deepEqual(await world.readiness.verdict(), { ready: true, why: '' });
  world.state = 'draining';
  assert.match((await world.readiness.verdict()).why, /draining/);
  world.state = 'starting';
  assert.match((await world.readiness.verdict()).why, /starting/);
  world.state = 'ready';
  world.store = 'full';
  assert.deepEqual(await world.readiness.verdict(), { ready: false, why: 'the store takes nothing in now (full)' });
  world.store = 'away';
  const why = 'the store is away: Redis at 10.0.0.1:6379 does not answer (since 1970-01-01T00:00:00.000Z)';
  assert.deepEqual(await world.readiness.verdict(), { ready: false, why });
});

test('a door is tried anew after a while only, and its reason is the verdict', async () => {
  const world = new World();
  await world.readiness.verdict();
  world.door = '127.0.0.1:7701 cannot be reached';
  assert.equal((await world.readiness.verdict()).ready, true);
  world.nowMs = 500;
  assert.deepEqual(await world.readiness.verdict(), { ready: false, why: world.door });
  world.door = '';
  world.nowMs = 1000;
  assert.equal((await world.readiness.verdict()).ready, true);
  assert.equal(world.knocks, 3);
});

test('a hub that begins to drain while its doors are tried is not ready', async () => {
  const world = new World();
  const asked = world.readiness.verdict();
  world.state = 'draining';
  assert.match((await asked).why, /draining/);
});
