/**
 * A start during which the store goes away, as a Redis does whose master changes at that moment, begins again: the service would only be
 * started once more. What is wrong for good ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tributary/shared/log.ts';

export interface PatientStart<Started> {
  /** One try; what it had opened is closed again when it rejects. */
  readonly start: () => Promise<Started>;
  /** Who stops waits for no other try. */
  readonly stop: AbortSignal;
  readonly logger: Pick<Logger, 'warn'>;
  readonly pauseMs?: number;
}

const pauseMsDefault = 1000;
/** Of a MasterError, QueueError or RegistryError, also where it came from a thread and says no more: the store does not answer now. */
const passingCodes: ReadonlySet<string> = new Set([
  'AMBIGUOUS',
  'UNAVAILABLE',
  'REPLICAS',
  'QUEUE_UNAVAILABLE',
  'REGISTRY_UNAVAILABLE',
]);
const causesMax = 10;

export async function startPatiently<Started>({
  start,
  stop,
  logger,
  pauseMs = pauseMsDefault,
}: PatientStart<Started>): Promise<Started> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (stop.aborted || !isPassing(error)) throw error;
      logger.warn('the store went away while the hub was starting: it begins again', { error });
    }
    await sleep(pauseMs, undefined, { signal: stop });
  }
}

function isPassing(error: unknown): boolean {
  let cause: unknown = error;
  for (let count = 0; cause instanceof Error && count < causesMax; count += 1) {
    if ('code' in cause && typeof cause.code === 'string' && passingCodes.has(cause.code)) return true;
    cause = cause.cause;
  }
  return false;
}
