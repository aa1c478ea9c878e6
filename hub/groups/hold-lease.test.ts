import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Lease } from '../queue/queue.ts';
import { type LeaseQueue, withLease } from './hold-lease.ts';
import { leaseMs, leasePollMs, leaseRenewMs } from './limits.ts';

const group = { topic: 'back/acme/app', group: 'archive', partition: 0 };
const lease: Lease = { ...group, epoch: 1, cursor: 0, expiresMs: leaseMs, isAfterUnclean: false, triesOfNext: 0, generation: 0 };

/** Time passes at once: every sleep is over when it is asked for, and is written down. */
class Fixture {
  nowMs = 0;
  readonly slept: number[] = [];
  readonly released: Lease[] = [];
  readonly clock: Clock = {
    now: () => this.nowMs,
    monotonic: () => this.nowMs,
    sleep: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      this.slept.push(ms);
      this.nowMs += ms;
    },
  };

  async hold(
    answers: Partial<LeaseQueue>,
    work: (lease: Lease, signal: AbortSignal) => Promise<void>,
    signal = new AbortController().signal,
  ): Promise<void> {
    const queue: LeaseQueue = {
      acquire: () => Promise.resolve(lease),
      renew: (held) => Promise.resolve(held),
      release: (held) => Promise.resolve(void this.released.push(held)),
      ...answers,
    };
    await withLease({ queue, clock: this.clock, group, owner: 'me' }, signal, work);
  }
}

async function untilAborted(_lease: Lease, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

suite('a lease', { timeout: 120_000 }, () => {
  test('is waited for while another has it, and given back when the work is done', async () => {
    const fixture = new Fixture();
    let asked = 0;
    const acquire = (): Promise<Lease | undefined> => {
      asked += 1;
      return Promise.resolve(asked === 3 ? lease : undefined);
    };
    await fixture.hold({ acquire }, () => Promise.resolve());
    assert.deepEqual([fixture.slept, fixture.released], [[leasePollMs, leasePollMs], [lease]]);
  });

  test('that another took ends the work', async () => {
    const fixture = new Fixture();
    await fixture.hold({ renew: () => Promise.resolve(undefined) }, untilAborted);
    assert.equal(fixture.nowMs, leaseRenewMs);
  });

  test('whose renewals fail is held until its time is over, and no longer', async () => {
    const fixture = new Fixture();
    await fixture.hold({ renew: () => Promise.reject(new Error('the store does not answer')) }, untilAborted);
    assert.ok(fixture.nowMs > leaseMs && fixture.nowMs <= leaseMs + leaseRenewMs, `${fixture.nowMs}`);
  });

  test('is given back as it was renewed last, also when the work fails', async () => {
    const fixture = new Fixture();
    const renewed = { ...lease, expiresMs: 2 * leaseMs };
    const fails = async (): Promise<void> => {
      while (fixture.slept.length === 0) await new Promise((resolve) => setImmediate(resolve));
      throw new Error('broken');
    };
    await assert.rejects(fixture.hold({ renew: () => Promise.resolve(renewed) }, fails), /broken/);
    assert.deepEqual(fixture.released, [renewed]);
  });

  test('is not asked for by who was stopped', async () => {
    const fixture = new Fixture();
    const acquire = (): Promise<Lease | undefined> => Promise.reject(new Error('asked'));
    await fixture.hold({ acquire }, untilAborted, AbortSignal.abort());
    assert.deepEqual(fixture.released, []);
  });
});
