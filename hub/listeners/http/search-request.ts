/** A search as a request asks for it: allowed, with a place among those that run, and with an end when nobody waits for it. */
import { isDeepStrictEqual } from 'node:util';
import { whenAborted } from '@tributary/shared/async/when-aborted.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@tributary/shared/clock.ts';
import { nameOf, tenantsFor } from '../../access/access.ts';
import type { SearchLine } from '../../dashboard/api/search-shapes.ts';
import type { Page, SearchStore } from '../../search/search-store.ts';
import type { SealedFor } from '../../search/page-seals.ts';
import type { Searches, SearchWay } from '../../search/searches.ts';
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
  readonly recorded: (way: SearchWay, details?: Readonly<Record<string, string>>) => Promise<void>;
  /** The page that is asked for: in the trail when it resolves, with when that was. */
  readonly pageOf: (page: Page) => Promise<{ readonly page: Page; readonly recordedMs: number }>;
  /** What the next page is asked for by. */
  readonly nextOf: (next: string, recordedMs: number) => Promise<string>;
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
    const search = { asked, wanted, by, store: store.name };
    const of: SealedFor = { actor: nameOf(principal), store: store.name };
    return {
      store,
      wanted,
      place,
      recorded: (way, details) => searches.record(search, way, details),
      pageOf: async (page) => {
        const { after } = page;
        const opened = after === undefined ? undefined : await searchTold(searches.pages.open(after, of));
        if (opened?.recordedMs === undefined) await searches.record(search, page.isWhole === true ? 'export' : 'search');
        return { page: { ...page, after: opened?.after }, recordedMs: opened?.recordedMs ?? clock.now() };
      },
      nextOf: (next, recordedMs) => searches.pages.seal(next, recordedMs, of),
    };
  });
}

/** What is found, as it is found; the place is given back at its end, or when nobody takes it. */
export function foundLines(begun: BegunSearch, page: Page, signal: AbortSignal): AsyncGenerator<SearchLine> {
  whenAborted(signal, () => begun.place[Symbol.dispose]());
  return linesOf(begun, page, signal);
}

async function* linesOf(
  { store, wanted, place, pageOf, nextOf }: BegunSearch,
  asked: Page,
  signal: AbortSignal,
): AsyncGenerator<SearchLine> {
  using _ = place;
  const { page, recordedMs } = await pageOf(asked);
  const steps = store.records(wanted, page, signal);
  try {
    for (;;) {
      const step = await searchTold(steps.next());
      if (step.done === true) {
        const { next, ...end } = step.value;
        yield { end: { ...end, ...(next !== undefined && { next: await nextOf(next, recordedMs) }), store: store.name } };
        return;
      }
      if ('progress' in step.value) yield step.value;
      else for (const record of step.value.records) yield { record };
    }
  } finally {
    await steps.return({ summary: { objectsRead: 0, objectsSkipped: 0, rawBytes: 0, seconds: 0 }, problems: [] });
  }
}

/** Whether who asked is who they were, and may see what they might then: for answers that go on for long. */
export function isStillAsking({ identify }: Pick<FastifyInstance, 'identify'>, request: FastifyRequest): () => Promise<boolean> {
  const principal = principalOf(request);
  const visible = tenantsFor(principal, 'view');
  return async () => {
    const now = await identify(request).catch(() => undefined);
    return now !== undefined && nameOf(now) === nameOf(principal) && isDeepStrictEqual(tenantsFor(now, 'view'), visible);
  };
}

/** Aborted when the answer is over, whoever ended it. */
export function signalOf(reply: FastifyReply, draining: AbortSignal): AbortSignal {
  const closed = new AbortController();
  // Who asked may have gone while it was found out who that is.
  if (reply.raw.destroyed) closed.abort();
  else reply.raw.once('close', () => closed.abort());
  return AbortSignal.any([closed.signal, draining]);
}
