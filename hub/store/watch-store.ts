/**
 * What happens to the site's store, told as events and findings: it was lost or emptied, another master took over, it cannot be reached.
 * Every hub tells what it sees itself.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from '../health/findings.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import type { HubStore } from './hub-store.ts';

export interface WatchStoreParts {
  readonly store: Pick<HubStore, 'isLost' | 'siteId' | 'problems'> & {
    readonly queue: Pick<HubStore['queue'], 'onStoreChanged'>;
  };
  readonly findings: Pick<Findings, 'set'>;
  readonly events: HubEventSink;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Changes of many partitions within so long are one event; as often it is asked whether anything is wrong. */
export const storeLookMs = 1000;

/** Until aborted. */
export async function watchStore(parts: WatchStoreParts, signal: AbortSignal): Promise<void> {
  const { store, findings, clock } = parts;
  const changed = new Set<number | 'all'>();
  const remove = store.queue.onStoreChanged((partition) => changed.add(partition ?? 'all'));
  try {
    if (store.isLost) tellLost(parts);
    while (!signal.aborted) {
      findings.set('store-trouble', troubles(store.problems()));
      await pause(clock, storeLookMs, signal);
      // A store that is another one has changed in every part.
      if (changed.has('all')) tellLost(parts);
      else if (changed.size > 0) tellChanged(parts, changed.size);
      changed.clear();
    }
  } finally {
    remove();
  }
}

function troubles(problems: readonly string[]): Parameters<Findings['set']>[1] {
  return problems.map((reason, number) => ({ kind: 'store-trouble', subject: String(number), level: 'red', reason }));
}

function tellLost({ store, events, logger }: WatchStoreParts): void {
  const { siteId } = store;
  const message = 'the store of this site is new or was emptied: agents send again what they still have, the rest is lost';
  logger.warn(message, { siteId });
  const fields = { tributary: { site_id: siteId } };
  events.report({ action: 'store-lost', message, level: 'error', category: 'host', type: 'error', fields });
}

function tellChanged({ events, logger }: WatchStoreParts, count: number): void {
  const partitions = String(count);
  const message =
    'the store has another master than before: agents are asked where their streams are, and send again what is missing';
  logger.warn(message, { partitions });
  events.report({
    action: 'store-changed',
    message,
    level: 'warn',
    category: 'host',
    type: 'change',
    fields: { tributary: { partitions } },
  });
}
