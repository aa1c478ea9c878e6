/** Whoever asks something of a store that is away is told so well before he gives up. */
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../groups/retry.ts';
import type { HubStore, StoreAway } from '../store/hub-store.ts';
import type { SocketAnswer, SocketRoutes } from './socket-routes.ts';
import { awayText } from './starting-status.ts';

export interface UnlessAwayParts {
  readonly store: Pick<HubStore, 'away'>;
  readonly clock: Clock;
}

/** What is away for less may be there again at once. Well within what commands wait for an answer (ask-status.ts). */
const patienceMs = 2000;
const lookMs = 100;

/** A wish that waited might be done when nobody has it any more, so it is not begun while the store is away. */
export function unlessAway(routes: SocketRoutes, parts: UnlessAwayParts): SocketRoutes {
  return async (ask, body, by) => {
    if (ask.startsWith('POST ')) {
      const away = await stillAway(parts);
      return away === undefined ? routes(ask, body, by) : awayAnswer(away, '; nothing was changed');
    }
    const answered = new AbortController();
    const answer = routes(ask, body, by).finally(() => answered.abort());
    const away = await Promise.race([answer.then(() => undefined), foundAway(parts, answered.signal)]);
    return away === undefined ? answer : awayAnswer(away, '');
  };
}

async function stillAway({ store, clock }: UnlessAwayParts): Promise<StoreAway | undefined> {
  const untilMs = clock.monotonic() + patienceMs;
  while (store.away !== undefined && clock.monotonic() < untilMs) await clock.sleep(lookMs);
  return store.away;
}

async function foundAway({ store, clock }: UnlessAwayParts, answered: AbortSignal): Promise<StoreAway | undefined> {
  await pause(clock, patienceMs, answered);
  while (!answered.aborted && store.away === undefined) await pause(clock, lookMs, answered);
  return answered.aborted ? undefined : store.away;
}

function awayAnswer(away: StoreAway, after: string): SocketAnswer {
  return { status: 503, body: { error: 'away', message: `the store of this site is away: ${awayText(away)}${after}` } };
}
