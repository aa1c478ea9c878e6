import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import type { StoreAway } from '../store/hub-store.ts';
import type { SocketAnswer } from './socket-routes.ts';
import { unlessAway } from './unless-away.ts';

const by = { actor: 'console:root', address: '' };
const away: StoreAway = { why: 'Redis at 10.0.0.1:6379 does not answer', sinceMs: 0 };

class World {
  away: StoreAway | undefined;
  nowMs = 0;
  asked = 0;
  /** What the routes say; nothing yet. */
  answer: SocketAnswer | undefined = { status: 200, body: 'done' };
  /** It answers again after so long. */
  backMs = Infinity;

  async ask(route: string): Promise<SocketAnswer | undefined> {
    const clock: Clock = {
      now: () => this.nowMs,
      monotonic: () => this.nowMs,
      sleep: async (ms, signal) => {
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        this.nowMs += ms;
      },
    };
    const isAway = (): StoreAway | undefined => (this.nowMs < this.backMs ? this.away : undefined);
    const store = {
      get away() {
        return isAway();
      },
    };
    const routes = (): Promise<SocketAnswer> => {
      this.asked += 1;
      return this.answer === undefined ? new Promise(() => undefined) : Promise.resolve(this.answer);
    };
    return await unlessAway(routes, { store, clock })(route, undefined, by);
  }
}

const told = 'the store of this site is away: Redis at 10.0.0.1:6379 does not answer (since 1970-01-01T00:00:00.000Z)';

test('a wish is not begun while the store is away, and is once it answers again', async () => {
  const world = new World();
  world.away = away;
  assert.deepEqual(await world.ask('POST /channels/pause'), {
    status: 503,
    body: { error: 'away', message: `${told}; nothing was changed` },
  });
  assert.equal(world.asked, 0);
  world.backMs = world.nowMs + 500;
  assert.deepEqual(await world.ask('POST /channels/pause'), { status: 200, body: 'done' });
});

test('a question that the store does not answer is answered with what is away', async () => {
  const world = new World();
  assert.deepEqual(await world.ask('GET /channels'), { status: 200, body: 'done' });
  world.away = away;
  assert.deepEqual(await world.ask('GET /channels'), { status: 200, body: 'done' }, 'what needs no store');
  world.answer = undefined;
  assert.deepEqual(await world.ask('GET /channels'), { status: 503, body: { error: 'away', message: told } });
  assert.ok(world.nowMs <= 2500, `${world.nowMs} ms`);
});
