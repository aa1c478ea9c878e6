/** Tenants and agents that add more to the store than one may, among what a person ought to know now. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { HeldBack, Queue } from '../queue/queue.ts';
import type { Findings } from './findings.ts';

const lookMs = 5000;

export interface HeldBackParts {
  readonly queue: Pick<Queue, 'heldBack'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
}

/** Until aborted. */
export async function watchHeldBack({ queue, findings, clock }: HeldBackParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const held = queue.heldBack();
    findings.set('too-many-types', findingsOf(held, 'types'));
    findings.set('too-many-streams', findingsOf(held, 'streams'));
    await clock.sleep(lookMs, signal).catch(() => undefined);
  }
}

function findingsOf(held: readonly HeldBack[], cause: HeldBack['cause']): Parameters<Findings['set']>[1] {
  const kind = `too-many-${cause}` as const;
  return held.filter((one) => one.cause === cause).map(({ subject, hint: reason }) => ({ kind, subject, level: 'red', reason }));
}
