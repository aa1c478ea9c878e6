/** Counts of what fits, asked for beside the lines themselves: the histogram first, as the eye does. */
import { useEffect, useState } from 'preact/hooks';
import type { FacetsAnswer, HistogramAnswer } from '../../api/search-shapes.ts';
import { get, type Query, withQuery } from '../data/api.ts';
import { sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';
import { patiently } from './patiently.ts';

export interface Figures {
  readonly histogram?: HistogramAnswer;
  readonly facets?: FacetsAnswer;
  /** They are of the search before this one. */
  readonly isOld: boolean;
}

const buckets = 80;

/** What fails here is told by the search itself. */
export function useFigures(query: Query | undefined, run: number): Figures {
  const [figures, setFigures] = useState<Figures>({ isOld: false });
  const isOver = useStore(sessionState).kind === 'over';
  const key = query && withQuery('', query);
  useEffect(() => {
    if (query === undefined || isOver) return undefined;
    const over = new AbortController();
    const { signal } = over;
    const ask = async (): Promise<void> => {
      setFigures((before) => ({ ...before, isOld: true }));
      const path = '/api/v1/search';
      const histogram = await patiently(
        async () => await get<HistogramAnswer>(`${path}/histogram`, { query: { ...query, buckets }, signal }),
        signal,
      );
      setFigures((before) => ({ ...before, histogram, isOld: false }));
      const facets = await patiently(async () => await get<FacetsAnswer>(`${path}/facets`, { query, signal }), signal);
      setFigures((before) => ({ ...before, facets }));
    };
    ask().catch(() => {
      if (!signal.aborted) setFigures({ isOld: false });
    });
    return () => over.abort();
  }, [key, run, isOver]);
  return query === undefined ? { isOld: false } : figures;
}
