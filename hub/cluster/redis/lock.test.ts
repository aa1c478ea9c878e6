import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { eventually } from '../../testing/eventually.ts';
import type { HeldLock } from '../cluster.ts';
import { lockMs, lockPollMs, lockRenewMs } from './limits.ts';
import { keepLock, type LockStore } from './lock.ts';

class Fixture {
  readonly clock = new ManualClock();
  readonly did: string[] = [];
  holder: number | undefined;
  reachable = true;
  lock: HeldLock | undefined;
  #token = 0;
  readonly #stop = new AbortController();
  #kept: Promise<void> | undefined;

  readonly store: LockStore = {
    lock: async (_name, _owner, token) => {
      if (!this.reachable) throw new Error('the store does not answer');
      this.did.push(token === 0 ? 'ask' : 'renew');
      if (token !== 0) return this.holder === token ? token : undefined;
      if (this.holder !== undefined) return undefined;
      this.#token += 1;
      this.holder = this.#token;
      return this.holder;
    },
    unlock: async (_name, token) => {
      this.did.push('unlock');
      if (this.holder === token) this.holder = undefined;
    },
    isHeld: async (_name, token) => {
      if (!this.reachable) throw new Error('the store does not answer');
      return this.holder === token;
    },
  };

  start(): void {
    const request = { store: this.store, clock: this.clock, name: 'house', owner: 'me' };
    this.#kept = keepLock(request, this.#stop.signal, async (lock, signal) => {
      this.lock = lock;
      this.did.push(`work ${lock.token}`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      this.did.push('end');
    });
  }

  async didNext(...expected: string[]): Promise<void> {
    await eventually('it was done', () => this.did.length >= expected.length);
    assert.deepEqual(this.did.splice(0), expected);
  }

  /** Until its tasks sleep again: then time may pass. */
  async pass(ms: number, sleeping = 1): Promise<void> {
    await eventually('it sleeps', () => this.clock.sleeping >= sleeping);
    this.clock.advance(ms);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#kept;
  }
}

suite('work under a lock', { timeout: 120_000 }, () => {
  test('waits for who has it, keeps it, and gives it back', async () => {
    const fixture = new Fixture();
    fixture.holder = 99;
    fixture.start();
    await fixture.didNext('ask');
    fixture.holder = undefined;
    await fixture.pass(lockPollMs);
    await fixture.didNext('ask', 'work 1');
    await fixture.pass(lockRenewMs);
    await fixture.didNext('renew');
    await fixture.stop();
    await fixture.didNext('end', 'unlock');
    assert.equal(fixture.holder, undefined);
  });

  test('says until when nobody else is given it: counted from when it was asked for last', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.didNext('ask', 'work 1');
    assert.equal(fixture.lock?.keptUntilMs(), lockMs);
    await fixture.pass(lockRenewMs);
    await fixture.didNext('renew');
    assert.equal(fixture.lock.keptUntilMs(), lockRenewMs + lockMs);
    fixture.reachable = false;
    await fixture.pass(lockRenewMs);
    await eventually('it was asked in vain', () => fixture.clock.sleeping >= 1);
    assert.equal(fixture.lock.keptUntilMs(), lockRenewMs + lockMs);
    await fixture.stop();
  });

  test('ends when another took it, and begins again with a greater token', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.didNext('ask', 'work 1');
    fixture.holder = undefined;
    await fixture.pass(lockRenewMs);
    await fixture.didNext('renew', 'end', 'unlock');
    await fixture.pass(lockPollMs);
    await fixture.didNext('ask', 'work 2');
    await fixture.stop();
  });

  test('holds nothing while the store does not answer, and gets no error for asking', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.didNext('ask', 'work 1');
    assert.equal(await fixture.lock?.isHeld(), true);
    fixture.reachable = false;
    assert.equal(await fixture.lock?.isHeld(), false);
    await fixture.stop();
  });

  test('ends when the store has not answered for as long as a lock lasts', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.didNext('ask', 'work 1');
    fixture.reachable = false;
    for (let passedMs = 0; passedMs <= lockMs; passedMs += lockRenewMs) {
      assert.deepEqual(fixture.did, []);
      await fixture.pass(lockRenewMs);
    }
    await fixture.didNext('end', 'unlock');
    await fixture.stop();
  });
});
