/** A search as a request asks for it: allowed, with a place among those that run, and with an end when nobody waits for it. */
import { whenAborted } from '@tributary/shared/async/when-aborted.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@tributary/shared/clock.ts';
import { tenantsFor } from '../../access/access.ts';
import type { SearchLine } from '../../dashboard/api/search-shapes.ts';
import type { Page, SearchStore } from '../../search/search-store.ts';
import type { Searches } from '../../search/searches.ts';
import { type AskedFor, type Wanted, wantedOf } from '../../search/wanted.ts';
import { principalOf } from './api-routes.ts';
import { searchTold, searchToldSync } from './search-told.ts';

export interface SearchRouteParts {
  readonly searches: Searches;
  readonly clock: Clock;
}

export interface BegunSearch {
  readonly store: SearchStore;
  readonly wanted: Wanted;
  readonly place: Disposable;
  /** Resolves when it is in the trail. */
  readonly recorded: (way: 'search' | 'context' | 'export') => Promise<void>;
}

/** Throws an HttpError. */
export function beginSearch(
  { searches, clock }: SearchRouteParts,
  request: FastifyRequest,
  asked: AskedFor & { readonly store?: string | undefined },
): BegunSearch {
  const principal = principalOf(request);
  return searchToldSync(() => {
    const store = searches.store(asked.store);
    const wanted = wantedOf(asked, { visible: tenantsFor(principal, 'view'), nowMs: clock.now() });
    const by = { principal, address: request.ip };
    const place = searches.begin(by);
    return { store, wanted, place, recorded: (way) => searches.record(wanted, by, { store: store.name, way }) };
  });
}

/** What is found, as it is found; the place is given back at its end, or when nobody takes it. */
export function foundLines(begun: BegunSearch, page: Page, signal: AbortSignal): AsyncGenerator<SearchLine> {
  whenAborted(signal, () => begun.place[Symbol.dispose]());
  return linesOf(begun, page, signal);
}

async function* linesOf(
  { store, wanted, place, recorded }: BegunSearch,
  page: Page,
  signal: AbortSignal,
): AsyncGenerator<SearchLine> {
  using _ = place;
  // Every page of a search would be an event of its own.
  if (page.after === undefined) await recorded(page.isWhole === true ? 'export' : 'search');
  const steps = store.records(wanted, page, signal);
  try {
    for (;;) {
      const step = await searchTold(steps.next());
      if (step.done === true) {
        yield { end: { ...step.value, store: store.name } };
        return;
      }
      if ('progress' in step.value) yield step.value;
      else for (const record of step.value.records) yield { record };
    }
  } finally {
    await steps.return({ summary: { objectsRead: 0, objectsSkipped: 0, rawBytes: 0, seconds: 0 }, problems: [] });
  }
}

/** Aborted when the answer is over, whoever ended it. */
export function signalOf(reply: FastifyReply, draining: AbortSignal): AbortSignal {
  const closed = new AbortController();
  // Who asked may have gone while it was found out who that is.
  if (reply.raw.destroyed) closed.abort();
  else reply.raw.once('close', () => closed.abort());
  return AbortSignal.any([closed.signal, draining]);
}
