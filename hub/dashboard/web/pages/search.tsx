/** Lines of logs: searched for in what is kept, or looked at as they come. The address holds the whole state. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem, Title } from '../components/section.tsx';
import { createKeptStore, useStore } from '../data/store.ts';
import { changeQuery, usePlace } from '../router.ts';
import { apiQuery, askedOf, placeOf, placeText } from '../search/asked.ts';
import { ExportMenu } from '../search/export-menu.tsx';
import { FacetList } from '../search/facet-list.tsx';
import { FoundLines } from '../search/found-lines.tsx';
import { Histogram } from '../search/histogram.tsx';
import { LiveLines } from '../search/live-lines.tsx';
import { RecordDialog } from '../search/record-dialog.tsx';
import { SearchForm } from '../search/search-form.tsx';
import { TimeRange } from '../search/time-range.tsx';
import { useFigures } from '../search/use-figures.ts';
import { useMarks } from '../search/use-marks.ts';
import { useResults } from '../search/use-results.ts';

const wrapping = createKeptStore('wrap', ['no', 'yes']);

export function Page(): JSX.Element {
  const { query } = usePlace();
  const asked = askedOf(query);
  const [run, setRun] = useState(0);
  const wanted = asked.isLive ? undefined : apiQuery(asked);
  const results = useResults(wanted, run);
  const figures = useFigures(wanted, run);
  const marksOf = useMarks(asked);
  const isWrapped = useStore(wrapping) === 'yes';
  const open = placeOf(query.get('at'));
  return (
    <>
      <Title
        aside={
          <>
            <label class="check">
              <input
                type="checkbox"
                checked={isWrapped}
                onChange={(event) => wrapping.set(event.currentTarget.checked ? 'yes' : 'no')}
              />{' '}
              Wrap lines
            </label>
            {!asked.isLive && <ExportMenu asked={asked} />}
          </>
        }
      >
        Search
      </Title>
      <div class="card search-head">
        <SearchForm asked={asked} onSearch={() => setRun(run + 1)} />
        <div class="search-time">
          {!asked.isLive && <TimeRange asked={asked} />}
          <button
            type="button"
            aria-pressed={asked.isLive}
            class={asked.isLive ? 'live on' : 'live'}
            onClick={() => changeQuery({ live: asked.isLive ? '' : 'true', at: '' }, { replace: false })}
          >
            <i aria-hidden="true" /> {asked.isLive ? 'Back to the search' : 'Live tail'}
          </button>
        </div>
        {figures.histogram !== undefined && <Histogram answer={figures.histogram} isOld={figures.isOld} />}
      </div>
      {results.error !== undefined && !asked.isLive && <Problem error={results.error} what="This could not be searched." />}
      <div class="search-body">
        <FacetList asked={asked} answer={figures.facets} />
        {asked.isLive ? (
          <LiveLines asked={asked} marksOf={marksOf} isWrapped={isWrapped} />
        ) : (
          <FoundLines asked={asked} results={results} marksOf={marksOf} isWrapped={isWrapped} />
        )}
      </div>
      {open !== undefined && (
        <RecordDialog
          key={query.get('at')}
          place={open}
          store={asked.store}
          known={results.records.find((record) => placeText(record) === query.get('at'))}
        />
      )}
    </>
  );
}
