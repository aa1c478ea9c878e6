/** The figures of the queue for a report, whether its store answers or not. */
import type { QueueStatus } from '../queue/queue.ts';
import type { HubStore } from '../store/hub-store.ts';

export interface KnownStatusParts {
  readonly queue: Pick<HubStore['queue'], 'storeId' | 'status'>;
  readonly state: HubStore['state'];
}

/** Well within what commands wait for the report (ask-status.ts). */
const storeAnswerMs = 2000;
const lastStatus = new WeakMap<object, QueueStatus>();

/** A store that is away must not keep a person from reading why: what was known last stands in, and a finding tells of the store. */
export async function knownStatus({ queue, state }: KnownStatusParts): Promise<QueueStatus> {
  const timeout = AbortSignal.timeout(storeAnswerMs);
  const late = new Promise<undefined>((resolve) => {
    timeout.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const asked = queue.status().then((status) => {
    lastStatus.set(queue, status);
    return status;
  });
  const answered = await Promise.race([asked.catch(() => undefined), late]);
  const none = { bytes: 0, maxBytes: 0, topics: [], groups: [], channels: [], archived: [], deadLetters: 0 };
  return answered ?? { ...(lastStatus.get(queue) ?? none), storeId: queue.storeId, state };
}
