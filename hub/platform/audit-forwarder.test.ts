import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import { testEvent } from '../registry/fixture.ts';
import type { StoredAuditEvent } from '../registry/registry.ts';
import { eventually } from '../testing/eventually.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { auditLookMs } from './limits.ts';

class Unit {
  readonly clock = new ManualClock();
  trail: StoredAuditEvent[] = [];
  readonly keys: (string | undefined)[] = [];
  isHeld = true;
  readonly lock: HeldLock = { name: 'audit', token: 7, isHeld: async () => this.isHeld, keptUntilMs: () => Infinity };
  readonly #stop = new AbortController();
  readonly #forwarder: AuditForwarder;

  constructor() {
    const logger = createLogger({ level: 'error', sink: () => undefined });
    const teller = {
      host: 'here',
      agentId: 'aa'.repeat(16),
      version: '1',
      labels: {},
      type: 'tributary-hub',
      site: 'one',
    } as const;
    this.#forwarder = new AuditForwarder({
      registry: {
        auditAfter: async (sequence) => this.trail.filter((event) => event.sequence > sequence),
        auditPassedOn: async (sequence) => void (this.trail = this.trail.filter((event) => event.sequence > sequence)),
        onChanged: () => () => undefined,
      },
      stream: {
        publish: async (_, key) => {
          this.keys.push(key);
          return 'stored';
        },
      },
      teller,
      clock: this.clock,
      logger,
    });
  }

  happens(sequence: number, atMs = sequence): void {
    this.trail.push({ ...testEvent('hub-started'), sequence, atMs });
  }

  run(): Promise<void> {
    return this.#forwarder.run(this.lock, this.#stop.signal);
  }

  async stop(): Promise<void> {
    await eventually('it sleeps', () => this.clock.sleeping === 1);
    this.#stop.abort();
  }
}

test('what the stop itself wrote is passed on while the lock is held', async () => {
  const unit = new Unit();
  unit.happens(1);
  const run = unit.run();
  await eventually('it sleeps', () => unit.clock.sleeping === 1);
  unit.happens(2);
  await unit.stop();
  await run;
  assert.deepEqual([unit.keys, unit.trail], [['audit-1-1', 'audit-2-2'], []]);
});

test('who has lost the lock passes nothing on, and whoever has it again knows no number of before', async () => {
  const unit = new Unit();
  unit.happens(1);
  const run = unit.run();
  await eventually('it sleeps', () => unit.clock.sleeping === 1);
  unit.isHeld = false;
  // The store lost its end: another event has the number of the one that was passed on.
  unit.happens(1, 99);
  unit.clock.advance(auditLookMs);
  await run;
  assert.deepEqual([unit.keys, unit.trail.length], [['audit-1-1'], 1]);
  unit.isHeld = true;
  const again = unit.run();
  await unit.stop();
  await again;
  assert.deepEqual([unit.keys, unit.trail], [['audit-1-1', 'audit-1-99'], []]);
});
